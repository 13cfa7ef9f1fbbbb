"""Assignments that depend on one parameter alone: done in Python as the parameter is read, so that SQLite binds what the column keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.errors import PostgresError, not_supported
from dotdo_postgres.mapping import bulk, floats, numeric
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import Codec, codec_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from dotdo_postgres.engine.relations import RelationColumn
    from dotdo_postgres.engine.routines.declare import Routine

Node = dict[str, Any]
Step = Callable[[Any], Any]
Folds = dict[int, tuple[int, Codec]]
"""id of an assigned expression -> number of its parameter, from 1, and how that one is read."""
_TIMES = {t.TIME, t.TIMESTAMP, t.TIMESTAMPTZ}
_FITS = {t.NUMERIC: checks.FIT_NUMERIC, t.VARCHAR: checks.FIT_VARCHAR, t.BPCHAR: checks.FIT_CHAR}


def fold(
    assigned: Iterable[tuple[RelationColumn, ir.Expr]], statement: Node, zone: tzinfo
) -> Folds:
    """Find the assigned expressions that are one parameter, cast and fitted, which stands nowhere else.

    Args:
        assigned: Columns and what they get.
        statement: Parse tree of the statement.
        zone: The session's time zone.
    """
    uses: Counter[int] = Counter()
    _count_parameters(statement, uses)
    folds: Folds = {}
    for column, expr in assigned:
        steps: list[Step] = []
        param = _steps_from_parameter(expr, steps)
        base = None if param is None else codec_of(param.type, zone)
        if not steps or param is None or base is None or uses[param.number] != 1:
            continue
        if column.type not in {t.JSONB, t.INTERVAL} and param.type != t.INTERVAL:
            folds[id(expr)] = param.number, _codec(base, param.type, steps, column)
    return folds


def codecs_by_place(folds: Folds) -> dict[int, Codec]:
    """Return how parameters are read, by place from 0."""
    return {number - 1: codec for number, codec in folds.values()}


def _count_parameters(node: Any, uses: Counter[int]) -> None:
    if isinstance(node, list):
        for item in node:
            _count_parameters(item, uses)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "ParamRef":
                uses[value.get("number", 0)] += 1
            else:
                _count_parameters(value, uses)


def _steps_from_parameter(expr: ir.Expr, steps: list[Step]) -> ir.Param | None:
    """Return the parameter that an expression starts from and append what is done to it; None for all else."""
    if isinstance(expr, ir.Param):
        return expr
    if isinstance(expr, ir.Relabel):
        return _steps_from_parameter(expr.arg, steps)
    step: Step | None = None
    inner = expr
    if isinstance(expr, ir.Fit):
        step, inner = _fit(expr), expr.arg
    elif isinstance(expr, ir.Call) and len(expr.args) == 1:
        inner = expr.args[0]
        step = _cast(expr.routine, inner.type)
    if step is None:
        return None
    param = _steps_from_parameter(inner, steps)
    steps.append(step)
    return param


def _fit(expr: ir.Fit) -> Step | None:
    if expr.type in _TIMES:
        to_digits = checks.FIT_TIME if expr.type == t.TIME else checks.FIT_MOMENT
        return _fitted(to_digits, min(expr.typmod, 6))
    routine = _FITS.get(expr.type)
    if routine is None:
        return None
    limits = (
        t.numeric_limits(expr.typmod)
        if expr.type == t.NUMERIC
        else (expr.typmod - 4, int(expr.is_explicit))
    )
    return _fitted(routine, *limits)


def _fitted(routine: Routine, *limits: int) -> Step:
    body = routine.body
    assert body is not None  # those of fits are Python
    return lambda value: body(value, *limits)


def _cast(routine: Routine, source: int) -> Step | None:
    if routine.kind == "cast" and source in t.INTEGERS and routine.result == t.NUMERIC:
        return Decimal
    is_plain = (
        routine.kind == "cast"
        and routine.build is None
        and routine.is_strict
        and not (routine.is_volatile or routine.takes_session)
        and not (routine.is_text_form or routine.is_json_form or routine.is_array_text)
    )
    body = routine.body if is_plain and t.INTERVAL not in {source, routine.result} else None
    if body is None or not _FLOATS & {source, routine.result}:
        return body
    if source in _FLOATS:
        body = _then(float, body)
    return _then(body, floats.kept) if routine.result in _FLOATS else body


_FLOATS = frozenset({t.FLOAT4, t.FLOAT8})


def _codec(base: Codec, source: int, steps: list[Step], column: RelationColumn) -> Codec:
    """Return a parameter's codec followed by the steps and the form of the column."""
    keep = _keeper(column)

    def finish(value: Any) -> Any:
        try:
            for step in steps:
                value = step(value)
                if value is None:
                    return None
            return value if keep is None else keep(value)
        except PostgresError as failure:
            failure.context = ""  # it is the statement's, not the parameter's
            raise

    many = _from_texts(column, len(steps))
    if source == t.NUMERIC:
        from_text, from_binary = numeric.from_text, numeric.from_binary
        text = _then(from_text, finish)
        if len(steps) == 1 and column.scale is not None:
            text = _plain_text_reader(column, text)
        return Codec(
            text, base.to_text, _then(from_binary, finish), base.to_binary, None, finish, many
        )
    python = finish if base.from_python is None else _then(base.from_python, finish)
    return Codec(
        _then(base.from_text, finish),
        base.to_text,
        _then(base.from_binary, finish),
        base.to_binary,
        None,
        python,
        many,
    )


def _from_texts(column: RelationColumn, steps: int) -> bulk.FromTexts | None:
    """Return what reads many texts for a column at once; None where steps are more than those to its type modifier."""
    if steps != 1 or column.typmod < 0 or column.domain:
        return None
    if column.type == t.VARCHAR:
        return bulk.short_texts(column.typmod - 4)
    if column.type == t.NUMERIC and column.scale is not None:
        precision, scale = t.numeric_limits(column.typmod)
        return bulk.scaled(precision, scale) if scale < precision else None
    return None


def _then(first: Step, second: Step) -> Step:
    return lambda value: second(first(value))


def _keeper(column: RelationColumn) -> Step | None:
    if column.type != t.NUMERIC:
        return None
    if column.scale is None:
        return numeric.encode
    precision, scale = t.numeric_limits(column.typmod)

    def keep(value: Decimal) -> int:
        if value.is_nan():
            raise not_supported(f"NaN of type numeric({precision},{scale})")
        return int(value.scaleb(scale, numeric.CONTEXT))

    return keep


def _plain_text_reader(column: RelationColumn, otherwise: Step) -> Step:
    """Return what reads digits that fit as they stand (`12.50`) at once, and all else the long way."""
    precision, scale = t.numeric_limits(column.typmod)
    widest = precision - scale

    def read(text: str) -> Any:
        whole, _, fraction = text.partition(".")
        digits = whole + fraction
        if digits.isdigit() and digits.isascii() and len(whole) <= widest:
            missing = scale - len(fraction)
            if missing >= 0:
                return int(digits) * 10**missing
        return otherwise(text)

    return read
