"""Relations that FROM and the targets of writes name: tables, views, relations of the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.naming import split_definition
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.objects.virtual import is_virtual, virtual_relation
from dotdo_postgres.engine.relations import Relation, relation_of
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.spec.relations import RELATIONS

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder

Node = dict[str, Any]


def find_relation(binder: Binder, node: Node) -> Relation | Noun:
    """Resolve a RangeVar to a relation, or to the definition of a view.

    Raises:
        PostgresError: 42P01 no such relation, 42809 it is an index, 0A000 a relation of the catalog that is missing here.
    """
    schema, name, location = node.get("schemaname"), node["relname"], node.get("location", 0)
    if "catalogname" in node:
        shown = f"{node['catalogname']}.{schema}.{name}"
        message = f'cross-database references are not implemented: "{shown}"'
        raise error("0A000", message, position=location)
    names = binder.names
    for place in names.path if schema is None else (schema,):
        if place in {"pg_catalog", "information_schema"}:
            found = virtual_relation(names, place, name)
            if found is not None:
                return found
            if f"{place}.{name}" in RELATIONS:
                raise not_supported(f'relation "{place}.{name}"', location)
            continue
        noun = names.noun(place, name) if schema is not None else names.noun(None, name)
        if noun is not None and is_documents(noun) and names.documents is not None:
            return relation_of(names.documents.describe(names, noun))
        if noun is not None:
            return noun if kind_of(noun) == "v" else relation_of(noun)
        sequence = names.sequence(place, name)
        if sequence is not None:
            from dotdo_postgres.engine.objects.virtual import sequence_relation

            return sequence_relation(names, sequence)
        if names.index(place, name) is not None:
            detail = "This operation is not supported for indexes."
            message = f'cannot open relation "{name}"'
            raise error("42809", message, detail=detail, position=location)
    shown = f"{schema}.{name}" if schema else name
    raise error("42P01", f'relation "{shown}" does not exist', position=location)


def resolve_relation(binder: Binder, node: Node) -> Relation:
    """Resolve a RangeVar to what can be written to or read as a table.

    Raises:
        PostgresError: as `find_relation`; 55000 for a view.
    """
    found = find_relation(binder, node)
    if isinstance(found, Relation):
        if kind_of(found.noun) == "m" and not binder.may_write_materialized:
            raise error("42809", f'cannot change materialized view "{found.name}"')
        if is_virtual(found):
            raise not_supported(f'changing relation "{found.schema}.{found.name}"')
        return found
    _, _, name = split_definition(found.name)
    raise error("55000", f'cannot change view "{name}"')


__all__ = ["facts_of", "find_relation", "resolve_relation"]
