"""Access control lists: who granted which privileges on an object to whom, what PostgreSQL grants by itself, and what GRANT and REVOKE change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PUBLIC = "public"
ORDER = "arwdDxtXUCTcsA"
LETTERS = {
    "INSERT": "a", "SELECT": "r", "UPDATE": "w", "DELETE": "d", "TRUNCATE": "D", "REFERENCES": "x", "TRIGGER": "t", "EXECUTE": "X",
    "USAGE": "U", "CREATE": "C", "TEMPORARY": "T", "TEMP": "T", "CONNECT": "c", "SET": "s", "ALTER SYSTEM": "A",
}  # fmt: skip
WORDS = {letter: word for word, letter in LETTERS.items() if word != "TEMP"}
#: What there is to grant on each kind of object: a relation, a column, a sequence, a database, a function, a language, a schema, a type.
ALL = {
    "r": "arwdDxt",
    "c": "arwx",
    "S": "rwU",
    "d": "CTc",
    "f": "X",
    "l": "U",
    "n": "UC",
    "T": "U",
    "t": "C",
}
_OF_PUBLIC = {"d": "Tc", "f": "X", "l": "U", "T": "U"}


@dataclass(slots=True, frozen=True)
class Item:
    """What one role granted another.

    Args:
        grantee: Who may; `public` for everybody.
        grantor: Who granted it.
        held: Letters of the privileges.
        options: Those of them that the grantee may grant further.
    """

    grantee: str
    grantor: str
    held: str
    options: str = ""

    def __str__(self) -> str:
        marked = "".join(
            letter + ("*" if letter in self.options else "")
            for letter in ORDER
            if letter in self.held
        )
        grantee = "" if self.grantee == PUBLIC else _shown(self.grantee)
        return f"{grantee}={marked}/{_shown(self.grantor)}"


Items = tuple[Item, ...]


def _shown(name: str) -> str:
    """Return a role's name as an aclitem has it: quoted when it holds more than letters, digits and underscores."""
    if all(letter == "_" or (letter.isascii() and letter.isalnum()) for letter in name):
        return name
    return '"' + name.replace('"', '""') + '"'


def read_items(kept: Iterable[Sequence[str]] | None) -> Items | None:
    """Return a list as it is kept with an object, None when nothing was granted yet."""
    return None if kept is None else tuple(Item(*parts) for parts in kept)


def kept_items(items: Items | None) -> list[list[str]] | None:
    """Return a list in the form in which it is kept."""
    if items is None:
        return None
    return [[item.grantee, item.grantor, item.held, item.options] for item in items]


def default_items(kind: str, owner: str) -> Items:
    """Return what holds on an object on which nothing was granted."""
    found = (Item(PUBLIC, owner, _OF_PUBLIC[kind]),) if kind in _OF_PUBLIC else ()
    return found if kind == "c" else (*found, Item(owner, owner, ALL[kind]))


def held(items: Items, roles: Iterable[str]) -> set[str]:
    """Return the letters of what any of the roles may."""
    wanted = {*roles, PUBLIC}
    return {letter for item in items if item.grantee in wanted for letter in item.held}


def options_held(items: Items, roles: Iterable[str], owner: str, kind: str) -> set[str]:
    """Return the letters of what any of the roles may grant further; an owner may grant everything."""
    wanted = set(roles)
    if owner in wanted:
        return set(ALL[kind])
    return {letter for item in items if item.grantee in wanted for letter in item.options}


def granted(items: Items, grantor: str, grantee: str, letters: str, *, with_option: bool) -> Items:
    """Return a list with more privileges of one grantee."""
    found = []
    is_there = False
    for item in items:
        if (item.grantee, item.grantor) != (grantee, grantor):
            found.append(item)
            continue
        is_there = True
        options = _union(item.options, letters) if with_option else item.options
        found.append(replace(item, held=_union(item.held, letters), options=options))
    if not is_there:
        found.append(
            Item(grantee, grantor, _union(letters), _union(letters if with_option else ""))
        )
    return tuple(found)


def revoked(
    items: Items, grantor: str, grantee: str, letters: str, *, only_option: bool, is_cascading: bool, owner: str
) -> Items:  # fmt: skip
    """Return a list with fewer privileges of one grantee.

    Raises:
        PostgresError: the grantee granted them further, and CASCADE is not given (2BP01).
    """
    found = []
    lost = ""
    for item in items:
        if (item.grantee, item.grantor) == (grantee, grantor):
            lost = "".join(letter for letter in item.options if letter in letters)
            kept = item.held if only_option else _without(item.held, letters)
            if kept:
                options = _without(item.options, letters)
                found.append(replace(item, held=kept, options=options))
        else:
            found.append(item)
    changed = tuple(found)
    return _without_dependents(changed, grantee, lost, owner, is_cascading=is_cascading)


def _without_dependents(
    items: Items, grantor: str, lost: str, owner: str, *, is_cascading: bool
) -> Items:
    """Take away what was granted by a role that may grant it no more."""
    if grantor == owner:
        return items
    still = {letter for item in items if item.grantee == grantor for letter in item.options}
    gone = "".join(letter for letter in lost if letter not in still)
    if not gone:
        return items
    for item in items:
        dependent = "".join(letter for letter in item.held if letter in gone)
        if item.grantor == grantor and dependent:
            if not is_cascading:
                raise error(
                    "2BP01", "dependent privileges exist", hint="Use CASCADE to revoke them too."
                )
            items = revoked(items, grantor, item.grantee, dependent, only_option=False, is_cascading=True, owner=owner)  # fmt: skip
    return items


def with_owner(items: Items | None, old: str, new: str) -> Items | None:
    """Return the list of an object that has another owner: what the old one held and granted is the new one's."""
    if items is None:
        return None
    found: Items = ()
    for item in items:
        grantee, grantor = (new if name == old else name for name in (item.grantee, item.grantor))
        plain = _without(item.held, item.options)
        found = granted(found, grantor, grantee, plain, with_option=False) if plain else found
        if item.options:
            found = granted(found, grantor, grantee, item.options, with_option=True)
    return found


def _union(*letters: str) -> str:
    wanted = "".join(letters)
    return "".join(letter for letter in ORDER if letter in wanted)


def _without(letters: str, gone: str) -> str:
    return "".join(letter for letter in letters if letter not in gone)
