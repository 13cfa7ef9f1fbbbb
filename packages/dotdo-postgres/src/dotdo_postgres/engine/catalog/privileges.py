"""Answers to questions about privileges: has_table_privilege and its kin, pg_has_role, access control lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.policies import concerns
from dotdo_postgres.engine.catalog.regtypes import role_name
from dotdo_postgres.engine.catalog.roles import known_roles, shown_items
from dotdo_postgres.engine.objects.acl import (
    ALL,
    LETTERS,
    ORDER,
    PUBLIC,
    WORDS,
    Item,
    default_items,
    options_held,
)
from dotdo_postgres.engine.objects.actor import Actor, actor_named, memberships
from dotdo_postgres.engine.objects.grantable import (
    Grantable,
    of_column,
    of_noun,
    of_schema,
    of_sequence,
    of_system,
)
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.objects.lookup import relation_key
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import static_rows
from dotdo_postgres.spec.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.objects.names import Names

_DATABASE_OID = 5
_LETTERS = {"table": "r", "any_column": "c", "column": "c", "sequence": "S", "schema": "n", "database": "d", "function": "f",
            "type": "T", "language": "l", "tablespace": "t", "foreign_data_wrapper": "l", "server": "l"}  # fmt: skip
_CATALOG_KINDS = {"r": "r", "s": "S", "d": "d", "f": "f", "l": "l", "n": "n", "T": "T", "c": "c", "t": "t", "F": "l", "S": "l"}  # fmt: skip
_READ_ONLY = "r"


def has_privilege(facts: Facts, kind: str, role: str | int, target: str | int, *more: Any) -> int | None:  # fmt: skip
    """Tell whether a role has any of the privileges, which commas separate, on an object; None when there is none of that OID."""
    names = facts.names
    wanted = _wanted(more[-1], _LETTERS[kind])
    actor = _actor(facts, role)
    found = _FINDERS[kind](facts, target)
    if found is None:
        return None
    columns: list[Grantable] = []
    if kind in {"column", "any_column"} and found.noun is not None:
        columns = [of_column(found.noun, column) for column in found.noun.columns]
        if kind == "column":
            place = _place(names, found, more[0])
            if place is None:
                return None
            columns = columns[place : place + 1]
    return int(any(_holds(actor, [found, *columns], letter, is_option) for letter, is_option in wanted))  # fmt: skip


def _holds(actor: Actor, targets: list[Grantable], letter: str, is_option: bool) -> bool:
    if actor.is_superuser:
        return True
    for target in targets:
        if is_option:
            may = letter in options_held(target.actual, actor.roles, target.owner, target.kind)
        else:
            may = actor.holds(target, WORDS[letter])
        if may:
            return True
    return False


def _wanted(text: str, kind: str) -> list[tuple[str, bool]]:
    """Read the privileges asked about.

    Raises:
        PostgresError: there is no such privilege on such an object (22023).
    """
    found = []
    for part in text.split(","):
        word = " ".join(part.split()).upper()
        bare = word.removesuffix(" WITH GRANT OPTION")
        letter = LETTERS.get(bare)
        if letter is None or letter not in ALL[kind]:
            raise error("22023", f'unrecognized privilege type: "{part.strip()}"')
        found.append((letter, bare != word))
    return found


def _actor(facts: Facts, role: str | int) -> Actor:
    """Return the role that is asked about.

    Raises:
        PostgresError: there is none of that name (42704).
    """
    names = facts.names
    name = role_name(names, role) if isinstance(role, int) else role
    if name is None:
        return Actor("", is_superuser=False, is_above_rows=False)
    if name == PUBLIC:
        return Actor(PUBLIC, is_superuser=False, is_above_rows=False)
    if name not in known_roles(names) and name != facts.session_user:
        raise error("42704", f'role "{name}" does not exist')
    return actor_named(names.objects, name)


def _place(names: Names, table: Grantable, column: str | int) -> int | None:
    """Return the place of a column among those of its table; None when there is none of that number.

    Raises:
        PostgresError: there is none of that name (42703).
    """
    del names
    assert table.noun is not None
    for at, one in enumerate(table.noun.columns):
        number = one.extra.get("postgres", {}).get("number", at + 1)
        if column in {one.name, number}:
            return at
    if isinstance(column, str):
        raise error("42703", f'column "{column}" of relation "{table.name}" does not exist')
    return None


# --- the objects asked about -----------------------------------------------------------------


def _relation(facts: Facts, target: str | int) -> Grantable | None:
    names = facts.names
    oid = names.read_reg(t.REGCLASS, target) if isinstance(target, str) else target
    key = relation_key(names, oid)
    if key is None:
        return None
    objects = names.objects
    if key in objects.sequences:
        return of_sequence(objects.sequences[key])
    noun = objects.relations.get(key) or objects.indexes.get(key)
    if noun is not None:
        return of_noun(noun)
    items = (
        *default_items("r", "postgres"),
        *(() if key[1] in _HIDDEN else (Item(PUBLIC, "postgres", _READ_ONLY),)),
    )
    return Grantable("r", "table", key[1], "postgres", items, None)


_HIDDEN = frozenset({
    "pg_authid", "pg_statistic", "pg_subscription", "pg_user_mapping", "pg_shadow", "pg_largeobject", "pg_statistic_ext_data",
    "pg_hba_file_rules", "pg_ident_file_mappings", "pg_file_settings", "pg_config", "pg_shmem_allocations",
    "pg_backend_memory_contexts", "pg_replication_origin_status",
})  # fmt: skip


def _sequence(facts: Facts, target: str | int) -> Grantable | None:
    found = _relation(facts, target)
    if found is not None and found.kind != "S":
        raise error("42809", f'"{found.name}" is not a sequence')
    return found


def _schema(facts: Facts, target: str | int) -> Grantable | None:
    from dotdo_postgres.engine.catalog.regtypes import namespace_name

    names = facts.names
    name = target if isinstance(target, str) else namespace_name(names, target)
    if name is None:
        return None
    if not names.has_schema(name):
        raise error("3F000", f'schema "{name}" does not exist')
    return of_schema(names.catalog, names.objects, name)


def _database(facts: Facts, target: str | int) -> Grantable | None:
    is_named = isinstance(target, str)
    if target not in {facts.database, _DATABASE_OID, "postgres", "template1", "template0", 1, 4}:
        if is_named:
            raise error("3D000", f'database "{target}" does not exist')
        return None
    oid = _DATABASE_OID if target in {facts.database, _DATABASE_OID} else 1
    return of_system(facts.names.catalog, "d", "database", facts.database, oid)


def _function(facts: Facts, target: str | int) -> Grantable | None:
    names = facts.names
    oid = names.read_reg(2202, target) if isinstance(target, str) else target
    noun = names.catalog.by_id.get(oid - FIRST_OID)
    if noun is not None and noun.name.startswith("$function "):
        return of_noun(noun)
    if any(row[0] == oid for rows in FUNCTIONS.values() for row in rows):
        return of_system(names.catalog, "f", "function", str(target), oid)
    return None


def _type(facts: Facts, target: str | int) -> Grantable | None:
    names = facts.names
    oid = names.read_reg(t.REGTYPE, target) if isinstance(target, str) else target
    noun = names.catalog.by_id.get(oid - FIRST_OID)
    if noun is not None and noun.name.startswith("$type "):
        return of_noun(noun)
    return of_system(names.catalog, "T", "type", str(target), oid) if oid in t.BY_OID else None


def _language(facts: Facts, target: str | int) -> Grantable | None:
    for row in static_rows("pg_language"):
        if target in {row[0], row[1]}:
            return of_system(facts.names.catalog, "l", "language", str(row[1]), int(row[0]))
    if isinstance(target, str):
        raise error("42704", f'language "{target}" does not exist')
    return None


def _tablespace(facts: Facts, target: str | int) -> Grantable | None:
    if target in {"pg_default", 1663, "pg_global", 1664}:
        return of_system(facts.names.catalog, "t", "tablespace", str(target), 1663)
    if isinstance(target, str):
        raise error("42704", f'tablespace "{target}" does not exist')
    return None


def _foreign(facts: Facts, target: str | int) -> Grantable | None:
    del facts
    if isinstance(target, str):
        raise error("42704", f'server "{target}" does not exist')
    return None


_FINDERS: dict[str, Callable[[Facts, str | int], Grantable | None]] = {
    "table": _relation, "column": _relation, "any_column": _relation, "sequence": _sequence, "schema": _schema, "database": _database,
    "function": _function, "type": _type, "language": _language, "tablespace": _tablespace, "foreign_data_wrapper": _foreign,
    "server": _foreign,
}  # fmt: skip


# --- roles, policies, lists ------------------------------------------------------------------


def has_role(facts: Facts, role: str | int, group: str | int, wanted: str) -> int | None:
    """Tell whether a role is a member of another (MEMBER), has its privileges (USAGE), or may let others in."""
    names = facts.names
    actor = _actor(facts, role)
    name = role_name(names, group) if isinstance(group, int) else group
    if name is None or (name not in known_roles(names) and name != facts.session_user):
        if isinstance(group, str):
            raise error("42704", f'role "{group}" does not exist')
        return 0
    return int(any(_is_role(names, actor, name, part.strip()) for part in wanted.split(",")))


def _is_role(names: Names, actor: Actor, name: str, wanted: str) -> bool:
    kind, _, option = wanted.upper().partition(" WITH ")
    if kind not in {"USAGE", "MEMBER"} or option not in {"", "GRANT OPTION", "ADMIN OPTION"}:
        raise error("22023", f'unrecognized privilege type: "{wanted}"')
    if actor.is_superuser:
        return True
    every = memberships(names.objects, actor.name, is_inheriting=kind == "USAGE" and not option)
    if not option:
        return name in every
    roles = names.objects.roles
    return any(name in facts_of(roles[one]).get("admin_of", ()) for one in every if one in roles)


def is_row_security_active(facts: Facts, relation: str | int) -> int:
    """Tell whether policies concern the acting role on a table."""
    names = facts.names
    oid = names.read_reg(t.REGCLASS, relation) if isinstance(relation, str) else relation
    key = relation_key(names, oid)
    noun = None if key is None else names.objects.relations.get(key)
    return int(noun is not None and concerns(names.actor, noun))


def default_list(facts: Facts, kind: str, owner: int) -> str:
    """Return what is granted on an object of a kind on which nothing was granted yet."""
    letter = _CATALOG_KINDS.get(kind)
    if letter is None:
        raise error("XX000", f"unrecognized object type abbreviation: {kind}")
    name = role_name(facts.names, owner) or str(owner)
    return arrays.pack(list(shown_items(default_items(letter, name)) or ()))


def make_item(facts: Facts, grantee: int, grantor: int, privileges: str, is_grantable: int) -> str:
    """Make an entry of an access control list."""
    found = ""
    for part in privileges.split(","):
        letter = LETTERS.get(part.strip().upper())
        if letter is None:
            raise error("22023", f'unrecognized privilege type: "{part.strip()}"')
        found += letter
    letters = "".join(letter for letter in ORDER if letter in found)
    names = [
        PUBLIC if oid == 0 else role_name(facts.names, oid) or str(oid)
        for oid in (grantee, grantor)
    ]
    return str(Item(names[0], names[1], letters, letters if is_grantable else ""))


ANSWERS: dict[str, Callable[..., Any]] = {
    "has_privilege": has_privilege,
    "has_role": has_role,
    "is_row_security_active": is_row_security_active,
    "default_list": default_list,
    "make_item": make_item,
}
