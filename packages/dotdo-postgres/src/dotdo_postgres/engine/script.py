"""The statements of one simple query: run one after another, several of them in one implicit transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.parse import parse
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.parse import Node
    from dotdo_postgres.engine.plan import Prepared, Result
    from dotdo_postgres.engine.session import Session


class Script:
    """What a simple query holds, and how far it has run.

    Args:
        session: Whose.
        sql: One or several statements, or none.

    Raises:
        PostgresError: syntax error (42601); an open transaction has failed.
    """

    def __init__(self, session: Session, sql: str) -> None:
        self._session = session
        self._sql = sql
        try:
            self._statements: list[Node] = parse(sql)
        except BaseException:
            session.fail()
            raise
        self._at = 0

    @property
    def is_over(self) -> bool:
        """Every statement has run."""
        return self._at >= max(len(self._statements), 1)

    def prepare(self) -> Prepared:
        """Plan the statement that is next.

        Raises:
            PostgresError: whatever is wrong with it; it ends the script.
        """
        session = self._session
        if len(self._statements) <= 1:
            prepared = session.prepare(self._sql)
        else:
            item = self._statements[self._at]
            if session.is_idle:
                session.begin_implicit()
            prepared = session.plan(item["stmt"], self._sql, source=_slice(self._sql, item))
            prepared.source = _slice(self._sql, item), ()
        if prepared.param_types:
            session.fail()
            position = self._sql.find("$") + 1
            number = self._sql[position : position + 1]
            raise error("42P02", f"there is no parameter ${number}", position=position)
        return prepared

    def run(self, prepared: Prepared, *, wait: bool) -> Result:
        """Run the statement that is next, as `prepare` gave it.

        Raises:
            PostgresError: it failed.
            Blocked: it must wait, and `wait` is false; run it again.
        """
        result = self._session.run(prepared, wait=wait)
        self._at += 1
        return result

    def step(self, *, wait: bool) -> Result:
        """Prepare and run the statement that is next."""
        return self.run(self.prepare(), wait=wait)

    def end(self, *, is_failed: bool, wait: bool) -> None:
        """Commit or undo the implicit transaction, if there is one.

        Raises:
            PostgresError: it cannot be committed; it was undone.
            Blocked: it must wait, and `wait` is false; call again.
        """
        if self._session.is_implicit:
            self._session.end_implicit(commit=not is_failed, wait=wait)


def _slice(sql: str, item: Node) -> str:
    start = item.get("stmt_location", 0)
    length = item.get("stmt_len", 0)
    if sql.isascii():
        return sql[start : start + length] if length else sql[start:]
    data = sql.encode()
    return (data[start : start + length] if length else data[start:]).decode()
