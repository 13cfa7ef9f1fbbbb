"""Who acts in a session: its role, what it is a member of, and what it may do to relations and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.acl import LETTERS, PUBLIC, held
from dotdo_postgres.engine.objects.grantable import (
    OWNER,
    Grantable,
    of_column,
    of_noun,
    owner_of,
)
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.spec.catalog import static_rows

if TYPE_CHECKING:
    from dotdo.storage import Column, Noun
    from dotdo_postgres.engine.objects.collected import Objects


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

    def owns_as(self, owner: str) -> bool:
        """Tell whether what that role owns is the acting one's."""
        return self.is_superuser or owner in self.roles

    def owns(self, noun: Noun) -> bool:
        """Tell whether the role owns an object."""
        return self.owns_as(owner_of(noun))

    def may(self, noun: Noun, privilege: str) -> bool:
        """Tell whether the role has a privilege on a table, view, schema, function, type or sequence that stands alone."""
        return self.is_superuser or self.holds(of_noun(noun), privilege)

    def holds(self, target: Grantable, privilege: str) -> bool:
        """Tell whether the role has a privilege on an object."""
        letter = LETTERS[privilege]
        if self.is_superuser or letter in held(target.actual, self.roles):
            return True
        return any(
            role in self.roles and letter in letters.get(target.kind, "")
            for role, letters in _EVERYWHERE.items()
        )

    def may_column(self, noun: Noun, column: Column, privilege: str) -> bool:
        """Tell whether the role has a privilege on a column by itself."""
        return LETTERS[privilege] in held(of_column(noun, column).actual, self.roles)


#: Roles of PostgreSQL's own that may read or write whatever there is.
_EVERYWHERE = {
    "pg_read_all_data": {"r": "r", "S": "r", "n": "U", "c": "r"},
    "pg_write_all_data": {"r": "awd", "S": "w", "n": "U", "c": "aw"},
}


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


def memberships(objects: Objects, name: str, *, is_inheriting: bool = True) -> set[str]:
    """Return a role, the roles it is a member of however far away, and `public`.

    Args:
        objects: What there is.
        name: The role.
        is_inheriting: Only those whose privileges it has without SET ROLE.
    """
    found, left = {PUBLIC}, [name]
    while left:
        role = left.pop()
        if role in found:
            continue
        found.add(role)
        noun = objects.roles.get(role)
        facts = {} if noun is None else facts_of(noun)
        if not is_inheriting or facts.get("attributes", {}).get("rolinherit", 1):
            left += facts.get("member_of", ())
            left += _OWN_MEMBERSHIPS.get(role, ())
    return found


_OWN_MEMBERSHIPS = {
    "pg_monitor": ("pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables")
}
__all__ = ["OWNER", "PUBLIC", "Actor", "actor_named", "memberships"]
