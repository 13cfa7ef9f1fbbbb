"""Roles as the catalog shows them: their numbers, rows and memberships, and the lists of what they were granted."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog.providers import Provider, Row
from dotdo_postgres.engine.objects.grantable import OWNER, Grantable
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.spec.catalog import relations, static_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.objects.acl import Items
    from dotdo_postgres.engine.objects.collected import Objects
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.session import Session

OWNER_OID = 10
_USER_OID = 16383
_OBJECT_TYPES = {"r": "r", "S": "S", "f": "f", "T": "T", "n": "n"}
ROLE_COLUMNS = (
    "rolsuper", "rolinherit", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication", "rolbypassrls",
)  # fmt: skip


@cache
def _own_oids() -> dict[str, int]:
    return {str(row[1]): int(row[0]) for row in static_rows("pg_authid")}


def role_oid(objects: Objects, name: str) -> int:
    """Return the OID of a role; a user that nobody created has one of its own."""
    noun = objects.roles.get(name)
    own = _own_oids().get(name)
    if own is not None:
        return own
    return _USER_OID if noun is None else FIRST_OID + noun.id


def owner_oid(objects: Objects, target: Grantable) -> int:
    """Return the OID of an object's owner."""
    return OWNER_OID if target.owner == OWNER else role_oid(objects, target.owner)


def shown_items(items: Items | None) -> list[str] | None:
    """Return a list as `relacl` and its kin show it."""
    return None if items is None else [str(item) for item in items]


def role_rows(session: Session) -> Iterator[Row]:
    """Yield every role: PostgreSQL's own, the session's user, and those that were made."""
    names = [name for name, _, _ in relations()["pg_catalog.pg_authid"][2]]
    seen = set()
    for row in static_rows("pg_authid"):
        found = dict(zip(names, row, strict=True))
        seen.add(found["rolname"])
        yield found | {"rolpassword": None}
    made = session.names.objects.roles
    if session.facts.session_user not in seen | set(made):
        every = dict.fromkeys(ROLE_COLUMNS, 1) | {"rolsuper": 1}
        yield _role(_USER_OID, session.facts.session_user, every)
    for name, noun in made.items():
        if name not in seen:
            yield _role(FIRST_OID + noun.id, name, facts_of(noun).get("attributes", {}))


def known_roles(names: Names) -> set[str]:
    """Return the names of all roles but the session's own user."""
    return set(_own_oids()) | set(names.objects.roles)


def _role(oid: int, name: str, attributes: Row) -> Row:
    blank: Row = dict.fromkeys(ROLE_COLUMNS, 0) | {"rolinherit": 1}
    blank |= {
        "oid": oid, "rolname": name, "rolconnlimit": -1, "rolpassword": None, "rolvaliduntil": None,
    }  # fmt: skip
    return blank | attributes


def _members(session: Session) -> Iterator[Row]:
    objects = session.names.objects
    for oid in (3374, 3375, 3377):
        yield {"roleid": oid, "member": 3373, "grantor": OWNER_OID, "admin_option": 0}
    for name, noun in objects.roles.items():
        facts = facts_of(noun)
        for group in facts.get("member_of", ()):
            yield {
                "roleid": role_oid(objects, group), "member": role_oid(objects, name),
                "grantor": role_oid(objects, facts.get("granted_by", {}).get(group, OWNER)),
                "admin_option": int(group in facts.get("admin_of", ())),
            }  # fmt: skip


def _default_lists(session: Session) -> Iterator[Row]:
    from dotdo_postgres.engine.objects.acl import read_items
    from dotdo_postgres.engine.objects.namespaces import namespace_oid

    objects = session.names.objects
    for (role, schema, kind), noun in objects.default_acls.items():
        yield {
            "oid": FIRST_OID + noun.id, "defaclrole": role_oid(objects, role),
            "defaclnamespace": namespace_oid(objects, schema) if schema else 0, "defaclobjtype": _OBJECT_TYPES[kind],
            "defaclacl": shown_items(read_items(facts_of(noun)["acl"])),
        }  # fmt: skip


PROVIDERS = (
    Provider("pg_catalog.pg_authid", role_rows, needs_session=True, is_whole=True),
    Provider("pg_catalog.pg_auth_members", _members, needs_session=True),
    Provider("pg_catalog.pg_default_acl", _default_lists),
)
