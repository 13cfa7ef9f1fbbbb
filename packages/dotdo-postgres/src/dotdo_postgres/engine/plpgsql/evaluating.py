"""Expressions of a body evaluated: values, conditions, whole numbers; rows fitted to given fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.plpgsql.embedding import run_sql
from dotdo_postgres.engine.udf.rowvalues import Fields, Row
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql.frame import Frame
    from dotdo_postgres.engine.plpgsql.parts import Sql


def evaluate(frame: Frame, sql: Sql, wanted: tuple[int, int, int] | None = None) -> tuple[Any, int]:
    """Return the value of an expression and its type.

    Raises:
        PostgresError: it gives several columns (42601) or rows (21000), and whatever it raises itself.
    """
    result, _ = run_sql(frame, sql, wanted)
    columns = result.columns or ()
    if len(columns) != 1:
        raise error("42601", f'query "SELECT {sql.text}" returned {len(columns)} columns')
    if len(result.rows) > 1:
        raise error("21000", f'query "SELECT {sql.text}" returned more than one row')
    return (result.rows[0][0] if result.rows else None), columns[0].oid


def is_true(frame: Frame, sql: Sql) -> bool:
    """Whether a condition holds."""
    return bool(evaluate(frame, sql, (t.BOOL, -1, 0))[0])


def number(frame: Frame, sql: Sql, what: str) -> int:
    """Return a whole number.

    Raises:
        PostgresError: it is NULL (SQLSTATE 22004).
    """
    value, _ = evaluate(frame, sql, (t.INT4, -1, 0))
    if value is None:
        raise error("22004", f"{what} cannot be null")
    return int(value)


def fitted(frame: Frame, row: Row, fields: Fields) -> Row:
    """Return a row with given fields: by place, what is missing NULL, what is too much left out."""
    cast = frame.session.caster.cast
    values = []
    for at, (_, oid, typmod) in enumerate(fields):
        if at < len(row.fields):
            values.append(cast(row.values[at], row.fields[at][1], oid, typmod))
        else:
            values.append(None)
    return Row(fields, tuple(values))
