"""Calls of routines that users made, as SQLite's functions and by CALL: values in, values or rows out."""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.naming import split_definition
from dotdo_postgres.engine.objects.rowtypes import fields_of
from dotdo_postgres.engine.plpgsql.calling import call_plpgsql
from dotdo_postgres.engine.procedures.sqlbody import call_sql, sql_writes
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.engine.udf.acting import acting
from dotdo_postgres.engine.udf.definition import Stored, stored_of
from dotdo_postgres.engine.udf.polymorphs import actual_columns
from dotdo_postgres.engine.udf.rowvalues import Row, packed
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.udf.rowvalues import Fields

_CALLS = {"plpgsql": call_plpgsql, "sql": call_sql}


def call_stored(  # noqa: PLR0917 -- what a call is made of
    session: Session,
    number: int,
    types: Sequence[int],
    result: int,
    columns: Fields | None,
    args: Sequence[Any],
) -> Any:
    """Call a routine by the number of its definition.

    Args:
        session: Whose.
        number: Of the noun.
        types: Types of the arguments that go in.
        result: Type of the result.
        columns: Columns of the result, None for a plain value.
        args: Values in the form of parameters.

    Returns:
        A value, a `Row`, or rows.

    Raises:
        PostgresError: the routine failed, or is gone (XX000 in PostgreSQL's words).
    """
    noun = session.kernel.catalog.by_id.get(number)
    if noun is None:
        raise error("42883", f"function with OID {number} does not exist")
    stored = stored_of(noun)
    with acting(session, stored):
        return _CALLS[stored.language](session, stored, types, result, columns, args)


def result_columns(
    names: Names, stored: Stored, types: Sequence[int], result: int
) -> Fields | None:
    """Return the columns of a result that is rows, None for a plain value; an empty tuple for any record."""
    listed = actual_columns(stored, types)
    if len(listed) > 1 or (listed and (stored.kind == "p" or "t" in stored.modes)):
        return tuple((name, oid, -1) for name, oid in listed)
    if listed:
        return fields_of(names, listed[0][1])
    if result == t.RECORD:
        return ()
    return fields_of(names, result)


def writes(names: Names, stored: Stored, seen: frozenset[int] = frozenset()) -> bool:
    """Tell whether a call may change something."""
    if stored.noun.id in seen:
        return False
    key = ("writes", stored.noun.id)
    found = names.catalog.derived.get(key)
    if not isinstance(found, bool):
        found = names.catalog.derived[key] = _writes(names, stored)
    return found


def _writes(names: Names, stored: Stored) -> bool:
    if stored.language == "sql":
        return stored.volatility == "v" and sql_writes(stored, names)
    from dotdo_postgres.engine.plpgsql.compiling import Shape, compile_body
    from dotdo_postgres.errors import PostgresError

    shape = Shape(
        stored.name,
        tuple(zip(stored.all_names, stored.all_arguments, strict=True)),
        kind="d" if stored.result not in {2279, 3838} else "t",
        returns_set=True,
    )
    try:
        return compile_body(stored.facts["body"], shape, None).writes or _calls_own(stored, names)
    except PostgresError:
        return True


def _calls_own(stored: Stored, names: Names) -> bool:
    from dotdo_postgres.engine.plpgsql.compiling import text_writes

    return text_writes(stored.facts["body"], names)


def routine_for(
    names: Names,
    stored: Stored,
    types: tuple[int, ...],
    result: int,
    columns: Fields | None,
    *,
    is_value: bool = False,
) -> Routine:
    """Make the declaration by which compiled statements call a routine."""
    is_rows = (stored.returns_set or columns is not None or bool(stored.columns)) and not is_value
    marks = f"{types} {result} {columns} {is_rows}"
    digest = zlib.crc32(marks.encode())
    strict = stored.is_strict
    name = f"pg_user_{stored.noun.id}_{stored.volatility}{int(strict)}_{digest:x}"
    schema = split_definition(stored.noun.name)[1]
    body = partial(_rows if is_rows else _value, stored.noun.id, types, result, columns)
    return Routine(
        "series" if is_rows else "function", stored.name, types, result, body=body, is_strict=strict,
        is_volatile=stored.volatility == "v", takes_session=True, writes=writes(names, stored), sql_name=name, is_stored=True,
        schema="" if schema in names.path else schema,
    )  # fmt: skip


def _value(
    number: int,
    types: tuple[int, ...],
    result: int,
    columns: Fields | None,
    facts: Facts,
    *args: Any,
) -> Any:
    found = facts.call_routine(number, types, result, columns, args)
    return packed(found, result) if isinstance(found, Row) else found


def _rows(
    number: int,
    types: tuple[int, ...],
    result: int,
    columns: Fields | None,
    facts: Facts,
    *args: Any,
) -> list[Any]:
    found = facts.call_routine(number, types, result, columns, args)
    if isinstance(found, list):
        return (
            [list(row) for row in found]
            if columns is not None and len(columns) > 1
            else [row[0] if isinstance(row, tuple) else row for row in found]
        )
    if columns is None:
        return [found]
    values = list(found.values) if isinstance(found, Row) else [None] * len(columns)
    return [values] if len(columns) > 1 else values
