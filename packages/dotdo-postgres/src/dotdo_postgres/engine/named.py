"""Prepared statements by name, made by the protocol or by PREPARE: PREPARE, EXECUTE and DEALLOCATE."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.plan import ResultColumn
    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


@dataclass(slots=True)
class Statement:
    """A statement kept under a name.

    Args:
        sql: Its text.
        param_oids: Types given with it, 0 where they are to be found out.
        columns: The columns it had when it was made.
        made_us: When it was made.
        is_sql: By PREPARE, not by the protocol.
    """

    sql: str
    param_oids: tuple[int, ...]
    columns: tuple[ResultColumn, ...] | None
    made_us: int
    is_sql: bool = False

    def check(self, prepared: Prepared) -> None:
        """See that the result is of the types it had when the statement was made.

        Raises:
            PostgresError: it is not (0A000).
        """
        if prepared.columns is not self.columns and _shape(prepared.columns) != _shape(
            self.columns
        ):
            raise error("0A000", "cached plan must not change result type")


def _shape(columns: tuple[ResultColumn, ...] | None) -> list[tuple[str, int, int]] | None:
    return None if columns is None else [(one.name, one.oid, one.typmod) for one in columns]


class Statements(dict[str, Statement]):
    """The prepared statements of one session by name."""

    def add(self, name: str, statement: Statement) -> None:
        """Keep a statement; the unnamed one is replaced.

        Raises:
            PostgresError: the name is taken (42P05).
        """
        if name and name in self:
            raise error("42P05", f'prepared statement "{name}" already exists')
        self[name] = statement

    def named(self, name: str) -> Statement:
        """Return the statement of that name.

        Raises:
            PostgresError: there is none (26000).
        """
        found = self.get(name)
        if found is None:
            told = f'prepared statement "{name}"' if name else "unnamed prepared statement"
            raise error("26000", f"{told} does not exist")
        return found


def plan_deallocate(planner: Planner, node: Node) -> Prepared:
    """Plan DEALLOCATE."""
    name = node.get("name")
    tag = "DEALLOCATE ALL" if name is None else "DEALLOCATE"
    return Prepared(None, (), tag, _deallocate, detail=name)


def _deallocate(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if prepared.detail is None:
        session.statements.clear()
    else:
        session.statements.named(prepared.detail)
        del session.statements[prepared.detail]
    return Result(None, [], prepared.tag_kind)
