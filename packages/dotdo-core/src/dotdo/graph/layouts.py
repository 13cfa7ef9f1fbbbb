"""Every noun as rows and as documents: the queries by which one layout is read as the other, and foreign keys as relationships."""

from collections.abc import Iterable
from typing import NamedTuple

from dotdo.graph.fields import fields_of
from dotdo.graph.nouns import member_path
from dotdo.storage import Noun, Session
from dotdo.storage.names import literal, quoted
from dotdo.storage.types import storage_of


class Rows(NamedTuple):
    """A noun read as rows.

    Args:
        columns: Names of the columns.
        sql: SELECT giving them, with bare physical names.
    """

    columns: tuple[str, ...]
    sql: str


def as_rows(session: Session, noun: Noun) -> Rows:
    """Return a noun as rows: its columns; of documents the id and every field that any of them has had.

    A field that a document lacks is NULL; objects and arrays are JSON text.
    """
    if noun.layout == "columns":
        names = tuple(column.name for column in noun.columns)
        listed = ", ".join(f"{quoted(c.column)} as {quoted(c.name)}" for c in noun.columns)
        return Rows(names, f"select {listed} from {quoted(noun.table)}")
    fields = [name for name in fields_of(session, noun) if name != "id"]
    parts = [f"data ->> {literal(member_path(name))} as {quoted(name)}" for name in fields]
    listed = ", ".join(["id", *parts])
    return Rows(("id", *fields), f"select {listed} from {quoted(noun.table)}")


def as_documents(noun: Noun) -> str:
    """Return a SELECT giving (id, JSON text) of every thing of a noun.

    Stored values of columns appear as SQLite keeps them; blobs as `{"$b": hex}`.
    """
    if noun.layout == "document":
        return f"select id, json(data) from {quoted(noun.table)}"
    members = ", ".join(
        f"{literal(c.name)}, {_as_json(quoted(c.column), c.type)}" for c in noun.columns
    )
    keys = [quoted(k) for k in noun.key] or [quoted(noun.rowid)]
    key = keys[0] if len(keys) == 1 else f"json_array({', '.join(keys)})"
    return (
        f"select {key}, json_patch(json_object({members}), coalesce(json(_extra), '{{}}'))"
        f" from {quoted(noun.table)}"
    )


def _as_json(expression: str, type_name: str) -> str:
    if type_name == "jsonb":
        return f"json({expression})"
    if type_name == "boolean":
        return f"json(iif({expression} is null, 'null', iif({expression}, 'true', 'false')))"
    if storage_of(type_name) in {"BLOB", "ANY"}:
        return f"iif(typeof({expression}) = 'blob', json_object('$b', hex({expression})), {expression})"
    return expression


def as_relationships(nouns: Iterable[Noun]) -> str:
    """Return a SELECT giving (verb, src_noun, src, dst_noun, dst) of every foreign key of the nouns.

    The verb is the key's name as text; rows without a reference are left out.
    """
    by_name = {noun.name: noun for noun in nouns}
    parts = []
    for noun in by_name.values():
        for fk in noun.foreign_keys:
            target = by_name[fk.target]
            on = " and ".join(
                f"c.{quoted(here)} = p.{quoted(there)}"
                for here, there in zip(fk.columns, fk.target_columns, strict=True)
            )
            parts.append(
                f"select {literal(fk.verb)} as verb, {noun.id} as src_noun, c.{quoted(noun.rowid)} as src,"
                f" {target.id} as dst_noun, p.{quoted(target.rowid)} as dst"
                f" from {quoted(noun.table)} c join {quoted(target.table)} p on {on}"
            )
    none = "select null as verb, null as src_noun, null as src, null as dst_noun, null as dst where false"
    return " union all ".join(parts) or none
