"""ALTER DEFAULT PRIVILEGES: what objects that are made later begin with."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import Noun, alter_noun, create_noun, drop_noun
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.grants import read_change, read_letters
from dotdo_postgres.engine.ddl.role_names import role_named
from dotdo_postgres.engine.objects.acl import default_items, kept_items, read_items
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_KINDS = {
    "OBJECT_TABLE": ("r", "table"), "OBJECT_SEQUENCE": ("S", "sequence"), "OBJECT_FUNCTION": ("f", "function"),
    "OBJECT_TYPE": ("T", "type"), "OBJECT_SCHEMA": ("n", "schema"),
}  # fmt: skip


def plan_default_privileges(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER DEFAULT PRIVILEGES."""
    return Prepared(None, (), "ALTER DEFAULT PRIVILEGES", define(_alter), detail=node)


def _alter(session: Session, planner: Planner, node: Node) -> None:
    action = node["action"]
    given = {
        item["DefElem"]["defname"]: item["DefElem"]["arg"]["List"]["items"]
        for item in node.get("options", [])
    }
    kind, word = _KINDS[action["objtype"]]
    letters = read_letters(action.get("privileges", []), kind, word)
    if kind == "n" and "schemas" in given:
        raise error("0LP01", "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS")
    change = read_change(session, planner, action)
    roles = [role_named(session, planner, item["RoleSpec"]) for item in given.get("roles", [])]
    actor = planner.names.actor
    for role in roles or [session.facts.user]:
        if not actor.is_superuser and role not in actor.roles:
            raise error("42501", "permission denied to change default privileges")
        for schema in [item["String"]["sval"] for item in given.get("schemas", [])] or [""]:
            place = planner.names.require_schema(schema) if schema else ""
            own = () if place else default_items(kind, role)
            present = session.planner().names.objects.default_acls.get((role, place, kind))
            kept = None if present is None else read_items(facts_of(present)["acl"])
            items = change.applied(own if kept is None else kept, role, letters, role)
            _keep(session, present, (role, place, kind), None if items == own else items)


def _keep(session: Session, present: Noun | None, key: tuple[str, str, str], items: Any) -> None:
    role, schema, kind = key
    if present is not None and items is None:
        drop_noun(session.kernel, present)
    elif present is not None:
        alter_noun(session.kernel, with_facts(present, acl=kept_items(items)))
    elif items is not None:
        facts = {"role": role, "schema": schema, "kind": kind, "acl": kept_items(items)}
        name = f"$defacl {kind} {schema} {role}"
        create_noun(session.kernel, Noun(0, name, "definition", "", extra={EXTRA: facts}))
