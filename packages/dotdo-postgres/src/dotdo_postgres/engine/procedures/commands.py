"""CALL and DO: statements that run a procedure or a block."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo.storage import Blocked, TurnOver
from dotdo_postgres.engine.atomic import atomically
from dotdo_postgres.engine.bind.arguments import split_named
from dotdo_postgres.engine.bind.binder import names_of
from dotdo_postgres.engine.bind.domains import base_type
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.select import make_target
from dotdo_postgres.engine.overloads import missing_function
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.plpgsql.calling import body_of, do_body, run_do
from dotdo_postgres.engine.procedures.binding import call_arguments, require_execute
from dotdo_postgres.engine.procedures.calling import call_stored
from dotdo_postgres.engine.query import OutputColumn, Select
from dotdo_postgres.engine.transactions import commit_now, roll_back_now, start
from dotdo_postgres.engine.udf.polymorphs import actual_columns
from dotdo_postgres.engine.udf.resolve import resolve_routine
from dotdo_postgres.engine.udf.rowvalues import Row
from dotdo_postgres.engine.udf.running import plain_rows, run_step
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.udf.definition import Stored
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


@dataclass(slots=True)
class Calling:
    """A CALL as planned.

    Args:
        stored: The procedure.
        arguments: Gives the values of what goes in, None when nothing does.
        types: Their types.
        columns: Names, types and modifiers of what comes out, None for nothing.
        order: Places of the arguments given, where names were used.
    """

    stored: Stored
    arguments: Prepared | None
    types: tuple[int, ...]
    columns: tuple[tuple[str, int, int], ...] | None
    order: tuple[int, ...]


def plan_call(  # noqa: PLR0914 -- what a call is made of
    planner: Planner, node: Node
) -> Prepared:
    """Plan CALL.

    Raises:
        PostgresError: no such procedure (42883), a function (42809).
    """
    call = node["funccall"]
    location = call.get("location", 0)
    parts = names_of(call["funcname"])
    schema, name = (parts[-2] if len(parts) > 1 else None), parts[-1]
    binder = planner.binder()
    scope = Scope(parent=planner.outer, clause="CALL")
    nodes, labels = split_named(call.get("args", []))
    args = [binder.expression(item, scope) for item in nodes]
    if scope.aggregates:
        raise error(
            "42803", "aggregate functions are not allowed in CALL arguments", position=location
        )
    types = tuple(arg.type for arg in args)
    found = resolve_routine(
        planner.names,
        schema,
        name,
        types,
        labels,
        is_spread=bool(call.get("func_variadic")),
        is_call=True,
    )
    if isinstance(found, str):
        raise _missing_procedure(parts, types, location, found == "ambiguous", labels)
    stored = found.stored
    if stored is None or stored.kind != "p":
        listed = f"{'.'.join(parts)}({', '.join(t.format_type(oid) for oid in types)})"
        hint = "To call a function, use SELECT."
        raise error("42809", f"{listed} is not a procedure", hint=hint, position=location)
    require_execute(planner.names, stored.noun)
    given, _ = call_arguments(binder, found, args, spread=bool(call.get("func_variadic")))
    inputs = [arg for arg, mode in zip(given, stored.modes, strict=True) if mode in "ibv"]
    arguments = _values(planner, binder, inputs) if inputs else None
    kinds = tuple(arg.type for arg in inputs)
    outs = tuple((label, oid, -1) for label, oid in actual_columns(stored, kinds))
    columns = None
    if outs:
        from dotdo_postgres.engine.compile import nodes as n
        from dotdo_postgres.engine.compile.sql import Sql

        listed_columns = [OutputColumn(label, base_type(oid)[0]) for label, oid, _ in outs]
        columns = planner.result_columns(listed_columns, [Sql(n.null()) for _ in outs])
    prepared = Prepared(
        columns, planner.param_types(binder), "CALL", run_call, catalog=planner.catalog
    )
    prepared.detail = Calling(stored, arguments, kinds, outs or None, found.order)
    prepared.is_long = stored.language == "plpgsql" and "commit" in stored.facts["body"].lower()
    return prepared


def _missing_procedure(
    parts: list[str],
    types: tuple[int, ...],
    location: int,
    ambiguous: bool,
    labels: tuple[str, ...],
) -> Exception:
    failure = missing_function(".".join(parts), list(types), location, ambiguous, labels)
    assert isinstance(failure, PostgresError)
    failure.message = failure.message.replace("function ", "procedure ", 1)
    failure.args = (failure.message,)
    if failure.hint:
        failure.hint = failure.hint.replace("No function matches", "No procedure matches").replace(
            "candidate function", "candidate procedure"
        )
    return failure


def _values(planner: Planner, binder: Any, args: list[ir.Expr]) -> Prepared:
    from dotdo_postgres.engine.planner import build_select

    targets = [make_target(binder.known(arg), "value") for arg in args]
    query = Select([target.column for target in targets], targets=targets)
    return build_select(planner, query, planner.param_types(binder), is_wide=False)


def run_call(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run CALL."""
    calling: Calling = prepared.detail

    def work() -> Result:
        args: Sequence[Any] = ()
        if calling.arguments is not None:
            given = run_step(session, calling.arguments, params)
            args = plain_rows(given.columns or (), given.rows)[0]
        stored = calling.stored
        result = t.RECORD if calling.columns else t.VOID
        found = call_stored(session, stored.noun.id, calling.types, result, calling.columns, args)
        if calling.columns is None:
            return Result(None, [], "CALL")
        values = found.values if isinstance(found, Row) else (None,) * len(calling.columns)
        return Result(prepared.columns, [tuple(values)], "CALL")

    stored = calling.stored
    ends = stored.language == "plpgsql" and (
        not session.is_idle
        or session.depth
        or body_of(
            session, stored, calling.types, t.RECORD if calling.columns else t.VOID
        ).ends_transactions
    )
    return run_block_like(session, work, ends=bool(ends), wait=wait)


def run_block_like(
    session: Session, work: Callable[[], Result], *, ends: bool, wait: bool
) -> Result:
    """Run what may end transactions: alone on its transaction when it does, as one statement otherwise."""
    if session.depth:
        return atomically(session, work) if session.is_call_atomic else work()
    if ends and session.is_idle:
        return _in_transactions(session, work)
    before, session.is_call_atomic = session.is_call_atomic, True
    try:
        return atomically(session, work, wait=wait)
    finally:
        session.is_call_atomic = before


def _in_transactions(session: Session, work: Callable[[], Result]) -> Result:
    """Run work in a transaction that it may end and begin anew.

    Raises:
        TurnOver: the thread is shared; it is to run in one of its own.
        PostgresError: it failed; what it did since its last COMMIT is undone.
    """
    if session.is_in_turn:
        raise TurnOver
    start(session, {})
    before, session.is_call_atomic = session.is_call_atomic, False
    try:
        result = work()
        commit_now(session, wait=True)
    except Blocked:
        roll_back_now(session)
        raise
    except BaseException:
        if not session.is_idle:
            roll_back_now(session)
        raise
    finally:
        session.is_call_atomic = before
        session.triggers.forget()
    return result


# --- DO --------------------------------------------------------------------------------------


def plan_do(planner: Planner, node: Node) -> Prepared:
    """Plan DO.

    Raises:
        PostgresError: no text (42601), another language (42704, 0A000), syntax (42601).
    """
    language, text = "plpgsql", None
    for item in node["args"]:
        element = item["DefElem"]
        value = element["arg"]["String"].get("sval", "")
        if element["defname"] == "language":
            language = value.lower()
        else:
            text = value
    if text is None:
        raise error("42601", "no inline code specified")
    if language == "sql":
        raise error("0A000", 'language "sql" does not support inline code execution')
    if language != "plpgsql":
        raise error("42704", f'language "{language}" does not exist')
    prepared = Prepared(None, (), "DO", run_do_statement, is_kept=False)
    prepared.detail = text
    prepared.is_long = "commit" in text.lower() or "rollback" in text.lower()
    return prepared


def run_do_statement(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run DO."""
    text: str = prepared.detail
    session.planner()  # types are looked up
    try:
        ends = do_body(session, text).ends_transactions
    except PostgresError as failure:
        at, sql = getattr(failure, "body_position", None), prepared.source[0]
        if at is not None and sql.count(text) == 1:  # where in the statement it is
            failure.position, failure.context = sql.index(text) + at + 1, None
        raise

    def work() -> Result:
        run_do(session, text, (), is_atomic=session.is_call_atomic)
        return Result(None, [], "DO")

    return run_block_like(session, work, ends=ends, wait=wait)


__all__ = ["not_supported", "plan_call", "plan_do"]
