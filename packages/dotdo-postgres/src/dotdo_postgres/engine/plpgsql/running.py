"""The interpreter: statements of a body run one after the other; each kind of statement has its function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.plpgsql import cursors, diagnostics, loops_run, statements
from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.assigning import assign_expression, set_value
from dotdo_postgres.engine.plpgsql.conditions import stands_for
from dotdo_postgres.engine.plpgsql.evaluating import evaluate, is_true
from dotdo_postgres.engine.plpgsql.frame import Signal
from dotdo_postgres.engine.plpgsql.parts import Target
from dotdo_postgres.engine.udf.running import PASSING, SubTransaction, check_time
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.plpgsql.frame import Frame

TIME_STEPS = 64


RETURN = Signal("return")


def run_body(frame: Frame, body: list[p.Statement]) -> Signal | None:
    """Run statements; tell why the rest of them was left out.

    Raises:
        PostgresError: a statement failed.
    """
    for statement in body:
        frame.steps += 1
        if not frame.steps % TIME_STEPS:
            check_time(frame.session)
        frame.line, frame.doing = statement.line, _doing(statement)
        signal = _RUN[type(statement)](frame, statement)
        if signal is not None:
            return signal
    return None


def _doing(statement: p.Statement) -> str:
    return f"at {_KINDS.get(type(statement)) or _KIND_OF[type(statement)](statement)}"


_KINDS: dict[type[p.Statement], str] = {
    p.Block: "statement block", p.Assign: "assignment", p.If: "IF", p.Case: "CASE", p.ForInteger: "FOR with integer loop variable",
    p.Foreach: "FOREACH over array", p.Return: "RETURN", p.ReturnNext: "RETURN NEXT", p.ReturnQuery: "RETURN QUERY",
    p.Raise: "RAISE", p.Assert: "ASSERT", p.Execute: "EXECUTE", p.Perform: "PERFORM", p.Open: "OPEN", p.Close: "CLOSE",
}  # fmt: skip


def _for_kind(statement: Any) -> str:
    if statement.cursor is not None:
        return "FOR over cursor"
    return "FOR over SELECT rows" if statement.query is not None else "FOR over EXECUTE statement"


_KIND_OF: dict[type[p.Statement], Callable[[Any], str]] = {
    p.Loop: lambda one: "WHILE" if one.condition is not None else "LOOP",
    p.ForRows: _for_kind,
    p.Exit: lambda one: "EXIT" if one.is_exit else "CONTINUE",
    p.RunSql: lambda one: one.kind,
    p.GetDiagnostics: lambda one: (
        "GET STACKED DIAGNOSTICS" if one.is_stacked else "GET DIAGNOSTICS"
    ),
    p.Fetch: lambda one: "MOVE" if one.is_move else "FETCH",
    p.EndTransaction: lambda one: "COMMIT" if one.is_commit else "ROLLBACK",
}


# --- blocks ----------------------------------------------------------------------------------


def run_block(frame: Frame, block: p.Block) -> Signal | None:
    """Run a block: its variables get their defaults, its errors go to its handlers."""
    initialize(frame, block)
    if not block.handlers:
        return _left(run_body(frame, block.body), block)
    outer = frame.is_atomic
    try:
        with SubTransaction(frame.session):
            signal = run_body(frame, block.body)
    except PASSING:
        raise
    except PostgresError as failure:
        frame.is_atomic = outer
        handler = _handler(block, failure)
        if handler is None:
            raise
        return _left(_handle(frame, block, handler, failure), block)
    return _left(signal, block)


def _left(signal: Signal | None, block: p.Block) -> Signal | None:
    if (
        signal is not None
        and signal.kind == "exit"
        and signal.label
        and signal.label == block.label
    ):
        return None
    return signal


def initialize(frame: Frame, block: p.Block) -> None:
    """Give the variables of a block what they begin with."""
    for variable in block.variables:
        frame.line = variable.line
        frame.doing = "during statement block local variable initialization"
        frame.values[variable.number] = None
        if variable.default is None:
            if variable.domain and not variable.is_record:
                set_value(frame, variable, None, t.UNKNOWN)
            continue
        assign_expression(frame, Target(variable), variable.default)


def _handler(block: p.Block, failure: PostgresError) -> p.Handler | None:
    for handler in block.handlers:
        if any(stands_for(condition, failure.sqlstate) for condition in handler.conditions):
            return handler
    return None


def _handle(
    frame: Frame, block: p.Block, handler: p.Handler, failure: PostgresError
) -> Signal | None:
    assert block.sqlstate is not None
    assert block.sqlerrm is not None
    if not getattr(failure, "is_told", False):
        failure.context = (
            f"{failure.context}\n{frame.context}" if failure.context else frame.context
        )
    frame.values[block.sqlstate.number] = failure.sqlstate
    frame.values[block.sqlerrm.number] = failure.message
    frame.handling.append(failure)
    try:
        return run_body(frame, handler.body)
    finally:
        frame.handling.pop()


# --- assignment and conditions ---------------------------------------------------------------


def _assign(frame: Frame, one: p.Assign) -> None:
    assign_expression(frame, one.target, one.value)


def _if(frame: Frame, one: p.If) -> Signal | None:
    for condition, body in one.branches:
        if is_true(frame, condition):
            return run_body(frame, body)
    return run_body(frame, one.otherwise)


def _case(frame: Frame, one: p.Case) -> Signal | None:
    if one.operand is not None and one.variable is not None:
        value, oid = evaluate(frame, one.operand)
        variable = one.variable
        if variable.type != oid:
            variable.type = oid
            for condition, _ in one.whens:
                condition.plan = None
        frame.values[variable.number] = value
    for condition, body in one.whens:
        if is_true(frame, condition):
            return run_body(frame, body)
    if one.otherwise is None:
        raise error("20000", "case not found", hint="CASE statement is missing ELSE part.")
    return run_body(frame, one.otherwise)


def _exit(frame: Frame, one: p.Exit) -> Signal | None:
    if one.condition is not None and not is_true(frame, one.condition):
        return None
    return Signal("exit" if one.is_exit else "continue", one.label)


# --- returning -------------------------------------------------------------------------------


def _return(frame: Frame, one: p.Return) -> Signal:
    statements.set_result(frame, one)
    return RETURN


_RUN: dict[type[p.Statement], Callable[[Frame, Any], Signal | None]] = {
    p.Block: run_block, p.Assign: _assign, p.If: _if, p.Case: _case, p.Exit: _exit, p.Return: _return,
    p.Loop: loops_run.run_loop, p.ForInteger: loops_run.run_for_integer, p.ForRows: loops_run.run_for_rows,
    p.Foreach: loops_run.run_foreach, p.ReturnNext: statements.return_next, p.ReturnQuery: statements.return_query,
    p.Raise: diagnostics.run_raise, p.Assert: diagnostics.run_assert, p.GetDiagnostics: diagnostics.get_diagnostics,
    p.Execute: statements.run_execute, p.RunSql: statements.run_statement, p.Perform: statements.run_perform,
    p.Open: cursors.run_open, p.Fetch: cursors.run_fetch, p.Close: cursors.run_close,
    p.EndTransaction: statements.end_transaction,
}  # fmt: skip
