"""Roles that statements name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def role_named(session: Session, planner: Planner, node: Node) -> str:
    """Return the name of a role.

    Raises:
        PostgresError: there is none (42704).
    """
    kind = node["roletype"]
    if kind in {"ROLESPEC_CURRENT_USER", "ROLESPEC_CURRENT_ROLE"}:
        return session.facts.user
    if kind == "ROLESPEC_SESSION_USER":
        return session.facts.session_user
    if kind == "ROLESPEC_PUBLIC":
        return "public"
    from dotdo_postgres.engine.catalog.roles import known_roles

    name: str = node["rolename"]
    if name not in known_roles(planner.names) and name != session.facts.session_user:
        raise error("42704", f'role "{name}" does not exist')
    return name
