"""RAISE, ASSERT and GET DIAGNOSTICS, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.plpgsql.assigning import assign_value
from dotdo_postgres.engine.plpgsql.conditions import CONDITIONS
from dotdo_postgres.engine.plpgsql.evaluating import evaluate, is_true
from dotdo_postgres.engine.plpgsql.frame import stack_of
from dotdo_postgres.errors import Notice, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql import nodes as p
    from dotdo_postgres.engine.plpgsql.frame import Frame
    from dotdo_postgres.engine.plpgsql.parts import Sql

_LEVELS = ("DEBUG5", "DEBUG4", "DEBUG3", "DEBUG2", "DEBUG1", "LOG", "NOTICE", "WARNING", "ERROR")


def run_raise(frame: Frame, one: p.Raise) -> None:
    """Run RAISE.

    Raises:
        PostgresError: the level is EXCEPTION, or an option is NULL (22004) or given twice (42601).
    """
    if one.is_again:
        if not frame.handling:
            raise error(
                "0Z002", "RAISE without parameters cannot be used outside an exception handler"
            )
        raise frame.handling[-1]
    fields = _options(frame, one)
    code = _code(one, fields)
    message = fields.pop("message", None)
    if one.message is not None:
        message = _formatted(frame, one)
    if message is None:
        message = one.condition or code
    told = {("datatype" if name == "datatype" else name): text for name, text in fields.items()}
    if one.level == "EXCEPTION":
        raise error(code, message, **told)
    _tell(frame, one.level, code, message, told)


def _code(one: p.Raise, fields: dict[str, str]) -> str:
    given = fields.pop("errcode", None)
    wanted = given if given is not None else one.condition
    if wanted is None:
        return (
            "P0001" if one.level == "EXCEPTION" else "00000" if one.level != "WARNING" else "01000"
        )
    if wanted in CONDITIONS:
        return CONDITIONS[wanted][0]
    if len(wanted) == 5 and all(c.isdigit() or "A" <= c <= "Z" for c in wanted):
        return wanted
    raise error("42704", f'unrecognized exception condition "{wanted}"')


def _options(frame: Frame, one: p.Raise) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, sql in one.options:
        value, _ = evaluate(frame, sql, (t.TEXT, -1, 0))
        if value is None:
            raise error("22004", "RAISE statement option cannot be null")
        is_twice = name in found or (name == "message" and one.message is not None)
        if is_twice or (name == "errcode" and one.condition is not None):
            raise error("42601", f"RAISE option already specified: {name.upper()}")
        found[name] = str(value)
    return found


def _formatted(frame: Frame, one: p.Raise) -> str:
    values = iter(one.parameters)
    out: list[str] = []
    text, at = one.message or "", 0
    while at < len(text):
        if text[at] != "%":
            out.append(text[at])
        elif text[at + 1 : at + 2] == "%":
            out.append("%")
            at += 1
        else:
            out.append(shown(frame, next(values)))
        at += 1
    return "".join(out)


def shown(frame: Frame, sql: Sql) -> str:
    """Return the text of an expression's value as RAISE shows it."""
    from dotdo_postgres.engine.plpgsql.assigning import row_expression
    from dotdo_postgres.engine.udf.rowtext import row_to_text

    name = sql.text.strip()
    variable = sql.scope.find(name.lower())
    if variable is not None and variable.is_record:
        row = row_expression(frame, sql)
        return "<NULL>" if row is None else row_to_text(frame.session, row.fields, row.values)
    value, oid = evaluate(frame, sql)
    return "<NULL>" if value is None else text_of(frame, value, oid)


def text_of(frame: Frame, value: Any, oid: int) -> str:
    """Return a value as its type's output shows it."""
    from dotdo_postgres.engine.udf.rowtext import value_to_text

    return value_to_text(frame.session, value, oid)


def _tell(frame: Frame, level: str, code: str, message: str, told: dict[str, Any]) -> None:
    session = frame.session
    wanted = session.settings.values.get("client_min_messages", "notice").upper()
    own = "DEBUG1" if level == "DEBUG" else level
    limit = "DEBUG2" if wanted == "DEBUG" else wanted
    is_shown = own == "INFO" or (limit in _LEVELS and _LEVELS.index(own) >= _LEVELS.index(limit))
    if is_shown:
        context = stack_of(session)
        session.notices.append(
            Notice(message, sqlstate=code, severity=level, context=context, **told)
        )


def run_assert(frame: Frame, one: p.Assert) -> None:
    """Run ASSERT.

    Raises:
        PostgresError: the condition is not true (SQLSTATE P0004).
    """
    if frame.session.settings.values.get("plpgsql.check_asserts", "on") == "off":
        return
    if is_true(frame, one.condition):
        return
    message = None
    if one.message is not None:
        message, _ = evaluate(frame, one.message, (t.TEXT, -1, 0))
    raise error("P0004", "assertion failed" if message is None else str(message))


_FIELDS = {
    "pg_exception_detail": "detail", "pg_exception_hint": "hint", "pg_exception_context": "context", "returned_sqlstate": "sqlstate",
    "column_name": "column", "constraint_name": "constraint", "pg_datatype_name": "datatype", "message_text": "message",
    "table_name": "table", "schema_name": "schema",
}  # fmt: skip


def get_diagnostics(frame: Frame, one: p.GetDiagnostics) -> None:
    """Run GET [STACKED] DIAGNOSTICS.

    Raises:
        PostgresError: stacked outside of a handler (SQLSTATE 0Z002).
    """
    if one.is_stacked and not frame.handling:
        raise error("0Z002", "GET STACKED DIAGNOSTICS cannot be used outside an exception handler")
    for target, item in one.items:
        if item == "row_count":
            assign_value(frame, target, frame.row_count, t.INT8)
        elif item == "pg_routine_oid":
            assign_value(frame, target, frame.routine.oid if frame.routine else 0, t.OID)
        elif item == "pg_context":
            assign_value(frame, target, stack_of(frame.session), t.TEXT)
        else:
            value = getattr(frame.handling[-1], _FIELDS[item])
            assign_value(frame, target, value or "", t.TEXT)
