"""The objects that GRANT and REVOKE name."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.ddl.functions import find_function
from dotdo_postgres.engine.ddl.tables import find_table
from dotdo_postgres.engine.objects.grantable import (
    Grantable,
    of_column,
    of_noun,
    of_schema,
    of_sequence,
    of_system,
)
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import static_rows
from dotdo_postgres.spec.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
#: The letter of each kind of object, and how errors about privileges call it.
KINDS = {
    "OBJECT_TABLE": ("r", "table"), "OBJECT_SEQUENCE": ("S", "sequence"), "OBJECT_DATABASE": ("d", "database"),
    "OBJECT_FUNCTION": ("f", "function"), "OBJECT_PROCEDURE": ("f", "procedure"), "OBJECT_ROUTINE": ("f", "routine"),
    "OBJECT_LANGUAGE": ("l", "language"), "OBJECT_SCHEMA": ("n", "schema"), "OBJECT_TYPE": ("T", "type"),
    "OBJECT_DOMAIN": ("T", "domain"),
}  # fmt: skip
_DATABASE_OID = 5


def targets_of(session: Session, planner: Planner, node: Node) -> list[Grantable]:
    """Return what a statement names.

    Raises:
        PostgresError: there is no such object (42P01, 42704, 42883, 3D000, 3F000), or it is of another kind (42809).
    """
    kind = node["objtype"]
    if node["targtype"] == "ACL_TARGET_ALL_IN_SCHEMA":
        names = planner.names
        schemas = {names.require_schema(item["String"]["sval"]) for item in node["objects"]}
        return list(_all_in(planner, kind, schemas))
    return [_FINDERS[kind](session, planner, kind, item) for item in node["objects"]]


def columns_of(session: Session, table: Grantable, names: Sequence[str]) -> Iterator[Grantable]:
    """Yield columns of a table, each as it is when its turn comes.

    Raises:
        PostgresError: there is none of that name (42703).
    """
    assert table.noun is not None
    for name in names:
        noun = session.kernel.catalog.by_id[table.noun.id]
        column = noun.column(name)
        if column is None:
            raise error("42703", f'column "{name}" of relation "{table.name}" does not exist')
        yield of_column(noun, column)


def _all_in(planner: Planner, kind: str, schemas: set[str]) -> Iterator[Grantable]:
    objects = planner.names.objects
    if kind == "OBJECT_TABLE":
        yield from (of_noun(noun) for key, noun in objects.relations.items() if key[0] in schemas)
    elif kind == "OBJECT_SEQUENCE":
        yield from (of_sequence(s) for key, s in objects.sequences.items() if key[0] in schemas)
    else:
        wanted = {"OBJECT_FUNCTION": "faw", "OBJECT_PROCEDURE": "p"}.get(kind, "fawp")
        for (schema, _), nouns in objects.functions.items():
            if schema in schemas:
                yield from (of_noun(noun) for noun in nouns if facts_of(noun)["kind"] in wanted)


def _relation(session: Session, planner: Planner, kind: str, item: Node) -> Grantable:
    relation, names = item["RangeVar"], planner.names
    schema, name = relation.get("schemaname"), relation["relname"]
    sequence = names.sequence(schema, name)
    if sequence is not None:
        return of_sequence(sequence)
    key = names.find(schema, name)
    if kind == "OBJECT_SEQUENCE" and key is not None:
        raise error("42809", f'"{name}" is not a sequence')
    if key is not None and names.objects.relation_kind(key) == "i":
        raise error("42809", f'"{name}" is an index')
    noun = find_table(session, planner, relation, is_missing_ok=False, may_hold_documents=True)
    assert noun is not None
    return of_noun(noun)


def _function(session: Session, planner: Planner, kind: str, item: Node) -> Grantable:
    node = item["ObjectWithArgs"]
    found = find_function(planner, node, kind.removeprefix("OBJECT_"))
    if not isinstance(found, str):
        return of_noun(found)
    parts = [part["String"]["sval"] for part in node["objname"]]
    if len(parts) == 1 or parts[-2] == "pg_catalog":
        types = [resolve_type(one["TypeName"], planner.names)[0] for one in node.get("objargs", [])]
        for row in FUNCTIONS.get(parts[-1], ()):
            if node.get("args_unspecified") or list(row[1]) == types:
                return of_system(planner.catalog, "f", "function", parts[-1], row[0])
    raise error("42883", f"{found} does not exist")


def _type(session: Session, planner: Planner, kind: str, item: Node) -> Grantable:
    oid, _ = resolve_type({"names": item["List"]["items"], "typemod": -1}, planner.names)
    noun = planner.catalog.by_id.get(oid - FIRST_OID)
    if kind == "OBJECT_DOMAIN" and (noun is None or facts_of(noun).get("kind") != "domain"):
        shown = t.format_type(oid)
        raise error("42809", f'"{shown}" is not a domain')
    if noun is not None:
        return of_noun(noun)
    return of_system(planner.catalog, "T", "type", t.format_type(oid), oid)


def _schema(session: Session, planner: Planner, kind: str, item: Node) -> Grantable:
    name = planner.names.require_schema(item["String"]["sval"])
    return of_schema(planner.catalog, planner.names.objects, name)


def _language(session: Session, planner: Planner, kind: str, item: Node) -> Grantable:
    name = item["String"]["sval"]
    for row in static_rows("pg_language"):
        if row[1] == name:
            return of_system(planner.catalog, "l", "language", name, int(row[0]))
    raise error("42704", f'language "{name}" does not exist')


def _database(session: Session, planner: Planner, kind: str, item: Node) -> Grantable:
    name = item["String"]["sval"]
    if name != session.facts.database:
        raise not_supported("privileges on a database other than the current one")
    return of_system(planner.catalog, "d", "database", name, _DATABASE_OID)


_FINDERS: dict[str, Any] = {
    "OBJECT_TABLE": _relation, "OBJECT_SEQUENCE": _relation, "OBJECT_DATABASE": _database, "OBJECT_FUNCTION": _function,
    "OBJECT_PROCEDURE": _function, "OBJECT_ROUTINE": _function, "OBJECT_LANGUAGE": _language, "OBJECT_SCHEMA": _schema,
    "OBJECT_TYPE": _type, "OBJECT_DOMAIN": _type,
}  # fmt: skip
