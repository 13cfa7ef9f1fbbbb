"""VACUUM, ANALYZE, REINDEX, CLUSTER and CHECKPOINT: names and places are checked as in PostgreSQL; the file looks after itself."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.relations import find_relation
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.kept import kind_of
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.relations import Relation
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]
_VACUUM = frozenset({
    "full", "freeze", "verbose", "analyze", "disable_page_skipping", "skip_locked", "index_cleanup", "process_toast", "truncate",
    "parallel",
})  # fmt: skip
_ANALYZE = frozenset({"verbose", "skip_locked"})
_REINDEX = frozenset({"verbose", "concurrently", "tablespace"})
_WHOLE = {"REINDEX_OBJECT_SCHEMA", "REINDEX_OBJECT_SYSTEM", "REINDEX_OBJECT_DATABASE"}


def plan_vacuum(planner: Planner, node: Node) -> Prepared:
    """Plan VACUUM and ANALYZE.

    Raises:
        PostgresError: unknown option (42601), relation (42P01) or column (42703).
    """
    is_vacuum = bool(node.get("is_vacuumcmd"))
    command = "VACUUM" if is_vacuum else "ANALYZE"
    options = _options(node.get("options", []), _VACUUM if is_vacuum else _ANALYZE, command)
    rels = [item["VacuumRelation"] for item in node.get("rels", [])]
    has_columns = any("va_cols" in item for item in rels)
    if is_vacuum and has_columns and "analyze" not in options:
        raise error("0A000", "ANALYZE option must be specified when a column list is provided")
    for item in rels:
        _columns(planner, _relation(planner, item["relation"]), item.get("va_cols", []))
    return Prepared(None, (), command, _alone if is_vacuum else _nothing, detail=command)


def _options(nodes: list[Node], known: frozenset[str], command: str) -> set[str]:
    found = set()
    for item in nodes:
        element = item["DefElem"]
        if element["defname"] not in known:
            message = f'unrecognized {command} option "{element["defname"]}"'
            raise error("42601", message, position=element.get("location"))
        found.add(element["defname"])
    return found


def _relation(planner: Planner, node: Node) -> Noun | None:
    noun = planner.names.table(node)
    if noun is None and planner.names.find(node.get("schemaname"), node["relname"]) is None:
        found = find_relation(planner.binder(), {**node, "location": None})
        return found.noun if isinstance(found, Relation) else found
    return noun


def _columns(planner: Planner, noun: Noun | None, listed: list[Node]) -> None:
    seen: set[str] = set()
    for item in listed:
        name = item["String"]["sval"]
        bare = "" if noun is None else split_name(noun.name)[1]
        if noun is None or noun.column(name) is None:
            raise error("42703", f'column "{name}" of relation "{bare}" does not exist')
        if name in seen:
            raise error("42701", f'column "{name}" of relation "{bare}" appears more than once')
        seen.add(name)


def plan_reindex(planner: Planner, node: Node) -> Prepared:
    """Plan REINDEX.

    Raises:
        PostgresError: unknown relation (42P01, 42809), schema (3F000), a database that is not this one (0A000).
    """
    options = _options(node.get("params", []), _REINDEX, "REINDEX")
    kind, names = node["kind"], planner.names
    if kind in {"REINDEX_OBJECT_TABLE", "REINDEX_OBJECT_INDEX"}:
        _reindexed(planner, node["relation"], is_index=kind.endswith("INDEX"))
    elif kind == "REINDEX_OBJECT_SCHEMA":
        names.require_schema(node["name"])
    elif node.get("name", planner.session.facts.database) != planner.session.facts.database:
        raise error("0A000", "can only reindex the currently open database")
    if "concurrently" in options and kind == "REINDEX_OBJECT_SYSTEM":
        raise error("0A000", "cannot reindex system catalogs concurrently")
    word = "REINDEX CONCURRENTLY" if "concurrently" in options else f"REINDEX {kind.split('_')[-1]}"
    is_alone = "concurrently" in options or kind in _WHOLE
    return Prepared(None, (), "REINDEX", _alone if is_alone else _nothing, detail=word)


def _reindexed(planner: Planner, node: Node, *, is_index: bool) -> None:
    names = planner.names
    schema, name = node.get("schemaname"), node["relname"]
    if schema in {"pg_catalog", "pg_toast"} or name.startswith("pg_"):
        return
    key = names.find(schema, name)
    if key is None:
        shown = f"{schema}.{name}" if schema else name
        raise error("42P01", f'relation "{shown}" does not exist')
    kind = names.objects.relation_kind(key)
    if is_index and kind != "i":
        raise error("42809", f'"{name}" is not an index')
    if not is_index and kind not in {"r", "m", "p"}:
        raise error("42809", f'"{name}" is not a table or materialized view')


def plan_cluster(planner: Planner, node: Node) -> Prepared:
    """Plan CLUSTER.

    Raises:
        PostgresError: unknown table (42P01), not a table (42809), no such index (42704).
    """
    if "relation" in node:
        noun = _relation(planner, node["relation"])
        name = node["relation"]["relname"]
        if noun is None or kind_of(noun) == "v":
            raise error("42809", f'"{name}" is not a table or materialized view')
        index = node.get("indexname")
        if index is not None and planner.names.find(_schema(noun), index) is None:
            raise error("42704", f'index "{index}" for table "{name}" does not exist')
        if index is not None and planner.names.index(_schema(noun), index) is not noun:
            raise error("42809", f'"{index}" is not an index for table "{name}"')
        if index is None:
            message = f'there is no previously clustered index for table "{name}"'
            raise error("42704", message)
    return Prepared(None, (), "CLUSTER", _nothing)


def _schema(noun: Noun) -> str:
    if noun.layout == "definition":
        return split_definition(noun.name)[1]
    return split_name(noun.name)[0]


def plan_checkpoint(planner: Planner, node: Node) -> Prepared:
    """Plan CHECKPOINT: what is committed is in the file already."""
    return Prepared(None, (), "CHECKPOINT", _nothing)


def _alone(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if not session.is_idle:
        raise error("25001", f"{prepared.detail} cannot run inside a transaction block")
    return Result(None, [], prepared.tag_kind)


def _nothing(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    return Result(None, [], prepared.tag_kind)
