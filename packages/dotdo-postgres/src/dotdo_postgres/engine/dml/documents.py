"""Rows written to documents: what INSERT, UPDATE and ON CONFLICT assign to columns becomes a key and JSON, within the one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo.graph.nouns import member_path
from dotdo_postgres.engine.compile import document_values as c
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.document_forms import WRITE, WRITE_KEY
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.documents.present import (
    FIELD_PREFIX,
    KEY,
    OBJECT_ID_START,
    WHOLE,
    field_of,
    has_inner_id,
    is_collection,
    is_documents,
    key_of,
)
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.relations import RelationColumn

_AT_ONCE = 50
_INNER_ID = "$._id"


def inserted(
    compiler: Compiler, noun: Noun, names: Sequence[str], source: Any
) -> tuple[list[str], Any]:
    """Return the columns of the file that INSERT fills, and what it fills them with: other nouns' as they are given.

    Args:
        compiler: Of the statement.
        noun: One of documents as `described` gives it.
        names: Physical names of the columns given, the row id's last.
        source: VALUES or SELECT giving them.
    """
    if not is_documents(noun):
        return list(names), source
    alias = compiler.alias()
    if isinstance(source, exp.Select):
        cells = [n.aliased(cell, f"column{at}") for at, cell in enumerate(source.expressions, 1)]
        source.set("expressions", cells)
    given = {name: n.column(alias, f"column{at}") for at, name in enumerate(names, 1)}
    row = given.pop("_id")
    key = (
        WRITE_KEY[key_of(noun).form](compiler, given["id"])
        if "id" in given
        else _fresh_key(compiler, noun, row)
    )
    data = _document(compiler, noun, given)
    select: Any = exp.Select(expressions=[row, key, data])
    select.set("from_", exp.From(this=n.subquery(source, alias)))
    select.set("where", exp.Where(this=n.integer(1)))  # or ON would belong to FROM
    return ["_id", "id", "data"], select


def _fresh_key(compiler: Compiler, noun: Noun, row: n.Node) -> n.Node:
    """Return the expression of a new id, NULL where ids are no text."""
    if key_of(noun).oid != t.TEXT:
        return n.null()
    tail = n.call("printf", n.string("%06x"), n.binary("&", row.copy(), n.integer((1 << 24) - 1)))
    digits = n.binary("||", compiler.session_value(OBJECT_ID_START), tail)
    if not is_collection(noun):
        return digits
    return n.binary("||", n.binary("||", n.string('{"$oid":"'), digits), n.string('"}'))


def _document(compiler: Compiler, noun: Noun, given: dict[str, n.Node]) -> n.Node:
    base: n.Node = n.call("jsonb", n.string("{}"))
    if "data" in given:
        base = _whole(compiler, given["data"])
    fields = [
        (name.removeprefix(FIELD_PREFIX), node)
        for name, node in given.items()
        if name.startswith(FIELD_PREFIX)
    ]
    return _with_fields(compiler, noun, base, fields)


def _whole(compiler: Compiler, node: n.Node) -> n.Node:
    text = compiler.python(c.DOCUMENT, [Sql(n.call("json", node))], [t.JSONB])
    return n.call("jsonb_remove", n.call("jsonb", text), n.string(_INNER_ID))


def _with_fields(
    compiler: Compiler, noun: Noun, base: n.Node, fields: Sequence[tuple[str, n.Node]]
) -> n.Node:
    for first in range(0, len(fields), _AT_ONCE):
        pairs: list[n.Node] = []
        for name, node in fields[first : first + _AT_ONCE]:
            value = WRITE[field_of(noun, name).form](compiler, node)
            pairs += [n.string(member_path(name)), n.call("jsonb", value)]
        base = n.call("jsonb_set", base, *pairs)
    return base


def changed(
    compiler: Compiler, noun: Noun, alias: str, assigned: Iterable[tuple[RelationColumn, n.Node]]
) -> list[n.Node]:
    """Return what SET assigns to the columns of the file.

    Args:
        compiler: Of the statement.
        noun: As `described` gives it.
        alias: Name of the table in the statement, empty for none.
        assigned: Columns and what they get, in stored form.
    """
    given = {column.name: node for column, node in assigned}
    data: n.Node = n.column(alias, "data") if alias else n.bare_column("data")
    before = data.copy()
    settings: list[n.Node] = []
    if KEY in given:
        key = WRITE_KEY[key_of(noun).form](compiler, given.pop(KEY))
        settings.append(exp.EQ(this=n.bare_column("id"), expression=key))
        data = n.call("jsonb_remove", data, n.string(_INNER_ID)) if has_inner_id(noun) else data
    elif WHOLE in given and has_inner_id(noun):
        inner = n.arrow("->", before, n.string(_INNER_ID))
        new = _whole(compiler, given.pop(WHOLE))
        kept = n.call("jsonb_set", new, n.string(_INNER_ID), n.call("jsonb", inner.copy()))
        data = n.call("iif", n.is_null(inner), new.copy(), kept)
    if WHOLE in given:
        data = _whole(compiler, given.pop(WHOLE))
    data = _with_fields(compiler, noun, data, list(given.items()))
    settings.append(exp.EQ(this=n.bare_column("data"), expression=data))
    settings.append(exp.EQ(this=n.bare_column("bson"), expression=n.null()))
    return settings


def stored_key(compiler: Compiler, noun: Noun, node: n.Node) -> n.Node:
    """Return the expression of an id in the form in which the file has it, for details of errors."""
    return WRITE_KEY[key_of(noun).form](compiler, node)
