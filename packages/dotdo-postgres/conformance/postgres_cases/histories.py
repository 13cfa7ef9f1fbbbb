"""Histories of two or three transactions on two rows, at each isolation level: what each statement gives, and what is there in the end."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from dotdo_testing import Case

IDLE = psycopg.pq.TransactionStatus.IDLE
LEVELS = ("read committed", "repeatable read", "serializable")
WAIT_S = 0.4
"""After so long without an answer a statement is taken to wait for another transaction."""
END_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Case):
    """Statements in the order they are sent, each by the transaction of that number."""

    level: str
    steps: tuple[tuple[int, str], ...]


READ = "select id, value from test order by id"
ANOMALIES: dict[str, tuple[tuple[int, str], ...]] = {
    "g0-write-cycles": (
        (1, "update test set value = 11 where id = 1"), (2, "update test set value = 12 where id = 1"),
        (1, "update test set value = 21 where id = 2"), (1, "commit"), (1, READ),
        (2, "update test set value = 22 where id = 2"), (2, "commit"),
    ),
    "g1a-aborted-reads": (
        (1, "update test set value = 101 where id = 1"), (2, READ), (1, "rollback"), (2, READ), (2, "commit"),
    ),
    "g1b-intermediate-reads": (
        (1, "update test set value = 101 where id = 1"), (2, READ), (1, "update test set value = 11 where id = 1"),
        (1, "commit"), (2, READ), (2, "commit"),
    ),
    "g1c-circular-information-flow": (
        (1, "update test set value = 11 where id = 1"), (2, "update test set value = 22 where id = 2"),
        (1, "select value from test where id = 2"), (2, "select value from test where id = 1"), (1, "commit"), (2, "commit"),
    ),
    "otv-observed-transaction-vanishes": (
        (1, "update test set value = 11 where id = 1"), (1, "update test set value = 19 where id = 2"),
        (2, "update test set value = 12 where id = 1"), (1, "commit"), (3, "select value from test where id = 1"),
        (2, "update test set value = 18 where id = 2"), (3, "select value from test where id = 2"), (2, "commit"),
        (3, READ), (3, "commit"),
    ),
    "pmp-predicate-many-preceders": (
        (1, "select id from test where value = 30"), (2, "insert into test values (3, 30)"), (2, "commit"),
        (1, "select id from test where value % 3 = 0 order by id"), (1, "commit"),
    ),
    "pmp-write": (
        (1, "update test set value = value + 10"), (2, "delete from test where value = 20"), (1, "commit"), (2, READ), (2, "commit"),
    ),
    "recheck-update": (
        (1, "update test set value = value + 10"), (2, "update test set value = value * 2 where value >= 20"), (1, "commit"),
        (2, READ), (2, "commit"), (1, READ),
    ),
    "recheck-update-rolled-back": (
        (1, "update test set value = value + 10"), (2, "update test set value = value * 2 where value >= 20 returning id"),
        (1, "rollback"), (2, READ), (2, "commit"),
    ),
    "recheck-update-from": (
        (1, "update test set value = value + 10"),
        (2, "update test t set value = v.n from (values (1, 5), (2, 6)) v(i, n) where t.id = v.i and t.value = 20 returning t.id, v.n"),
        (1, "commit"), (2, READ), (2, "commit"),
    ),
    "recheck-row-inserted-meanwhile": (
        (1, "update test set value = 20 where id = 1"), (1, "insert into test values (3, 20)"),
        (2, "delete from test where value >= 10 returning id, value"), (1, "commit"), (2, READ), (2, "commit"),
    ),
    "p4-lost-update": (
        (1, "select value from test where id = 1"), (2, "select value from test where id = 1"),
        (1, "update test set value = 11 where id = 1"), (2, "update test set value = 11 where id = 1"), (1, "commit"), (2, "commit"),
    ),
    "g-single-read-skew": (
        (1, "select value from test where id = 1"), (2, READ), (2, "update test set value = 12 where id = 1"),
        (2, "update test set value = 18 where id = 2"), (2, "commit"), (1, "select value from test where id = 2"), (1, "commit"),
    ),
    "g-single-write": (
        (1, "select value from test where id = 1"), (2, READ), (2, "update test set value = 12 where id = 1"),
        (2, "update test set value = 18 where id = 2"), (2, "commit"), (1, "delete from test where value = 20"), (1, "commit"),
    ),
    "g2-item-write-skew": (
        (1, READ), (2, READ), (1, "update test set value = 11 where id = 1"), (2, "update test set value = 21 where id = 2"),
        (1, "commit"), (2, "commit"),
    ),
}  # fmt: skip
GAPS: dict[str, str] = {}


def _histories() -> Iterator[History]:
    for name, steps in ANOMALIES.items():
        for level in LEVELS:
            found = f"{name}-{level.replace(' ', '-')}"
            gap = GAPS.get(found)
            gaps = {"inproc": gap, "wire": gap} if gap else {}
            yield History(id=found, level=level, steps=steps, gaps=gaps)


HISTORIES = tuple(_histories())


class _Client:
    """A connection whose statements run in a thread of their own, so that one may wait."""

    def __init__(self, connect: Callable[[], Any], level: str) -> None:
        self._connection = connect()
        self._level = level
        self._is_through = False  # what follows its transaction is none
        self._asked: queue.Queue[str | None] = queue.Queue()
        self.answers: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def send(self, sql: str) -> None:
        self._asked.put(sql)

    def _work(self) -> None:
        while (sql := self._asked.get()) is not None:
            self.answers.put(self._answer(sql))

    def _answer(self, sql: str) -> Any:
        connection = self._connection
        try:
            if not self._is_through and connection.info.transaction_status == IDLE:
                connection.execute(f"begin isolation level {self._level}")
            self._is_through |= sql in {"commit", "rollback"}
            cursor = connection.execute(sql)
            return [list(row) for row in cursor] if cursor.description else cursor.statusmessage
        except psycopg.Error as error:
            return error.sqlstate

    def close(self) -> None:
        self._asked.put(None)
        self._thread.join(END_S)
        self._connection.close()


def played(history: History, connect: Callable[[], Any]) -> list[Any]:
    """Play a history; return what each statement gave, in the order sent, and the rows in the end."""
    with connect() as admin:
        admin.execute("create table test (id int primary key, value int)")
        admin.execute("insert into test values (1, 10), (2, 20)")
    numbers = sorted({number for number, _ in history.steps})
    clients = {number: _Client(connect, history.level) for number in numbers}
    given: list[Any] = [None] * len(history.steps)
    open_steps: dict[int, int] = {}
    try:
        for at, (number, sql) in enumerate(history.steps):
            if number in open_steps:
                _collect(clients, open_steps, given, number, END_S)
            clients[number].send(sql)
            open_steps[number] = at
            _collect(clients, open_steps, given, number, WAIT_S)
            for other in [one for one in open_steps if one != number]:
                _collect(clients, open_steps, given, other, WAIT_S)
        for number in list(open_steps):
            _collect(clients, open_steps, given, number, END_S)
    finally:
        for client in clients.values():
            client.close()
    with connect() as admin:
        return [*given, [list(row) for row in admin.execute(READ)]]


def _collect(
    clients: dict[int, _Client],
    open_steps: dict[int, int],
    given: list[Any],
    number: int,
    wait_s: float,
) -> None:
    try:
        answer = clients[number].answers.get(timeout=wait_s)
    except queue.Empty:
        return
    given[open_steps.pop(number)] = answer
