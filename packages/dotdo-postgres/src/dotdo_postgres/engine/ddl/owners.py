"""ALTER ... OWNER TO, REASSIGN OWNED and DROP OWNED."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Noun, alter_noun, create_noun, drop_noun
from dotdo_postgres.engine.catalog.dependencies import Object
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_column_facts, with_facts
from dotdo_postgres.engine.ddl.dropping import drop_objects
from dotdo_postgres.engine.ddl.functions import require_function
from dotdo_postgres.engine.ddl.owned_objects import find_owned
from dotdo_postgres.engine.ddl.role_names import role_named
from dotdo_postgres.engine.ddl.role_uses import LISTS
from dotdo_postgres.engine.ddl.types import type_noun
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.acl import Items, kept_items, read_items, with_owner
from dotdo_postgres.engine.objects.grantable import OWNER, Grantable, of_noun, of_sequence
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_KINDS = {
    "OBJECT_FUNCTION": "FUNCTION", "OBJECT_PROCEDURE": "PROCEDURE", "OBJECT_ROUTINE": "ROUTINE", "OBJECT_AGGREGATE": "AGGREGATE",
    "OBJECT_TYPE": "TYPE", "OBJECT_DOMAIN": "DOMAIN", "OBJECT_SCHEMA": "SCHEMA", "OBJECT_DATABASE": "DATABASE",
}  # fmt: skip


def plan_alter_owner(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER ... OWNER TO of what is no relation."""
    kind = node["objectType"]
    if kind not in _KINDS:
        what = kind.removeprefix("OBJECT_").replace("_", " ")
        raise not_supported(f"ALTER {what} OWNER")
    return Prepared(None, (), f"ALTER {_KINDS[kind]}", define(_alter_owner), detail=node)


def _alter_owner(session: Session, planner: Planner, node: Node) -> None:
    kind, item = node["objectType"], node["object"]
    target = find_owned(planner, kind, item)
    if target is None:
        _require_there(planner, kind, item)
        raise not_supported("another owner of an object of PostgreSQL's own")
    require_new_owner(session, planner, target, role_named(session, planner, node["newowner"]))
    change_owner(session, target, role_named(session, planner, node["newowner"]))


def _require_there(planner: Planner, kind: str, item: Node) -> None:
    """Raise the error for an object that is not there, if it is not."""
    if kind == "OBJECT_SCHEMA":
        planner.names.require_schema(item["String"]["sval"])
    elif kind in {"OBJECT_TYPE", "OBJECT_DOMAIN"}:
        type_noun(planner, item["List"]["items"])
    elif "ObjectWithArgs" in item:
        require_function(planner, item["ObjectWithArgs"], kind.removeprefix("OBJECT_"))


def require_new_owner(session: Session, planner: Planner, target: Grantable, role: str) -> None:
    """See that the acting role may give an object to another.

    Raises:
        PostgresError: it owns the object not, or is no member of the other role (42501).
    """
    actor = planner.names.actor
    if target.owner == role or actor.is_superuser:
        return
    if not actor.owns_as(target.owner):
        raise error("42501", f"must be owner of {target.word} {target.name}")
    if role not in actor.roles:
        raise error("42501", f'must be member of role "{role}"')


def change_sequence_owner(session: Session, planner: Planner, node: Node) -> None:
    """Give a sequence another owner; an index has that of its table.

    Raises:
        PostgresError: the sequence is a column's, whose table's owner it has (0A000).
    """
    relation = node["relation"]
    role = role_named(session, planner, node["cmds"][0]["AlterTableCmd"]["newowner"])
    sequence = planner.names.sequence(relation.get("schemaname"), relation["relname"])
    if sequence is None:
        message = f'cannot change owner of index "{relation["relname"]}"'
        session.notice("WARNING", "42809", message)
        return
    target = of_sequence(sequence)
    if sequence.column is not None:
        if role == target.owner:
            return
        table = split_name(sequence.noun.name)[1]
        detail = f'Sequence "{sequence.key[1]}" is linked to table "{table}".'
        raise error("0A000", f'cannot change owner of sequence "{sequence.key[1]}"', detail=detail)
    require_new_owner(session, planner, target, role)
    change_owner(session, target, role)


def change_owner(session: Session, target: Grantable, role: str) -> None:
    """Give an object another owner, who takes over what the one before held and granted."""
    if target.owner == role:
        return
    items = kept_items(with_owner(target.items, target.owner, role))
    owner = None if role == OWNER else role
    if target.noun is None:
        facts: dict[str, Any] = {"owner": role} | ({"acl": items} if items is not None else {})
        made = Noun(0, f"$acl {target.key}", "definition", "", extra={EXTRA: facts})
        create_noun(session.kernel, made)
        return
    noun = session.kernel.catalog.by_id[target.noun.id]
    if noun.name.startswith("$acl "):
        owner = role
    alter_noun(session.kernel, with_owner_facts(noun, target.owner, role, owner, items))


def with_owner_facts(
    noun: Noun, old: str, new: str, owner: str | None, items: list[list[str]] | None
) -> Noun:
    """Return a definition with another owner, its columns' lists included."""
    noun = with_facts(noun, owner=owner, acl=items)
    columns = []
    for column in noun.columns:
        facts = column.extra.get(EXTRA, {})
        changed = {
            key: kept_items(with_owner(read_items(facts[key]), old, new))
            for key in LISTS
            if key in facts
        }
        columns.append(with_column_facts(column, **changed) if changed else column)
    return msgspec.structs.replace(noun, columns=tuple(columns))


# --- REASSIGN OWNED and DROP OWNED -----------------------------------------------------------


def _roles(session: Session, planner: Planner, node: Node) -> list[str]:
    """Return the roles whose objects are meant.

    Raises:
        PostgresError: there is none of that name (42704), or the acting role is no member of it (42501).
    """
    names = [role_named(session, planner, item["RoleSpec"]) for item in node["roles"]]
    actor = planner.names.actor
    for name in names:
        if name == OWNER:
            message = f"cannot drop objects owned by role {name} because they are required by the database system"
            raise error("2BP01", message)
        if not actor.is_superuser and name not in actor.roles:
            raise error("42501", "permission denied to reassign objects" if "newrole" in node else "permission denied to drop objects")  # fmt: skip
    return names


def plan_reassign_owned(planner: Planner, node: Node) -> Prepared:
    """Plan REASSIGN OWNED."""
    return Prepared(None, (), "REASSIGN OWNED", define(_reassign), detail=node)


def _reassign(session: Session, planner: Planner, node: Node) -> None:
    names = _roles(session, planner, node)
    role = role_named(session, planner, node["newrole"])
    if not planner.names.actor.is_superuser and role not in planner.names.actor.roles:
        raise error("42501", "permission denied to reassign objects")
    for noun in list(session.kernel.catalog.by_name.values()):
        if facts_of(noun).get("owner") in names:
            change_owner(session, of_noun(noun), role)


def plan_drop_owned(planner: Planner, node: Node) -> Prepared:
    """Plan DROP OWNED."""
    return Prepared(None, (), "DROP OWNED", define(_drop_owned), detail=node)


def _drop_owned(session: Session, planner: Planner, node: Node) -> None:
    names = set(_roles(session, planner, node))
    for noun in list(session.kernel.catalog.by_name.values()):
        if split_or_none(noun) == "defacl" and facts_of(noun)["role"] in names:
            drop_noun(session.kernel, noun)
    found = [
        _object(noun)
        for noun in session.kernel.catalog.by_name.values()
        if facts_of(noun).get("owner") in names and split_or_none(noun) in _DROPPED
    ]
    planner = session.planner()
    drop_objects(session, planner.names, found, cascade=node.get("behavior") == "DROP_CASCADE")
    for noun in list(session.kernel.catalog.by_name.values()):
        _forget(session, noun, names)


_DROPPED = {"": "relation", "view": "relation", "sequence": "sequence", "type": "type", "function": "function", "schema": "schema"}  # fmt: skip


def _object(noun: Noun) -> Object:
    kind = split_or_none(noun)
    return Object(_DROPPED[kind], noun, split_definition(noun.name)[2] if kind == "schema" else "")


def split_or_none(noun: Noun) -> str:
    """Return the kind of a definition, empty for a table."""
    return split_definition(noun.name)[0] if noun.layout == "definition" else ""


def _forget(session: Session, noun: Noun, names: set[str]) -> None:
    """Take the privileges of roles on an object away."""
    facts = facts_of(noun)
    changed = noun
    if "acl" in facts and split_or_none(noun) != "defacl":
        changed = with_facts(noun, acl=_kept_without(facts["acl"], names))
    columns = []
    for column in changed.columns:
        own = column.extra.get(EXTRA, {})
        lists = {key: _kept_without(own[key], names) for key in LISTS if key in own}
        columns.append(with_column_facts(column, **lists) if lists else column)
    changed = msgspec.structs.replace(changed, columns=tuple(columns))
    if changed != noun:
        alter_noun(session.kernel, changed)


def _kept_without(kept: list[list[str]], names: set[str]) -> list[list[str]] | None:
    items: Items = tuple(
        item for item in read_items(kept) or () if not {item.grantee, item.grantor} & names
    )
    return kept_items(items)
