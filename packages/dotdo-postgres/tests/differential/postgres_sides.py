"""What two servers answer to the same statement, and whether that is the same."""

from dataclasses import dataclass
from typing import Any

import psycopg

FIRST_OWN_OID = 16384
START = (
    "create type mood as enum ('sad', 'ok', 'happy')",
    "set timezone = 'UTC'",
    "savepoint here",
)


@dataclass(frozen=True)
class Answer:
    """An error's code, or names and types of columns, rows, and the command tag."""

    code: str = ""
    message: str = ""
    columns: tuple[tuple[str, int], ...] = ()
    rows: tuple[str, ...] = ()
    tag: str | None = ""

    def agrees_with(self, other: "Answer") -> bool:
        """Whether a client could tell nothing from this answer that it cannot from the other.

        Values that do not fit (class 22) may come to light or not: the order in which conditions are
        looked at is free, and so is whether a constant is computed that no row asks for.
        """
        if self.code or other.code:
            return self.code == other.code or "22" in (self.code[:2], other.code[:2])
        told = (self.columns, self.tag) == (other.columns, other.tag)
        return told and sorted(self.rows) == sorted(other.rows)


class Side:
    """A connection whose statements are asked one by one in a transaction that is rolled back."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def start(self) -> None:
        """Forget everything and have the types that statements use."""
        self.connection.rollback()
        for statement in START:
            self.connection.execute(statement)

    def ask(self, statement: str) -> Answer:
        """What is answered; an error undoes its statement alone."""
        try:
            answer = self.answer(self.connection.execute(statement))
        except psycopg.Error as error:
            self.connection.execute("rollback to here")
            return Answer(code=error.sqlstate or type(error).__name__, message=str(error))
        self.connection.execute("savepoint here")
        return answer

    def answer(self, cursor: Any) -> Answer:
        if cursor.description is None:
            return Answer(tag=cursor.statusmessage)
        columns = [(one.name, min(one.type_code, FIRST_OWN_OID)) for one in cursor.description]
        rows = tuple(map(repr, cursor.fetchall()))
        return Answer(columns=tuple(columns), rows=rows, tag=cursor.statusmessage)
