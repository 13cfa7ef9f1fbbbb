"""ALTER INDEX ... ATTACH PARTITION: an index of a partition becomes part of one of the partitioned table, whose kin it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.catalog.pg_partitions import index_terms
from dotdo_postgres.engine.objects.descent import parents_of
from dotdo_postgres.engine.objects.tables import IndexEntry, index_entries
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]


def kind_of_index(node: Node) -> bool:
    """Tell whether a statement attaches an index."""
    subtypes = {item["AlterTableCmd"]["subtype"] for item in node["cmds"]}
    return node.get("objtype") == "OBJECT_INDEX" and subtypes == {"AT_AttachPartition"}


def attach_index(planner: Planner, node: Node) -> None:
    """See that an index may be attached; that it belongs to the other follows from the definitions.

    Raises:
        PostgresError: there is none of that name (42P01), its table is no partition, or it indexes something else (55000).
    """
    wanted = node["cmds"][0]["AlterTableCmd"]["def"]["PartitionCmd"]["name"]
    parent, whole = _index(planner, node["relation"])
    child, part = _index(planner, wanted)
    message = f'cannot attach index "{part.name}" as a partition of index "{whole.name}"'
    if parent not in parents_of(planner.catalog, child):
        detail = f'Index "{part.name}" is not an index on any partition of table "{_bare(parent)}".'
        raise error("55000", message, detail=detail)
    if index_terms(parent, whole) != index_terms(child, part):
        raise error("55000", message, detail="The index definitions do not match.")


def _bare(noun: Noun) -> str:
    from dotdo_postgres.engine.naming import split_name

    return split_name(noun.name)[1]


def _index(planner: Planner, node: Node) -> tuple[Noun, IndexEntry]:
    name = node["relname"]
    noun = planner.names.index(node.get("schemaname"), name)
    found = None
    if noun is not None:
        found = next((entry for entry in index_entries(noun) if entry.name == name), None)
    if noun is None or found is None:
        if planner.names.find(node.get("schemaname"), name) is not None:
            raise error("42809", f'"{name}" is not an index')
        shown = f"{node['schemaname']}.{name}" if "schemaname" in node else name
        raise error("42P01", f'relation "{shown}" does not exist')
    return noun, found
