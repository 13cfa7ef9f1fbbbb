"""GRANT and REVOKE of roles: who is a member of whom, and who may let others in."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import alter_noun
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.role_names import role_named
from dotdo_postgres.engine.objects.actor import OWNER, memberships
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def plan_grant_role(planner: Planner, node: Node) -> Prepared:
    """Plan GRANT and REVOKE of membership."""
    tag = "GRANT ROLE" if node.get("is_grant") else "REVOKE ROLE"
    return Prepared(None, (), tag, define(_grant_role), detail=node)


def _grant_role(session: Session, planner: Planner, node: Node) -> None:
    given = [item["DefElem"].get("arg", {}) for item in node.get("opt", [])]
    is_admin = any(arg.get("Boolean", {"boolval": True}) is not None for arg in given)
    grantor = session.facts.user
    if "grantor" in node:
        grantor = role_named(session, planner, node["grantor"])
    for item in node["granted_roles"]:
        role = {"roletype": "ROLESPEC_CSTRING", "rolename": item["AccessPriv"]["priv_name"]}
        group = role_named(session, planner, role)
        _require_admin(planner, group)
        for grantee in node["grantee_roles"]:
            member = role_named(session, planner, grantee["RoleSpec"])
            if node.get("is_grant"):
                join(session, member, group, is_admin=is_admin, grantor=grantor)
            else:
                leave(session, member, group, only_option=is_admin)


def _require_admin(planner: Planner, group: str) -> None:
    """See that the acting role may let others into a role.

    Raises:
        PostgresError: it may not (42501).
    """
    actor, roles = planner.names.actor, planner.names.objects.roles
    if actor.is_superuser:
        return
    noun = roles.get(group)
    if noun is None or facts_of(noun).get("attributes", {}).get("rolsuper"):
        message = f'must have admin option on role "{group}"'
        raise error("42501", message if noun is None else "must be superuser to alter superusers")
    own = facts_of(roles[actor.name]) if actor.name in roles else {}
    every = memberships(planner.names.objects, actor.name, is_inheriting=False)
    may = any(group in facts_of(roles[name]).get("admin_of", ()) for name in every if name in roles)
    if not own.get("attributes", {}).get("rolcreaterole") and not may:
        raise error("42501", f'must have admin option on role "{group}"')


def join(session: Session, member: str, group: str, *, is_admin: bool, grantor: str) -> None:
    """Make a role a member of another.

    Raises:
        PostgresError: that is a member of this one (0LP01).
    """
    objects = session.planner().names.objects
    if member not in objects.roles:
        return  # a role that nobody created is above all others
    if member in memberships(objects, group, is_inheriting=False) or member == group:
        raise error("0LP01", f'role "{group}" is a member of role "{member}"')
    noun = objects.roles[member]
    facts = facts_of(noun)
    groups, admins = [*facts.get("member_of", ())], [*facts.get("admin_of", ())]
    if group in groups and (not is_admin or group in admins):
        message = f'role "{member}" is already a member of role "{group}"'
        session.notice("NOTICE", "00000", message)
        return
    groups += [] if group in groups else [group]
    admins += [group] if is_admin and group not in admins else []
    grantors = facts.get("granted_by", {}) | ({group: grantor} if grantor != OWNER else {})
    changed = with_facts(
        noun, member_of=groups, admin_of=admins or None, granted_by=grantors or None
    )
    alter_noun(session.kernel, changed)


def leave(session: Session, member: str, group: str, *, only_option: bool) -> None:
    """Take a role, or only its ADMIN OPTION, away from a member."""
    noun = session.planner().names.objects.roles.get(member)
    facts = {} if noun is None else facts_of(noun)
    if noun is None or group not in facts.get("member_of", ()):
        message = f'role "{member}" is not a member of role "{group}"'
        session.notice("WARNING", "01000", message)
        return
    groups = [name for name in facts["member_of"] if only_option or name != group]
    admins = [name for name in facts.get("admin_of", ()) if name != group]
    grantors = {
        name: by for name, by in facts.get("granted_by", {}).items() if only_option or name != group
    }
    changed = with_facts(
        noun, member_of=groups or None, admin_of=admins or None, granted_by=grantors or None
    )
    alter_noun(session.kernel, changed)
