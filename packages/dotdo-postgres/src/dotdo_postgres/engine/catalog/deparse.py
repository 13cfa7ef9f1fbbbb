"""Bound expressions as PostgreSQL writes them back: what pg_get_expr and its kin show. Other forms are refused."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of

if TYPE_CHECKING:
    from collections.abc import Callable

_BARE_WORDS = {"now": "now()", "statement": "statement_timestamp()", "clock": "clock_timestamp()", "current_date": "CURRENT_DATE", "current_time": "CURRENT_TIME",
               "localtime": "LOCALTIME", "localtimestamp": "LOCALTIMESTAMP", "user": "CURRENT_USER", "schema": "CURRENT_SCHEMA",
               "database": "CURRENT_CATALOG", "version": "version()", "pid": "pg_backend_pid()", "lastval": "lastval()"}  # fmt: skip
_INDENT = "    "
BREAK = "\0\n"  # where a line ends, without the blanks before it


class Deparser:
    """Writes expressions.

    Args:
        is_pretty: Leave out parentheses that are not needed.
        prefix: What columns are qualified with, by entry; nothing writes bare names.
    """

    writers: ClassVar[dict[type[ir.Expr], Callable[[Any, Any], str]]]
    indent = 0

    def __init__(
        self, *, is_pretty: bool = False, qualify: Callable[[ir.Column], str] | None = None
    ) -> None:
        self.is_pretty = is_pretty
        self._qualify = qualify

    def text(self, expr: ir.Expr) -> str:
        """Write an expression."""
        write = self.writers.get(type(expr))
        if write is None:
            raise not_supported(f"showing {type(expr).__name__}")
        return write(self, expr)

    def shown(self, expr: ir.Expr) -> str:
        """Return an expression as it is shown, its lines where they end."""
        return re.sub(f" *{BREAK}", "\n", self.text(expr))

    def operand(self, expr: ir.Expr, parent: ir.Expr) -> str:
        """Write an expression inside an operator, with parentheses where the pretty form needs them."""
        text = self.text(expr)
        return f"({text})" if self.is_pretty and not _is_simple(expr, parent) else text

    def wrapped(self, text: str) -> str:
        """Put parentheses around what always has them but in the pretty form."""
        return text if self.is_pretty else f"({text})"

    def column(self, expr: ir.Column) -> str:
        """Write a column."""
        if self._qualify is not None:
            return self._qualify(expr)
        return quote_ident(expr.entry.columns[expr.index].name)


def deparse(expr: ir.Expr, *, is_pretty: bool = False) -> str:
    """Write an expression over one table's columns."""
    return Deparser(is_pretty=is_pretty).shown(expr)


_ATOMS = (
    ir.Column,
    ir.Const,
    ir.Coalesce,
    ir.MinMax,
    ir.NullIf,
    ir.SessionValue,
    ir.ArrayOf,
    ir.Subquery,
    ir.Aggregate,
)
_LOW, _HIGH = ("+", "-"), ("*", "/", "%")


def _is_simple(expr: ir.Expr, parent: ir.Expr) -> bool:  # noqa: C901, PLR0911, PLR0912 -- the rules of isSimpleNode
    """Tell whether an expression needs no parentheses inside its parent."""
    if isinstance(expr, _ATOMS):
        return True
    if isinstance(expr, ir.Call) and expr.routine.kind == "function":
        return True
    if isinstance(expr, (ir.Relabel, ir.Fit)) or (
        isinstance(expr, ir.Call) and expr.routine.kind == "cast"
    ):
        return True
    if isinstance(expr, ir.Call) and expr.routine.kind == "operator":
        if isinstance(parent, ir.Bool):
            return True
        if isinstance(parent, ir.Call) and parent.routine.kind == "operator":
            mine, its = expr.routine.name, parent.routine.name
            if mine in _LOW and its in _LOW:
                return expr is parent.args[0]
            if mine in _HIGH and its in _LOW:
                return True
            if mine in _HIGH and its in _HIGH:
                return expr is parent.args[0]
        return False
    if isinstance(expr, ir.Bool):
        if expr.op == "not":
            return isinstance(parent, ir.Bool)
        if isinstance(parent, ir.Bool):
            return expr.op == parent.op or (expr.op == "and" and parent.op == "or")
        return False
    if isinstance(expr, ir.InList) and len(expr.comparisons) > 1:
        return False
    if isinstance(expr, (ir.NullTest, ir.BooleanTest, ir.DistinctFrom, ir.InList)):
        return isinstance(parent, ir.Bool)
    return isinstance(expr, ir.Case)


def quote_literal(text: str) -> str:
    """Write a string literal."""
    return "'" + text.replace("'", "''") + "'"


def constant(value: Any, oid: int, typmod: int = -1) -> str:
    """Write a constant with the type that it needs to be read back as."""
    shown = t.format_type(oid, typmod)
    if value is None:
        return f"NULL::{shown}"
    if oid == t.BOOL:
        return "true" if value else "false"
    if oid == t.INT4:
        return str(value) if value >= 0 else f"'{value}'::integer"
    if oid == t.NUMERIC and isinstance(value, Decimal):
        text = format(value, "f") if value.is_finite() else str(value)
        is_plain = "." in text and not text.startswith("-") and value.is_finite()
        return text if is_plain and typmod < 0 else f"'{text}'::{shown}"
    codec = codec_of(oid)
    text = codec.to_text(value) if codec is not None and oid != t.NUMERIC else str(value)
    return f"{quote_literal(text)}::{shown}"


def _const(_: Deparser, expr: ir.Const) -> str:
    if expr.type == t.UNKNOWN:
        return (
            "NULL::unknown" if expr.value is None else f"{quote_literal(str(expr.value))}::unknown"
        )
    return constant(
        expr.value, expr.type, expr.typmod if expr.type in {t.VARCHAR, t.BPCHAR} else -1
    )


def _column(writer: Deparser, expr: ir.Column) -> str:
    return writer.column(expr)


def _cast(writer: Deparser, arg: ir.Expr, oid: int, typmod: int) -> str:
    if isinstance(arg, ir.Const) and arg.value is not None and arg.type == oid and typmod < 0:
        return constant(arg.value, oid)
    text = writer.text(arg)
    is_bare = (
        writer.is_pretty
        and isinstance(arg, (*_ATOMS, ir.Call))
        and not (isinstance(arg, ir.Call) and arg.routine.kind == "operator")
    )
    return f"{text if is_bare else f'({text})'}::{t.format_type(oid, typmod)}"


def _call(writer: Deparser, expr: ir.Call) -> str:
    routine = expr.routine
    if routine.kind == "cast":
        return _cast(writer, expr.args[0], expr.type, -1)
    if routine.kind == "operator":
        return _operator(writer, expr)
    if routine.name in _SYNTAX:
        written: str = _SYNTAX[routine.name](writer, expr)
        return written
    if expr.is_syntax and routine.name in _WORDED:
        return _WORDED[routine.name](*map(writer.text, expr.args))
    first = _UNTYPED.get(routine.name, len(expr.args))
    args = ", ".join(
        _untyped(writer, arg) if at >= first else writer.text(arg)
        for at, arg in enumerate(expr.args)
    )
    schema = f"{quote_ident(routine.schema)}." if routine.schema else ""
    return f"{schema}{quote_ident(routine.name)}({args})"


#: Functions of arguments of any type, and from which on: literals among them have no type.
_UNTYPED = {
    "json_build_object": 0, "json_build_array": 0, "jsonb_build_object": 0, "jsonb_build_array": 0, "concat": 0, "concat_ws": 1,
    "format": 1,
}  # fmt: skip
_WORDED: dict[str, Callable[..., str]] = {
    "btrim": lambda text, *chars: f"TRIM(BOTH {''.join(f'{one} ' for one in chars)}FROM {text})",
    "ltrim": lambda text, *chars: f"TRIM(LEADING {''.join(f'{one} ' for one in chars)}FROM {text})",
    "rtrim": lambda text, *chars: (
        f"TRIM(TRAILING {''.join(f'{one} ' for one in chars)}FROM {text})"
    ),
    "substring": lambda text, start, *count: (
        f"SUBSTRING({text} FROM {start}{''.join(f' FOR {one}' for one in count)})"
    ),
    "overlay": lambda text, new, start, *count: (
        f"OVERLAY({text} PLACING {new} FROM {start}{''.join(f' FOR {one}' for one in count)})"
    ),
}


def _untyped(writer: Deparser, arg: ir.Expr) -> str:
    if isinstance(arg, ir.Const) and arg.type == t.TEXT and arg.value is not None:
        return quote_literal(str(arg.value))
    return writer.text(arg)


def _operator(writer: Deparser, expr: ir.Call) -> str:
    name = {"!=": "<>"}.get(expr.routine.name, expr.routine.name)
    parts = [writer.operand(arg, expr) for arg in expr.args]
    text = f"{parts[0]} {name} {parts[1]}" if len(parts) == 2 else f"{name} {parts[0]}"
    return writer.wrapped(text)


def _extract(writer: Deparser, expr: ir.Call) -> str:
    field, source = expr.args
    word = str(field.value) if isinstance(field, ir.Const) else writer.text(field)
    return f"EXTRACT({word} FROM {writer.text(source)})"


def _at_time_zone(writer: Deparser, expr: ir.Call) -> str:
    zone, value = expr.args
    return writer.wrapped(
        f"{writer.operand(value, expr)} AT TIME ZONE {writer.operand(zone, expr)}"
    )


def _position(writer: Deparser, expr: ir.Call) -> str:
    text, part = expr.args
    return f"POSITION(({writer.text(part)}) IN ({writer.text(text)}))"


_SYNTAX: dict[str, Any] = {"extract": _extract, "timezone": _at_time_zone, "position": _position}


def _relabel(writer: Deparser, expr: ir.Relabel) -> str:
    return _cast(writer, expr.arg, expr.type, -1)


def _fit(writer: Deparser, expr: ir.Fit) -> str:
    arg = expr.arg
    if isinstance(arg, ir.Relabel) or (isinstance(arg, ir.Call) and arg.routine.kind == "cast"):
        inner = arg.arg if isinstance(arg, ir.Relabel) else arg.args[0]
        return _cast(writer, inner, expr.type, expr.typmod)
    if isinstance(arg, ir.Const) and arg.value is not None:
        return constant(arg.value, expr.type, expr.typmod)
    return _cast(writer, arg, expr.type, expr.typmod)


def _bool(writer: Deparser, expr: ir.Bool) -> str:
    if expr.op == "not":
        return writer.wrapped(f"NOT {writer.operand(expr.args[0], expr)}")
    return writer.wrapped(
        f" {expr.op.upper()} ".join(writer.operand(arg, expr) for arg in expr.args)
    )


def _null_test(writer: Deparser, expr: ir.NullTest) -> str:
    return writer.wrapped(
        f"{writer.operand(expr.arg, expr)} IS {'' if expr.is_null else 'NOT '}NULL"
    )


def _boolean_test(writer: Deparser, expr: ir.BooleanTest) -> str:
    return writer.wrapped(f"{writer.operand(expr.arg, expr)} {expr.test}")


def _case(writer: Deparser, expr: ir.Case) -> str:
    """Write CASE on lines of its own; one whose conditions compare the same operand is the simple form."""
    margin = " " * writer.indent
    operand = _operand_of(expr)
    lines = [f"{BREAK}{margin}CASE"]
    if operand is not None:
        lines[0] += f" {writer.text(operand)}"
    for when, then in expr.whens:
        shown = when if operand is None else when.args[1]  # type: ignore[attr-defined]  # comparisons
        lines.append(f"{margin}{_INDENT}WHEN {writer.text(shown)} THEN {writer.text(then)}")
    default = (
        f"NULL::{t.format_type(expr.type)}" if expr.default is None else writer.text(expr.default)
    )
    return "\n".join([*lines, f"{margin}{_INDENT}ELSE {default}", f"{margin}END"])


def _operand_of(expr: ir.Case) -> ir.Expr | None:
    """Return what a simple CASE compares, None of any other."""
    calls = [when for when, _ in expr.whens if isinstance(when, ir.Call) and len(when.args) == 2]
    if len(calls) != len(expr.whens) or any(call.routine.name != "=" for call in calls):
        return None
    first = calls[0].args[0]
    return first if expr.is_simple else None


def _coalesce(writer: Deparser, expr: ir.Coalesce) -> str:
    return f"COALESCE({', '.join(writer.text(arg) for arg in expr.args)})"


def _min_max(writer: Deparser, expr: ir.MinMax) -> str:
    word = "GREATEST" if expr.is_greatest else "LEAST"
    return f"{word}({', '.join(writer.text(arg) for arg in expr.args)})"


def _null_if(writer: Deparser, expr: ir.NullIf) -> str:
    return f"NULLIF({', '.join(writer.text(arg) for arg in expr.comparison.args)})"


def _array(writer: Deparser, expr: ir.ArrayOf) -> str:
    if not expr.args:
        return f"ARRAY[]::{t.format_type(expr.type)}"
    return f"ARRAY[{', '.join(writer.text(arg) for arg in expr.args)}]"


def _in_list(writer: Deparser, expr: ir.InList) -> str:
    calls = [item for item in expr.comparisons if isinstance(item, ir.Call)]
    if len(calls) != len(expr.comparisons):
        raise not_supported("showing IN over rows")
    if len(calls) == 1:
        name = "<>" if expr.is_not else "="
        one, other = calls[0].args
        return writer.wrapped(f"{writer.operand(one, expr)} {name} {writer.operand(other, expr)}")
    left = writer.operand(calls[0].args[0], expr)
    rights = [call.args[1] for call in calls]
    bare = [item.arg if isinstance(item, ir.Relabel) else item for item in rights]
    kind = t.format_type(calls[0].args[1].type)
    if all(isinstance(item, ir.Relabel) for item in rights):
        listed = f"(ARRAY[{', '.join(writer.text(item) for item in bare)}])::{kind}[]"
        listed = f"({listed})"
    else:
        listed = f"(ARRAY[{', '.join(writer.text(item) for item in rights)}])"
    name, word = ("<>", "ALL") if expr.is_not else ("=", "ANY")
    return writer.wrapped(f"{left} {name} {word} {listed}")


def _array_compare(writer: Deparser, expr: ir.ArrayCompare) -> str:
    assert isinstance(expr.comparison, ir.Call)
    left = expr.comparison.args[0]
    word = "ANY" if expr.is_any else "ALL"
    return writer.wrapped(
        f"{writer.operand(left, expr)} {expr.op} {word} ({writer.text(expr.array)})"
    )


def _distinct(writer: Deparser, expr: ir.DistinctFrom) -> str:
    assert isinstance(expr.comparison, ir.Call)
    left, right = [writer.operand(arg, expr) for arg in expr.comparison.args]
    if expr.is_not:
        return writer.wrapped(f"NOT {writer.wrapped(f'{left} IS DISTINCT FROM {right}')}")
    return writer.wrapped(f"{left} IS DISTINCT FROM {right}")


def _session(_: Deparser, expr: ir.SessionValue) -> str:
    if expr.kind in {"nextval", "currval"}:
        return f"{expr.kind}({quote_literal(expr.argument)}::regclass)"
    if expr.argument:
        return expr.argument
    return _BARE_WORDS[expr.kind]


def _field(writer: Deparser, expr: ir.FieldOf) -> str:
    fields = t.BY_OID[expr.arg.type].fields
    name = fields[expr.index][0] if fields else f"f{expr.index + 1}"
    return f"({writer.text(expr.arg)}).{quote_ident(name)}"


def row_text(writer: Deparser, expr: ir.Row) -> str:
    """Write ROW(...)."""
    text = f"ROW({', '.join(writer.text(arg) for arg in expr.args)})"
    return text if expr.type == t.RECORD else f"{text}::{t.format_type(expr.type)}"


def _subscript(writer: Deparser, expr: ir.Subscript) -> str:
    text = writer.text(expr.arg)
    shown = text if isinstance(expr.arg, ir.Column) else f"({text})"
    return shown + "".join(f"[{writer.text(index)}]" for index in expr.indexes if index is not None)


_WRITERS: dict[type[ir.Expr], Callable[[Deparser, Any], str]] = {
    ir.Const: _const, ir.Column: _column, ir.Call: _call, ir.Relabel: _relabel, ir.Fit: _fit, ir.Bool: _bool,
    ir.NullTest: _null_test, ir.BooleanTest: _boolean_test, ir.Case: _case, ir.Coalesce: _coalesce, ir.MinMax: _min_max,
    ir.NullIf: _null_if, ir.ArrayOf: _array, ir.InList: _in_list, ir.ArrayCompare: _array_compare, ir.DistinctFrom: _distinct,
    ir.SessionValue: _session, ir.Subscript: _subscript, ir.FieldOf: _field, ir.Row: row_text,
}  # fmt: skip
Deparser.writers = _WRITERS
