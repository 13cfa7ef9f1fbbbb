"""Plays the steps of one order on a server, and tells what each gave and which had to wait."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from psycopg import OperationalError, pq

from tools.vendor.isolation.spec import Condition, Entry, Spec
from tools.vendor.regress.answers import Answer
from tools.vendor.regress.targets import answer

PATIENCE_S = 10
_PAUSE_S = 0.002
_ENDED = "57P01"
_LOOKS = b"select pg_catalog.pg_isolation_test_session_is_blocked($1::int, $2::int[])"


class Hung(Exception):
    """A step did not end, although nothing that it could wait for was left."""


@dataclass(frozen=True, slots=True)
class Event:
    """What was told of a step: it waits, or what it gave."""

    step: str
    waits: bool = False
    answers: tuple[Answer, ...] = ()

    @property
    def sqlstate(self) -> str | None:
        """The SQLSTATE of the step's error, None when it went well."""
        return next((one.sqlstate for one in self.answers if one.sqlstate), None)


@dataclass(slots=True)
class Outcome:
    """What came of an order: events in the order they were told, and the rows of all tables at the end."""

    events: list[Event] = field(default_factory=list)
    state: dict[str, tuple[object, ...]] = field(default_factory=dict)
    refused: str = ""  # SQLSTATE and message of a setup that failed

    @property
    def answers(self) -> list[tuple[str, tuple[Answer, ...]]]:
        """What the steps gave, without the waiting, in the order of their names."""
        told = [(one.step, one.answers) for one in self.events if not one.waits]
        return sorted(told, key=lambda pair: pair[0])

    @property
    def errors(self) -> set[tuple[str, str]]:
        """The steps that failed, with their SQLSTATEs."""
        return {(one.step, one.sqlstate) for one in self.events if one.sqlstate is not None}


class Connection:
    """A session of the test, or the one that controls it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.notices = 0
        self._given: list[Answer] = []
        self._open()

    def _open(self) -> None:
        self.pq = pq.PGconn.connect(self._dsn.encode())
        if self.pq.status != pq.ConnStatus.OK:
            raise ConnectionError(self.pq.get_error_message())
        self.pq.notice_handler = self._count
        self.pid = self.pq.backend_pid
        self.run(
            f"set statement_timeout = '{PATIENCE_S}s'"
        )  # a specification's own settings override it

    def _count(self, _: object) -> None:
        self.notices += 1

    def run(self, sql: str) -> tuple[Answer, ...]:
        """Run statements; return what each gave."""
        self.send(sql)
        while (result := self.pq.get_result()) is not None:
            self._given.append(answer(result))
        return tuple(self._given)

    def send(self, sql: str) -> None:
        """Begin to run statements, on a new connection where a step before ended this one."""
        if self.pq.status != pq.ConnStatus.OK:
            self._open()
        self._given = []
        self.pq.send_query(sql.encode())

    @property
    def is_busy(self) -> bool:
        """What was sent still runs; a connection that the server ended has run it."""
        try:
            self.pq.consume_input()
        except OperationalError:
            self._given.append(Answer(sqlstate=_ENDED, message="the connection has ended"))
            return False
        while not self.pq.is_busy():
            result = self.pq.get_result()
            if result is None:
                return False
            self._given.append(answer(result))
        return True

    def cancel(self) -> None:
        """End what still runs."""
        if self.pq.status != pq.ConnStatus.OK:
            return
        self.pq.get_cancel().cancel()
        while self.pq.get_result() is not None:
            pass

    @property
    def given(self) -> tuple[Answer, ...]:
        """What the statements sent last gave so far."""
        return tuple(self._given)

    def close(self) -> None:
        """Leave."""
        self.pq.finish()


@dataclass(slots=True)
class _Run:
    """A step that was begun."""

    entry: Entry
    connection: Connection
    notices: dict[str, int]  # of sessions by step of a condition, when it began
    is_told: bool = False


class Play:
    """The sessions of one specification on one server.

    Args:
        spec: The specification.
        dsn: Where to connect to.
    """

    def __init__(self, spec: Spec, dsn: str) -> None:
        self.spec = spec
        self.control = Connection(dsn)
        self.members = [Connection(dsn) for _ in spec.members]
        self._owners = spec.owners
        self._running: list[_Run] = []

    def run(self, order: list[Entry]) -> Outcome:
        """Run the steps in an order, between setups and teardowns.

        Raises:
            Hung: A step did not end.
        """
        outcome = Outcome()
        with self._set_up(outcome):
            if not outcome.refused:
                for entry in order:
                    self._begin(entry, outcome)
                self._finish(outcome)
                outcome.state = self._state()
        return outcome

    @contextmanager
    def _set_up(self, outcome: Outcome) -> Iterator[None]:
        setups = [(self.control, sql) for sql in self.spec.setups]
        setups += [
            (c, m.setup) for c, m in zip(self.members, self.spec.members, strict=True) if m.setup
        ]
        for connection, sql in setups:
            failed = [one for one in connection.run(sql) if one.sqlstate]
            if failed and not outcome.refused:
                outcome.refused = f"{failed[0].sqlstate} {failed[0].message}"
        try:
            yield
        finally:
            for run in self._running:
                run.connection.cancel()
            self._running.clear()
            for connection, member in zip(self.members, self.spec.members, strict=True):
                connection.run(member.teardown or ";")
            self.control.run(self.spec.teardown or ";")

    def _begin(self, entry: Entry, outcome: Outcome) -> None:
        connection = self.members[self._owners[entry.step]]
        self._until(lambda: all(run.connection is not connection for run in self._running), outcome)
        notices = {
            one.step: self.members[self._owners[one.step]].notices
            for one in entry.conditions
            if one.notices
        }
        connection.send(self.spec.sql(entry.step))
        run = _Run(entry, connection, notices)
        self._running.append(run)
        if Condition("") in entry.conditions:
            self._tell_waiting(run, outcome)
        self._until(lambda: run not in self._running or self._is_stuck(run, outcome), outcome)

    def _finish(self, outcome: Outcome) -> None:
        self._until(lambda: not self._running, outcome)

    def _until(self, is_reached: object, outcome: Outcome) -> None:
        assert callable(is_reached)
        end_s = time.monotonic() + PATIENCE_S
        while True:
            while self._tell_complete(outcome):
                pass
            if is_reached():
                return
            if time.monotonic() > end_s:
                raise Hung(", ".join(run.entry.step for run in self._running))
            time.sleep(_PAUSE_S)

    def _tell_complete(self, outcome: Outcome) -> bool:
        """Tell of the steps that are over and may be told of, the newest first; return whether there were any."""
        looked_at = [*self._running[-1:], *self._running[:-1]]
        done = [run for run in looked_at if not run.connection.is_busy and not self._held_back(run)]
        for run in done:
            self._running.remove(run)
            outcome.events.append(Event(run.entry.step, answers=run.connection.given))
        return bool(done)

    def _held_back(self, run: _Run) -> bool:
        for condition in run.entry.conditions:
            if condition.notices:
                seen = (
                    self.members[self._owners[condition.step]].notices - run.notices[condition.step]
                )
                if seen < condition.notices:
                    return True
            elif any(other.entry.step == condition.step for other in self._running):
                return True
        return False

    def _is_stuck(self, run: _Run, outcome: Outcome) -> bool:
        """The step waits for another session, or is over and not to be told of yet; it is told so once."""
        is_over = not run.connection.is_busy
        if is_over and not self._held_back(run):
            return False
        if not is_over and not run.is_told and not self._is_blocked(run.connection):
            return False
        self._tell_waiting(run, outcome)
        return True

    def _tell_waiting(self, run: _Run, outcome: Outcome) -> None:
        if not run.is_told:
            run.is_told = True
            outcome.events.append(Event(run.entry.step, waits=True))

    def _is_blocked(self, connection: Connection) -> bool:
        pids = "{" + ",".join(str(one.pid) for one in self.members) + "}"
        params = [str(connection.pid).encode(), pids.encode()]
        result = self.control.pq.exec_params(_LOOKS, params)
        return result.get_value(0, 0) == b"t"

    def _state(self) -> dict[str, tuple[object, ...]]:
        (names,) = self.control.run(
            "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema') and schemaname not like 'pg\\_temp%'"
            " order by 1"  # a session's temporary tables are nobody else's to read
        )
        state: dict[str, tuple[object, ...]] = {}
        for (name,) in names.rows:
            found = self.control.run(f"set lock_timeout = '100ms'; select * from {name}")[-1]
            state[str(name)] = tuple(sorted(found.rows, key=repr))
        self.control.run("reset lock_timeout")
        return state

    def close(self) -> None:
        """End all sessions."""
        for connection in (*self.members, self.control):
            connection.close()
