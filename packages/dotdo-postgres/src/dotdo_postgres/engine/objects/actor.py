"""Who acts in a session: its role, what it is a member of, and what it may do to relations and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.spec.catalog import static_rows

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.objects.collected import Objects

OWNER = "postgres"
PUBLIC = "public"


@dataclass(slots=True, frozen=True)
class Actor:
    """A role that acts.

    Args:
        name: Its name.
        is_superuser: Nothing is refused to it.
        is_above_rows: Policies do not concern it.
        roles: Itself, the roles it is a member of, and `public`.
    """

    name: str
    is_superuser: bool = True
    is_above_rows: bool = True
    roles: frozenset[str] = frozenset({PUBLIC})

    def owns(self, noun: Noun) -> bool:
        """Tell whether the role owns a relation."""
        return self.is_superuser or facts_of(noun).get("owner", OWNER) in self.roles

    def may(self, noun: Noun, privilege: str) -> bool:
        """Tell whether the role has a privilege on an object."""
        if self.owns(noun):
            return True
        grants = facts_of(noun).get("grants", {})
        return any(privilege in grants.get(role, ()) for role in self.roles)


def actor_named(objects: Objects, name: str) -> Actor:
    """Return the role of that name; one that nobody created is the owner of everything."""
    noun = objects.roles.get(name)
    own = {str(row[1]): bool(row[2]) for row in static_rows("pg_authid")}
    if noun is None:
        is_superuser = own.get(name, True)
        return Actor(name, is_superuser, is_superuser, frozenset({name, PUBLIC}))
    attributes = facts_of(noun).get("attributes", {})
    is_superuser = bool(attributes.get("rolsuper"))
    return Actor(
        name, is_superuser, is_superuser or bool(attributes.get("rolbypassrls")), frozenset(memberships(objects, name)),
    )  # fmt: skip


def memberships(objects: Objects, name: str) -> set[str]:
    """Return a role, the roles it is a member of however far away, and `public`."""
    found, left = {PUBLIC}, [name]
    while left:
        role = left.pop()
        if role not in found:
            found.add(role)
            noun = objects.roles.get(role)
            left += facts_of(noun).get("member_of", ()) if noun is not None else ()
    return found
