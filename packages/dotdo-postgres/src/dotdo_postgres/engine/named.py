"""Prepared statements by name, made by the protocol or by PREPARE: PREPARE, EXECUTE and DEALLOCATE."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pglast.parser import scan

from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.parameters import codec_for
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.planner import plan_select
from dotdo_postgres.engine.type_nodes import type_name
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
        source: Text of the PREPARE itself.
        param_types: Types of its parameters.
    """

    sql: str
    param_oids: tuple[int, ...]
    columns: tuple[ResultColumn, ...] | None
    made_us: int
    is_sql: bool = False
    source: str = ""
    param_types: tuple[int, ...] = ()

    def check(self, prepared: Prepared) -> None:
        """See that the result is of the types it had when the statement was made.

        Raises:
            PostgresError: it is not (0A000).
        """
        if prepared.columns is not self.columns and _shape(prepared.columns) != _shape(
            self.columns
        ):
            failure = error("0A000", "cached plan must not change result type")
            failure.routine = "RevalidateCachedQuery"
            raise failure


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


# --- PREPARE and EXECUTE ---------------------------------------------------------------------


def plan_prepare(planner: Planner, node: Node) -> Prepared:
    """Plan PREPARE."""
    oids = tuple(
        resolve_type(one["TypeName"], planner.names)[0] for one in node.get("argtypes", [])
    )
    prepared = Prepared(None, (), "PREPARE", _prepare, is_kept=False)
    prepared.detail = node["name"], _query_text(planner.sql), oids
    return prepared


def _query_text(sql: str) -> str:
    """Return what follows AS in a PREPARE."""
    for token in scan(sql):
        if token.name == "AS":
            return sql.encode()[token.end + 1 :].decode()
    return sql


def _prepare(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    name, sql, oids = prepared.detail
    if name in session.statements:
        raise error("42P05", f'prepared statement "{name}" already exists')
    found = session.prepare(sql, oids)
    session.statements.add(
        name,
        Statement(
            sql,
            oids,
            found.columns,
            session.facts.clock(),
            is_sql=True,
            source=prepared.source[0],
            param_types=types_of(found),
        ),
    )
    return Result(None, [], "PREPARE")


def plan_execute(planner: Planner, node: Node) -> Prepared:
    """Plan EXECUTE: its arguments are a query of one row, read as the statement's parameters.

    Raises:
        PostgresError: there is no such statement (26000), or it takes another number of parameters (42601).
    """
    session = planner.session
    statement = session.statements.named(node["name"])
    inner = session.prepare(statement.sql, statement.param_oids)
    statement.check(inner)
    given = node.get("params", [])
    if len(given) != len(inner.param_types):
        raise error(
            "42601",
            f'wrong number of parameters for prepared statement "{node["name"]}"',
            detail=f"Expected {len(inner.param_types)} parameters but got {len(given)}.",
        )
    arguments = _plan_arguments(planner, given, inner)
    prepared = Prepared(inner.columns, (), inner.tag_kind, _execute, is_kept=False)
    prepared.ends_failed_transaction = inner.ends_failed_transaction
    prepared.detail = inner, arguments
    return prepared


def _plan_arguments(planner: Planner, given: list[Node], inner: Prepared) -> Prepared | None:
    if not given:
        return None
    targets = [
        {"ResTarget": {"val": {"TypeCast": {"arg": argument, "typeName": type_name(one)}}}}
        for argument, one in zip(given, inner.param_types, strict=True)
    ]
    select = {"targetList": targets, "limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
    return plan_select(planner, select)


def _execute(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    inner, arguments = prepared.detail
    values: list[StorageValue] = []
    if arguments is not None:
        result = session.run(arguments, (), wait=wait)
        (row,) = result.rows
        for number, (value, column) in enumerate(zip(row, result.columns or (), strict=True)):
            codec = inner.codecs.get(number) or codec_for(session, inner.param_types[number].oid)
            is_same = codec is column.codec
            values.append(
                value if value is None or is_same else codec.from_text(column.codec.to_text(value))
            )
    return session.run(inner, values, wait=wait)


def types_of(prepared: Prepared) -> tuple[int, ...]:
    """Return the OIDs of a statement's parameters."""
    return tuple(one.oid for one in prepared.param_types)


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
