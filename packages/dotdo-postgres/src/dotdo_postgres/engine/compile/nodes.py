"""SQLite expression nodes: short makers over sqlglot that put parentheses where they are needed, and the text writer."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot.generator import Generator

Node = exp.Expression
_ATOMS = (
    exp.Column,
    exp.Literal,
    exp.Anonymous,
    exp.Paren,
    exp.Placeholder,
    exp.Null,
    exp.HexString,
    exp.Subquery,
    exp.Case,
)
_BINARY: dict[str, Any] = {
    "+": exp.Add, "-": exp.Sub, "*": exp.Mul, "%": exp.Mod, "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE,
    ">": exp.GT, ">=": exp.GTE, "||": exp.DPipe, "and": exp.And, "or": exp.Or, "is": exp.Is, "glob": exp.Glob,
    "&": exp.BitwiseAnd, "|": exp.BitwiseOr, "<<": exp.BitwiseLeftShift, ">>": exp.BitwiseRightShift,
    "is distinct from": exp.NullSafeNEQ, "is not distinct from": exp.NullSafeEQ,
}  # fmt: skip


def wrap(node: Node) -> Node:
    """Put parentheses around what is no atom."""
    return node if isinstance(node, _ATOMS) else exp.Paren(this=node)


def binary(op: str, left: Node, right: Node) -> Node:
    """Return `left op right`."""
    if op == "/":
        return exp.Div(this=wrap(left), expression=wrap(right), typed=True, safe=True)
    node: Node = _BINARY[op](this=wrap(left), expression=wrap(right))
    return node


def arrow(op: str, left: Node, path: Node) -> Node:
    """Return `left -> path` or `left ->> path`."""
    made: Any = exp.JSONExtract if op == "->" else exp.JSONExtractScalar
    return exp.Paren(this=made(this=wrap(left), expression=path))


def call(name: str, *args: Node) -> Node:
    """Return `name(args)`."""
    return exp.Anonymous(this=name, expressions=list(args))


def integer(value: int) -> Node:
    """Return a whole number."""
    return (
        exp.Literal.number(str(value))
        if value >= 0
        else exp.Paren(this=exp.Literal.number(str(value)))
    )


def real(value: float) -> Node:
    """Return a floating point number; NaN is text."""
    if value != value:
        return string("NaN")
    text = repr(value).replace("inf", "9e999")
    return exp.Literal.number(text) if value >= 0 else exp.Paren(this=exp.Literal.number(text))


def string(value: str) -> Node:
    """Return a string literal."""
    return exp.Literal.string(value)


def blob(value: bytes) -> Node:
    """Return a byte string."""
    return exp.HexString(this=value.hex())


def null() -> Node:
    """Return NULL."""
    return exp.Null()


def name(text: str) -> exp.Identifier:
    """Return a quoted identifier."""
    return exp.Identifier(this=text, quoted=True)


def column(table: str, text: str) -> Node:
    """Return `table.column`."""
    return exp.Column(this=name(text), table=name(table))


def bare_column(text: str) -> Node:
    """Return a column without its table."""
    return exp.Column(this=name(text))


def parameter(number: int) -> Node:
    """Return `?number`."""
    return exp.Placeholder(this=str(number))


def negate(node: Node) -> Node:
    """Return NOT node."""
    return exp.Not(this=wrap(node))


def is_null(node: Node) -> Node:
    """Return node IS NULL."""
    return exp.Is(this=wrap(node), expression=exp.Null())


def cast(node: Node, target: str) -> Node:
    """Return CAST(node AS target); target is `integer`, `real`, `text` or `blob`."""
    return exp.Cast(this=node, to=exp.DataType(this=_CASTS[target]))


_CASTS = {
    "integer": exp.DataType.Type.INT, "real": exp.DataType.Type.DOUBLE,
    "text": exp.DataType.Type.TEXT, "blob": exp.DataType.Type.BINARY,
}  # fmt: skip


def case(whens: Sequence[tuple[Node, Node]], default: Node | None = None) -> Node:
    """Return a searched CASE."""
    return exp.Case(
        ifs=[exp.If(this=condition, true=result) for condition, result in whens], default=default
    )


def conjunction(op: str, parts: Sequence[Node]) -> Node:
    """Join conditions by AND or OR."""
    result: Any = parts[0]
    for part in parts[1:]:
        result = (
            binary(op, result, part)
            if not isinstance(result, _BINARY[op])
            else _BINARY[op](this=result, expression=wrap(part))
        )
    return result  # type: ignore[no-any-return]  # sqlglot builds it from a table of classes


def one_of(equalities: Sequence[Node]) -> Node:
    """Join comparisons for equality: IN where all share their left side, else OR."""
    plain = [eq.this if isinstance(eq, exp.Paren) else eq for eq in equalities]
    if all(type(eq) is exp.EQ for eq in plain) and len({eq.this.sql() for eq in plain}) == 1:
        return exp.In(this=wrap(plain[0].this), expressions=[eq.expression for eq in plain])
    return conjunction("or", equalities)


def ordered(node: Node, is_descending: bool, nulls_first: bool) -> Node:
    """Return an ORDER BY term."""
    return exp.Ordered(this=node, desc=is_descending, nulls_first=nulls_first)


def aliased(node: Node, text: str) -> Node:
    """Return `node AS text`."""
    return exp.Alias(this=node, alias=name(text))


def table(physical: str, alias: str | None = None) -> Node:
    """Return a table in FROM."""
    return exp.Table(this=name(physical), alias=exp.TableAlias(this=name(alias)) if alias else None)


def subquery(query: Node, alias: str | None = None) -> Node:
    """Return a parenthesised query."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=name(alias)) if alias else None)


class Clauses(exp.Expression):
    """Clauses one after the other."""


class _Generator(SQLite.Generator):  # type: ignore[valid-type,misc]  # set by a metaclass
    """Writes parameters by number: ?1, ?2."""

    NAMED_PLACEHOLDER_TOKEN = "?"  # noqa: S105 -- no password
    TRANSFORMS = {  # noqa: RUF012 -- the base class declares it so
        **SQLite.Generator.TRANSFORMS,
        Clauses: lambda self, node: " ".join(map(self.sql, node.expressions)),
    }


@cache
def _generator() -> Generator:
    return _Generator(dialect="sqlite", normalize_functions=False, comments=False)


def to_text(node: Node) -> str:
    """Write SQLite text."""
    return _generator().generate(node, copy=False)


_PARAMETER = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\?(\d+)""")


def highest_parameter(sql: str) -> int:
    """Return the highest number of a parameter in SQLite text, 0 without."""
    return max((int(number) for number in _PARAMETER.findall(sql) if number), default=0)
