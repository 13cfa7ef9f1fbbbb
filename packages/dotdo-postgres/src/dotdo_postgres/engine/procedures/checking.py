"""Bodies held against the grammar, the catalog and the result when they are defined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.bind.domains import base_type
from dotdo_postgres.engine.coercion import can_coerce
from dotdo_postgres.engine.plpgsql.calling import check_body
from dotdo_postgres.engine.procedures.calling import result_columns
from dotdo_postgres.engine.procedures.sqlbody import CHANGING, plan_one, statements_of
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.udf.definition import Stored


def check_routine(session: Session, stored: Stored) -> None:
    """See that a routine's body is well formed and gives what it says.

    Raises:
        PostgresError: whatever is wrong with it.
    """
    if stored.kind == "a":
        return
    _check_types(stored)
    if stored.language == "plpgsql":
        check_body(session, stored)
    else:
        _check_sql(session, stored)


def _check_types(stored: Stored) -> None:
    found = t.BY_OID.get(stored.result)
    name = {"sql": "SQL", "plpgsql": "PL/pgSQL"}[stored.language]
    allowed = t.POLYMORPHIC | {t.RECORD, t.VOID}
    if found is not None and found.kind == "p" and stored.result not in allowed:
        is_trigger = stored.result in {2279, 3838} and stored.language == "plpgsql"
        if not is_trigger:
            raise error(
                "42P13", f"{name} functions cannot return type {t.format_type(stored.result)}"
            )
        if stored.arguments:
            hint = (
                "The arguments of the trigger can be accessed through TG_NARGS and TG_ARGV instead."
            )
            raise error("42P13", "trigger functions cannot have declared arguments", hint=hint)


def _check_sql(session: Session, stored: Stored) -> None:
    if any(oid in t.POLYMORPHIC for oid in stored.arguments):
        statements_of(stored)  # types are known when it is called
        return
    try:
        listed = statements_of(stored)
        if any(not (set(node) & (CHANGING | {"SelectStmt", "ReturnStmt"})) for node in listed[:-1]):
            return  # a later statement may need what an earlier one makes
        plans = [plan_one(session, stored, stored.arguments, node) for node in listed]
    except PostgresError as failure:
        if failure.sqlstate == "0A000":
            return  # it is told when it is called
        failure.position = None
        raise
    if stored.kind == "p" or stored.result == t.VOID:
        return
    _check_result(session, stored, plans)


def _mismatch(stored: Stored, detail: str) -> PostgresError:
    shown = t.format_type(stored.result)
    failure = error(
        "42P13", f"return type mismatch in function declared to return {shown}", detail=detail
    )
    failure.context = f'SQL function "{stored.name}"'
    return failure


def _check_result(  # noqa: C901 -- one check for each way to be wrong
    session: Session, stored: Stored, plans: list[Prepared]
) -> None:
    given = plans[-1].columns if plans else None
    if given is None:
        detail = "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING."
        raise _mismatch(stored, detail)
    columns = result_columns(session.names, stored, stored.arguments, stored.result)
    if columns == ():
        return
    if columns is None:
        if len(given) != 1:
            raise _mismatch(stored, "Final statement must return exactly one column.")
        base = base_type(stored.result)[0]
        if not can_coerce(given[0].oid, base, "assignment"):
            raise _mismatch(stored, f"Actual return type is {t.format_type(given[0].oid)}.")
        return
    if len(given) == 1 and (given[0].oid in {stored.result, t.RECORD}):
        return
    if len(given) < len(columns):
        raise _mismatch(stored, "Final statement returns too few columns.")
    if len(given) > len(columns):
        raise _mismatch(stored, "Final statement returns too many columns.")
    for at, (have, (_, oid, _typmod)) in enumerate(zip(given, columns, strict=True), 1):
        if not can_coerce(have.oid, base_type(oid)[0], "assignment"):
            shown = t.format_type(have.oid), t.format_type(oid)
            raise _mismatch(
                stored, f"Final statement returns {shown[0]} instead of {shown[1]} at column {at}."
            )
