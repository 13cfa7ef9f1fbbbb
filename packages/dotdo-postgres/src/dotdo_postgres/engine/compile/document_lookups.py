"""Comparisons with ids of documents turned round, so that SQLite finds the row by its key; it changes no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.compile import document_values as c
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.document_forms import OID_LENGTH, OID_START
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler


def by_key(compiler: Compiler, statement: n.Node) -> None:
    """Turn `digits of the key = x` into `key = stored form of x` throughout a statement."""
    for found in list[Any](statement.find_all(exp.EQ, exp.In)):
        if isinstance(found, exp.In):
            if found.args.get("query") is None:
                _turn_in(compiler, found)
        else:
            _turn(compiler, found)


def _turn(compiler: Compiler, found: exp.EQ) -> None:
    for one, other in (("this", "expression"), ("expression", "this")):
        forms = _forms(compiler, found.args[one], found.args[other])
        if forms is not None:
            key, values = forms
            found.replace(exp.In(this=key, expressions=values))
            return


def _turn_in(compiler: Compiler, found: exp.In) -> None:
    made: list[n.Node] = []
    key = None
    for value in found.expressions:
        forms = _forms(compiler, found.this, value)
        if forms is None:
            return
        key, values = forms
        made += values
    if key is not None:
        found.replace(exp.In(this=key, expressions=made))


def _forms(compiler: Compiler, shown: n.Node, value: n.Node) -> tuple[n.Node, list[n.Node]] | None:
    """Return the key that is shown, and the stored forms in which it may have a value; None when it is no such id."""
    while isinstance(shown, exp.Paren):
        shown = shown.this
    if not isinstance(shown, exp.Anonymous):
        return None
    args: list[Any] = shown.expressions
    if not (args and isinstance(args[0], exp.Column) and args[0].name == "id"):
        return None
    digits = n.binary("||", n.binary("||", n.string('{"$oid":"'), value), n.string('"}'))
    if shown.name == "substr" and [a.name for a in args[1:]] == [str(OID_START), str(OID_LENGTH)]:
        return args[0].copy(), [digits]
    if shown.name == c.KEY_TEXT.sql_name:
        as_text = compiler.python(c.KEY_OF_TEXT, [Sql(value.copy())], [t.TEXT])
        return args[0].copy(), [digits, as_text]
    return None
