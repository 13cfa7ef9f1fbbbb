"""What roles that are not superusers may define: what they own, and nothing new yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.security import (
    DELETE,
    INSERT,
    UPDATE,
    is_guarded,
    require_privilege,
)
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.temporary import ALIAS
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]
_CREATING = frozenset({
    "CreateStmt", "ViewStmt", "CreateTableAsStmt", "CreateSeqStmt", "CreateEnumStmt", "CreateDomainStmt", "CompositeTypeStmt",
    "CreateFunctionStmt", "DefineStmt", "RuleStmt",
})  # fmt: skip
_OWNING = frozenset({
    "AlterTableStmt", "RenameStmt", "IndexStmt", "CommentStmt", "AlterSeqStmt", "AlterEnumStmt", "AlterDomainStmt", "DropStmt",
    "CreatePolicyStmt", "AlterPolicyStmt", "AlterObjectSchemaStmt", "RefreshMatViewStmt",
    "CreateTrigStmt", "AlterFunctionStmt",
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
        _require_place(planner, _schema(planner, node))
    if kind == "CreateSchemaStmt":
        raise error("42501", "permission denied for database")
    if kind in {"CreatedbStmt", "DropdbStmt"}:
        raise error("42501", "permission denied to create database")
    if kind in _OWNING:
        _require_owner(planner, node)
    elif kind == "TruncateStmt":
        for item in node["relations"]:
            noun = planner.names.table(item["RangeVar"])
            if noun is not None and not actor.may(noun, "TRUNCATE"):
                raise error("42501", f"permission denied for table {bare_name(noun)}")
    elif kind == "MergeStmt":
        _require_merge(planner, node)


def bare_name(noun: Noun) -> str:
    """Return the name of a table or view without its schema."""
    if noun.layout == "definition":
        return split_definition(noun.name)[2]
    return split_name(noun.name)[1]


def _require_place(planner: Planner, schema: str) -> None:
    """See that the acting role may create objects in a schema."""
    names = planner.names
    space = names.objects.schemas.get(schema)
    if schema in {names.temporary, ALIAS} or not names.has_schema(schema):
        return
    if space is None or not names.actor.may(space, "CREATE"):
        raise error("42501", f"permission denied for schema {schema}")


def _schema(planner: Planner, node: Node) -> str:
    names = planner.names
    for key in ("relation", "view", "sequence", "typevar"):
        if key in node:
            return names.key_to_create(node[key])[0]
    if "into" in node:
        return names.key_to_create(node["into"]["rel"])[0]
    parts = node.get("domainname") or node.get("typeName") or []
    return parts[-2]["String"]["sval"] if len(parts) > 1 else names.creation_schema


def _require_owner(planner: Planner, node: Node) -> None:
    """See that the acting role owns every table and view that a definition names; of other things a superuser does."""
    named = [node[key] for key in ("relation", "table") if key in node]
    named += [item["List"]["items"] for item in node.get("objects", []) if "List" in item]
    kinds = (node[key] for key in ("removeType", "objtype", "renameType") if key in node)
    whole: str = next(kinds, "OBJECT_TABLE")
    if "object" in node and "List" in node["object"]:
        named.append(node["object"]["List"]["items"])
    for one in named:
        noun = planner.names.table(_range(one, whole))
        if noun is None or planner.names.actor.owns(noun):
            continue
        word = "view" if noun.layout == "definition" else "table"
        word = "relation" if whole == "OBJECT_POLICY" else word
        raise error("42501", f"must be owner of {word} {bare_name(noun)}")
    if not named:
        raise error("42501", "permission denied: a superuser owns this object")


def _range(one: Any, whole: str) -> Node:
    if isinstance(one, dict):
        return one
    parts = [item["String"]["sval"] for item in one if "String" in item]
    if whole in {"OBJECT_COLUMN", "OBJECT_POLICY", "OBJECT_TRIGGER", "OBJECT_TABCONSTRAINT"}:
        parts = parts[:-1]
    return {"relname": parts[-1]} | ({"schemaname": parts[-2]} if len(parts) > 1 else {})


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
