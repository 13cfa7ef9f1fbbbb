"""Calls of functions, procedures and DO blocks in PL/pgSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.plpgsql.compiling import Shape, check_syntax, compile_body
from dotdo_postgres.engine.plpgsql.frame import Frame, outs_of
from dotdo_postgres.engine.plpgsql.running import run_block, run_body
from dotdo_postgres.engine.udf.rowvalues import Row
from dotdo_postgres.engine.udf.running import PASSING, add_context, called
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.plpgsql import nodes as p
    from dotdo_postgres.engine.plpgsql.parts import Variable
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.udf.definition import Stored
    from dotdo_postgres.engine.udf.rowvalues import Fields
    from dotdo_postgres.mapping.codecs import StorageValue


def shape_of(stored: Stored, types: Sequence[int], result: int) -> Shape:
    """Return what a function's body is called with, polymorphic types replaced by what they are this time."""
    from dotdo_postgres.engine.udf.polymorphs import actual_arguments

    every = actual_arguments(stored, types)
    listed = tuple(zip(stored.all_names, every, strict=True))
    arguments = tuple(pair for pair, mode in zip(listed, stored.modes, strict=True))
    outs = tuple(at for at, mode in enumerate(stored.modes) if mode in "obt")
    kind = "t" if stored.result == 2279 else "e" if stored.result == 3838 else stored.kind
    return Shape(stored.name, arguments, outs, result, stored.returns_set, kind)


def body_of(session: Session, stored: Stored, types: Sequence[int], result: int) -> p.Body:
    """Return the compiled body of a function, made once for each set of types while names mean the same."""
    key = (stored.noun.id, tuple(types), result)
    found = session.bodies.get(key)
    if found is not None and found[0] is stored.noun and found[1] is session.names:
        body: p.Body = found[2]
        return body
    try:
        body = compile_body(stored.facts["body"], shape_of(stored, types, result), session.names)
    except PostgresError as failure:
        _name_compilation(failure, stored.name)
        raise
    session.bodies[key] = stored.noun, session.names, body
    return body


def _name_compilation(failure: PostgresError, name: str) -> None:
    line = getattr(failure, "body_line", None)
    if line is not None:
        add_context(failure, f'compilation of PL/pgSQL function "{name}" near line {line}')
    failure.position = None


def check_body(session: Session, stored: Stored) -> p.Body:
    """Hold a body against the grammar and the catalog, as CREATE FUNCTION does.

    Raises:
        PostgresError: whatever is wrong with it.
    """
    try:
        types = [
            oid if oid not in t.POLYMORPHIC else _SAMPLE.get(oid, t.INT4)
            for oid in stored.arguments
        ]
        result = _SAMPLE.get(stored.result, stored.result)
        body = compile_body(stored.facts["body"], shape_of(stored, types, result), session.names)
        check_syntax(body.texts)
    except PostgresError as failure:
        _name_compilation(failure, stored.name)
        raise
    return body


_SAMPLE = dict.fromkeys(t.POLYMORPHIC, t.INT4) | {
    t.ANYARRAY: 1007, t.ANYCOMPATIBLEARRAY: 1007, t.ANYRANGE: 3904, t.ANYCOMPATIBLERANGE: 3904, t.ANYMULTIRANGE: 4451,
    t.ANYCOMPATIBLEMULTIRANGE: 4451,
}  # fmt: skip


def call_plpgsql(  # noqa: PLR0917 -- what a call is made of
    session: Session,
    stored: Stored,
    types: Sequence[int],
    result: int,
    columns: Fields | None,
    args: Sequence[Any],
) -> Any:
    """Call a function.

    Args:
        session: Whose.
        stored: The function.
        types: Types of its arguments this time.
        result: Type of its result this time.
        columns: Columns of the result, None for a plain value.
        args: Values of the arguments.

    Returns:
        A value, a `Row` or None for it, or the list of rows of a set.
    """
    body = body_of(session, stored, types, result)
    frame = Frame(
        session,
        body,
        stored.signature,
        stored,
        [None] * len(body.variables),
        run_body,
        columns,
        result,
        stored.returns_set,
    )
    frame.is_read_only = stored.volatility != "v"
    frame.is_atomic = stored.kind != "p" or session.is_call_atomic
    inputs = [v for v, mode in zip(body.arguments, stored.modes, strict=True) if mode in "ibv"]
    for variable, value in zip(inputs, args, strict=True):
        _enter(frame, variable, value)
    run_frame(frame)
    return _result(frame, stored)


def _enter(frame: Frame, variable: Variable, value: Any) -> None:
    if variable.is_record and isinstance(value, str):
        from dotdo_postgres.engine.udf.rowvalues import row_from_value

        value = row_from_value(variable.fields, value)
    frame.values[variable.number] = value


def run_frame(frame: Frame) -> None:
    """Run the body of a call.

    Raises:
        PostgresError: a statement failed; CONTEXT says where.
    """
    session = frame.session
    name_cursors(frame)
    with called(session):
        session.frames.append(frame)
        try:
            run_block(frame, frame.body.block)
        except PASSING:
            raise
        except PostgresError as failure:
            if failure not in frame.handling:
                add_context(failure, frame.context)
            raise
        except RecursionError:
            raise error("54001", "stack depth limit exceeded") from None
        finally:
            session.frames.pop()


def name_cursors(frame: Frame) -> None:
    """Let bound cursors be called by their own names."""
    for variable in frame.body.variables:
        if variable.query is not None:
            frame.values[variable.number] = variable.name


def _result(frame: Frame, stored: Stored) -> Any:
    if stored.returns_set:
        return frame.rows
    outs = outs_of(frame, stored)
    if outs:
        if len(outs) == 1 and stored.kind != "p":
            return frame.values[outs[0].number]
        return Row(frame.columns or (), tuple(frame.values[v.number] for v in outs))
    if stored.kind == "p" or frame.result_type == t.VOID:
        return "" if frame.result_type == t.VOID else None
    if not frame.has_returned:
        failure = error("2F005", "control reached end of function without RETURN")
        failure.context = f"PL/pgSQL function {frame.name}"
        raise failure
    if isinstance(frame.result, Row) and frame.columns is not None:
        return _fitted(frame, frame.result)
    return frame.result


def _fitted(frame: Frame, row: Row) -> Row:
    from dotdo_postgres.engine.plpgsql.evaluating import fitted

    columns = frame.columns or ()
    if not columns:
        return row
    if len(row.fields) != len(columns):
        detail = f"Number of returned columns ({len(row.fields)}) does not match expected column count ({len(columns)})."
        raise error(
            "42804", "returned record type does not match expected record type", detail=detail
        )
    return fitted(frame, row, columns)


def run_do(session: Session, text: str, args: Sequence[StorageValue], *, is_atomic: bool) -> None:
    """Run a DO block."""
    del args
    body = do_body(session, text)
    frame = Frame(session, body, "inline_code_block", None, [None] * len(body.variables), run_body)
    frame.is_atomic = is_atomic
    run_frame(frame)


def do_body(session: Session, text: str) -> p.Body:
    """Compile a DO block."""
    try:
        body = compile_body(text, Shape(kind="d", name="inline_code_block"), session.names)
        check_syntax(body.texts)
    except PostgresError as failure:
        _name_compilation(failure, "inline_code_block")
        raise
    return body
