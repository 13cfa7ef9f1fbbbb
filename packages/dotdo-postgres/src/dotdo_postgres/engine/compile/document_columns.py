"""Columns of documents in compiled text: expressions over the key and the JSON, so that SQLite reads, filters and joins them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo.graph.nouns import member_path
from dotdo.storage.names import literal
from dotdo_postgres.engine.compile import document_values as c
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.document_forms import READ, READ_KEY
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.documents.present import KEY, WHOLE, field_of, key_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.compile.document_forms import Place
    from dotdo_postgres.engine.query import Entry


def document_columns(compiler: Compiler, entry: Entry, alias: str) -> None:
    """Note how the columns of documents are written; an empty alias is none."""
    assert entry.relation is not None
    noun = entry.relation.noun
    for at, column in enumerate(entry.relation.columns):
        compiler.columns[id(entry), at] = Sql(column_node(compiler, noun, column.name, alias))


def column_node(compiler: Compiler, noun: Noun, name: str, alias: str) -> n.Node:
    """Return the expression of a column."""
    if name == KEY:
        return READ_KEY[key_of(noun).form](compiler, _physical("id", alias))
    if name == WHOLE:
        return compiler.python(
            c.JSONB, [Sql(n.call("json", whole_node(_physical("data", alias))))], [t.TEXT]
        )
    return READ[field_of(noun, name).form](compiler, _place(noun, name, alias))


def whole_node(data: n.Node) -> n.Node:
    """Return the expression of a document without the id that some keep inside as well."""
    return n.call("jsonb_remove", data, n.string("$._id"))


def _physical(name: str, alias: str) -> n.Node:
    return n.column(alias, name) if alias else n.bare_column(name)


def _place(noun: Noun, name: str, alias: str) -> Place:
    path = member_path(name)
    top = _top(noun, name, path)

    def place(below: str, operator: str) -> n.Node:
        text = path + below if below or operator == "->" else top
        return n.arrow(operator, _physical("data", alias), n.string(text))

    return place


def _top(noun: Noun, name: str, path: str) -> str:
    """Return the path as the noun's indexes have it, for SQLite uses one only for its very expression."""
    forms = [name, f'$."{name}"', path] if name.isidentifier() else [path, f'$."{name}"']
    terms = {term.removesuffix(" desc") for index in noun.indexes for term in index.terms}
    for form in forms:
        if f"data ->> {literal(form)}" in terms:
            return form
    return forms[0]
