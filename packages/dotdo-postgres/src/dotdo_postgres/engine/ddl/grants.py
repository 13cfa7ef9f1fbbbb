"""GRANT and REVOKE of privileges on objects."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo.storage import Noun, alter_noun, create_noun
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_column_facts, with_facts
from dotdo_postgres.engine.ddl.grant_targets import KINDS, columns_of, targets_of
from dotdo_postgres.engine.ddl.role_names import role_named
from dotdo_postgres.engine.objects.acl import (
    ALL,
    LETTERS,
    ORDER,
    PUBLIC,
    Items,
    granted,
    held,
    kept_items,
    options_held,
    revoked,
)
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.actor import Actor
    from dotdo_postgres.engine.objects.grantable import Grantable
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Change:
    """What a GRANT or REVOKE does to each object.

    Args:
        is_grant: GRANT; REVOKE otherwise.
        grantees: Names of roles, `public` for everybody.
        has_option: WITH GRANT OPTION, or GRANT OPTION FOR.
        is_cascading: CASCADE.
    """

    is_grant: bool
    grantees: tuple[str, ...]
    has_option: bool
    is_cascading: bool

    def applied(self, items: Items, grantor: str, letters: str, owner: str) -> Items:
        """Return a list as it becomes.

        Raises:
            PostgresError: what was granted further would have to go, too (2BP01).
        """
        for grantee in self.grantees:
            if self.is_grant:
                items = granted(items, grantor, grantee, letters, with_option=self.has_option)
            else:
                items = revoked(items, grantor, grantee, letters, only_option=self.has_option, is_cascading=self.is_cascading, owner=owner)  # fmt: skip
        return items


def read_change(session: Session, planner: Planner, node: Node) -> Change:
    """Read who gets or loses privileges, and how.

    Raises:
        PostgresError: no such role (42704), another grantor (0A000), an option for everybody (0LP01).
    """
    if "grantor" in node and role_named(session, planner, node["grantor"]) != session.facts.user:
        raise error("0A000", "grantor must be current user")
    names = tuple(role_named(session, planner, item["RoleSpec"]) for item in node["grantees"])
    is_grant, has_option = bool(node.get("is_grant")), bool(node.get("grant_option"))
    if is_grant and has_option and PUBLIC in names:
        raise error("0LP01", "grant options can only be granted to roles")
    return Change(is_grant, names, has_option, node.get("behavior") == "DROP_CASCADE")


def read_letters(privileges: list[Node], kind: str, word: str) -> str:
    """Return the letters of privileges on a kind of object; ALL without any.

    Raises:
        PostgresError: there is none of that name (42601), or not on such an object (0LP01).
    """
    if not privileges:
        return ALL[kind]
    found = ""
    for item in privileges:
        name = item["AccessPriv"]["priv_name"].upper()
        letter = LETTERS.get(name)
        if letter is None:
            raise error("42601", f'unrecognized privilege type "{name.lower()}"')
        if letter not in ALL[kind]:
            raise error("0LP01", f"invalid privilege type {name} for {word}")
        found += letter
    return "".join(letter for letter in ORDER if letter in found)


def plan_grant(planner: Planner, node: Node) -> Prepared:
    """Plan GRANT and REVOKE of privileges."""
    if node["objtype"] not in KINDS:
        what = node["objtype"].removeprefix("OBJECT_").lower().replace("_", " ")
        raise not_supported(f"privileges on a {what}")
    tag = "GRANT" if node.get("is_grant") else "REVOKE"
    return Prepared(None, (), tag, define(_grant), detail=node)


def _grant(session: Session, planner: Planner, node: Node) -> None:
    change = read_change(session, planner, node)
    kind, word = KINDS[node["objtype"]]
    privileges = node.get("privileges", [])
    whole = [item for item in privileges if "cols" not in item["AccessPriv"]]
    by_column = [item["AccessPriv"] for item in privileges if "cols" in item["AccessPriv"]]
    if by_column and kind != "r":
        raise error("0LP01", "column privileges are only valid for relations")
    for target in targets_of(session, planner, node):
        letters = read_letters(whole, kind, word) if whole or not by_column else ""
        if target.kind == "S" and kind == "r":
            letters = "".join(letter for letter in letters if letter in ALL["S"])
        if letters:
            _change(session, planner, target, letters, change, is_all=not privileges)
            if target.kind == "r" and not change.is_grant:
                _revoke_columns(session, target, letters, change)
        for item in by_column:
            _change_columns(session, planner, target, item, change)


def _change_columns(
    session: Session, planner: Planner, table: Grantable, item: Node, change: Change
) -> None:
    named = [] if "priv_name" not in item else [{"AccessPriv": item}]
    letters = read_letters(named, "c", "column")
    for column in columns_of(session, table, [part["String"]["sval"] for part in item["cols"]]):
        _change(session, planner, column, letters, change, is_all=not named, table=table)


def _revoke_columns(session: Session, table: Grantable, letters: str, change: Change) -> None:
    """Take what is revoked of a table from its columns, too."""
    assert table.noun is not None
    wanted = "".join(letter for letter in letters if letter in ALL["c"])
    for column in columns_of(session, table, [c.name for c in table.noun.columns]):
        if column.items:
            items = change.applied(column.items, table.owner, wanted, table.owner)
            save(session, column, items)


def _change(
    session: Session,
    planner: Planner,
    target: Grantable,
    letters: str,
    change: Change,
    *,
    is_all: bool,
    table: Grantable | None = None,
) -> None:
    actor = planner.names.actor
    grantor, allowed = _grantor(actor, target, letters, table)
    if not allowed and not _has_any(actor, target, table):
        raise error("42501", f"permission denied for {_described(target, table)}")
    usable = "".join(letter for letter in letters if letter in allowed)
    if not (is_all and usable) and usable != letters:
        _warn(session, target, table, change, is_none=not usable)
    if usable:
        save(session, target, change.applied(target.actual, grantor, usable, target.owner))


def _grantor(
    actor: Actor, target: Grantable, letters: str, table: Grantable | None
) -> tuple[str, set[str]]:
    """Return in whose name privileges are granted, and which may be."""
    if actor.owns_as(target.owner):
        return target.owner, set(ALL[target.kind])
    best, most = actor.name, set[str]()
    for role in sorted(actor.roles - {PUBLIC}, key=lambda name: (name != actor.name, name)):
        found = options_held(target.actual, {role}, target.owner, target.kind)
        if table is not None:
            found |= options_held(table.actual, {role}, table.owner, table.kind)
        found &= set(letters)
        if len(found) > len(most):
            best, most = role, found
    return best, most


def _has_any(actor: Actor, target: Grantable, table: Grantable | None) -> bool:
    found = held(target.actual, actor.roles)
    return bool(found or (table is not None and held(table.actual, actor.roles)))


def _described(target: Grantable, table: Grantable | None) -> str:
    if table is not None:
        return f'column "{target.name}" of relation "{table.name}"'
    return f"{target.word} {target.name}"


def _warn(
    session: Session, target: Grantable, table: Grantable | None, change: Change, *, is_none: bool
) -> None:
    what = f'"{target.name}"' if table is None else _described(target, table)
    done = "were granted" if change.is_grant else "could be revoked"
    message = f"{'no' if is_none else 'not all'} privileges {done} for {what}"
    session.notice("WARNING", "01007" if change.is_grant else "01006", message)


def save(session: Session, target: Grantable, items: Items) -> None:
    """Keep what is granted on an object."""
    kept = kept_items(items)
    if target.noun is None:
        facts: dict[str, Any] = {"acl": kept}
        made = Noun(0, f"$acl {target.key}", "definition", "", extra={EXTRA: facts})
        create_noun(session.kernel, made)
        return
    noun = session.kernel.catalog.by_id[target.noun.id]
    if not target.column:
        alter_noun(session.kernel, with_facts(noun, acl=kept))
        return
    import msgspec

    columns = tuple(
        with_column_facts(c, **{target.key: kept or None}) if c.column == target.column else c
        for c in noun.columns
    )
    alter_noun(session.kernel, msgspec.structs.replace(noun, columns=columns))
