"""What roles that are not superusers may define: new objects where they may create them, changes of what they own."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.policies import is_guarded
from dotdo_postgres.engine.bind.security import DELETE, INSERT, UPDATE, require_privilege
from dotdo_postgres.engine.ddl.functions import find_function
from dotdo_postgres.engine.ddl.owned_objects import find_owned, find_relation
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.grantable import Grantable, of_noun, of_schema, of_system
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.objects.temporary import ALIAS
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]
_DATABASE_OID = 5
_CREATING = frozenset({
    "CreateStmt", "ViewStmt", "CreateTableAsStmt", "CreateSeqStmt", "CreateEnumStmt", "CreateDomainStmt", "CompositeTypeStmt",
    "CreateFunctionStmt", "DefineStmt", "CreateRangeStmt", "CreateStatsStmt",
})  # fmt: skip
_OWNING = frozenset({
    "AlterTableStmt", "RenameStmt", "IndexStmt", "CommentStmt", "AlterSeqStmt", "AlterEnumStmt", "AlterDomainStmt", "DropStmt",
    "CreatePolicyStmt", "AlterPolicyStmt", "AlterObjectSchemaStmt", "RefreshMatViewStmt", "RuleStmt", "AlterFunctionStmt",
})  # fmt: skip
_MERGING = {"CMD_INSERT": INSERT, "CMD_UPDATE": UPDATE, "CMD_DELETE": DELETE}


def require_rights(planner: Planner, kind: str, node: Node) -> None:
    """See that the acting role may do what a statement says, as far as that shows before it is planned.

    Raises:
        PostgresError: it may not (42501).
    """
    actor = planner.names.actor
    if actor.is_superuser:
        return
    if kind in _CREATING:
        place = node["relation"].get("location") if kind == "CreateStmt" else None
        _require_place(planner, _schema(planner, node), place)
    if kind in _CREATING or kind == "AlterTableStmt":
        _require_types(planner, node)
    if kind in _OWNING:
        _require_owner(planner, kind, node)
    if kind in _CHECKS:
        _CHECKS[kind](planner, node)


def _require_creator(planner: Planner, node: Node) -> None:
    own = planner.names.objects.roles.get(planner.names.actor.name)
    if own is None or not facts_of(own).get("attributes", {}).get("rolcreatedb"):
        raise error("42501", "permission denied to create database")


def _require_truncate(planner: Planner, node: Node) -> None:
    for item in node["relations"]:
        noun = planner.names.table(item["RangeVar"])
        if noun is not None and not planner.names.actor.may(noun, "TRUNCATE"):
            raise error("42501", f"permission denied for table {bare_name(noun)}")


def bare_name(noun: Noun) -> str:
    """Return the name of a table or view without its schema."""
    if noun.layout == "definition":
        return split_definition(noun.name)[2]
    return split_name(noun.name)[1]


def _require_place(planner: Planner, schema: str, place: int | None) -> None:
    """See that the acting role may create objects in a schema."""
    names = planner.names
    if schema in {names.temporary, ALIAS} or not names.has_schema(schema):
        return
    if not names.actor.holds(of_schema(names.catalog, names.objects, schema), "CREATE"):
        raise error("42501", f"permission denied for schema {schema}", position=place)


def _schema(planner: Planner, node: Node) -> str:
    names = planner.names
    for key in ("relation", "view", "sequence", "typevar"):
        if key in node:
            return names.key_to_create(node[key])[0]
    if "into" in node:
        return names.key_to_create(node["into"]["rel"])[0]
    parts = node.get("domainname") or node.get("typeName") or []
    return parts[-2]["String"]["sval"] if len(parts) > 1 else names.creation_schema


def _require_database(planner: Planner, node: Node) -> None:
    names, name = planner.names, planner.session.facts.database
    target = of_system(names.catalog, "d", "database", name, _DATABASE_OID)
    if not names.actor.holds(target, "CREATE"):
        raise error("42501", f"permission denied for database {name}")


def _require_types(planner: Planner, node: Any) -> None:
    """See that the acting role may use the types that a definition names."""
    if isinstance(node, list):
        for item in node:
            _require_types(planner, item)
    if not isinstance(node, dict):
        return
    for key, item in node.items():
        parts = (
            item.get("names")
            if key in {"TypeName", "typeName"} and isinstance(item, dict)
            else None
        )
        if parts and all("String" in part for part in parts):
            listed = [part["String"]["sval"] for part in parts]
            found = planner.names.type(listed[-2] if len(listed) > 1 else None, listed[-1])
            noun = None if found is None else planner.catalog.by_id.get(found - FIRST_OID)
            if noun is not None and not planner.names.actor.may(noun, "USAGE"):
                raise error("42501", f"permission denied for type {listed[-1]}")
        _require_types(planner, item)


def _require_trigger(planner: Planner, node: Node) -> None:
    names, noun = planner.names, planner.names.table(node["relation"])
    if noun is not None and not names.actor.may(noun, "TRIGGER"):
        raise error("42501", f"permission denied for {_word(noun)} {bare_name(noun)}")
    function = {"objname": node["funcname"], "objargs": []}
    found = find_function(planner, function, "FUNCTION")
    if not isinstance(found, str) and not names.actor.may(found, "EXECUTE"):
        raise error("42501", f"permission denied for function {of_noun(found).name}")


def _word(noun: Noun) -> str:
    return of_noun(noun).word


def _require_owner(planner: Planner, kind: str, node: Node) -> None:
    """See that the acting role owns every object that a definition names, or its schema where it is dropped."""
    for whole, target in _named(planner, node):
        if target is None or planner.names.actor.owns_as(target.owner):
            continue
        if kind == "DropStmt" and _owns_schema(planner, target):
            continue
        word = (
            "relation"
            if whole in {"OBJECT_POLICY", "OBJECT_TRIGGER", "OBJECT_RULE"}
            else target.word
        )
        word = "index" if whole == "OBJECT_INDEX" else word
        raise error("42501", f"must be owner of {word} {target.name}")


def _named(planner: Planner, node: Node) -> Iterator[tuple[str, Grantable | None]]:
    kinds = ("removeType", "objtype", "objectType", "renameType")
    whole: str = next((node[key] for key in kinds if key in node), "OBJECT_TABLE")
    for key in ("relation", "table", "sequence"):
        if key in node:
            relation = node[key]
            parts = [relation[name] for name in ("schemaname", "relname") if name in relation]
            yield whole, find_relation(planner, parts)
    if "func" in node:
        yield whole, find_owned(planner, whole, {"ObjectWithArgs": node["func"]})
    if "typeName" in node:
        yield whole, find_owned(planner, "OBJECT_TYPE", {"items": node["typeName"]})
    for item in (*node.get("objects", ()), *([node["object"]] if "object" in node else ())):
        yield whole, find_owned(planner, whole, item)
    if whole == "OBJECT_SCHEMA" and "subname" in node:
        yield whole, find_owned(planner, whole, {"String": {"sval": node["subname"]}})


def _owns_schema(planner: Planner, target: Grantable) -> bool:
    if target.noun is None or target.kind == "n":
        return False
    is_table = target.noun.layout != "definition"
    schema = split_name(target.noun.name)[0] if is_table else split_definition(target.noun.name)[1]
    found = of_schema(planner.catalog, planner.names.objects, schema)
    return planner.names.actor.owns_as(found.owner)


def _require_merge(planner: Planner, node: Node) -> None:
    noun = planner.names.table(node["relation"])
    if noun is None:
        return
    binder = planner.binder()
    for item in node["mergeWhenClauses"]:
        command = _MERGING.get(item["MergeWhenClause"]["commandType"])
        if command is not None:
            require_privilege(binder, noun, command)
    if is_guarded(binder, noun):
        raise not_supported("MERGE under row-level security")


_CHECKS: dict[str, Callable[[Planner, Node], None]] = {
    "CreateSchemaStmt": _require_database, "CreatedbStmt": _require_creator, "DropdbStmt": _require_creator,
    "CreateTrigStmt": _require_trigger, "TruncateStmt": _require_truncate, "MergeStmt": _require_merge,
}  # fmt: skip
