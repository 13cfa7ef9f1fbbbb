"""Which fields the documents of a noun have ever had: what lets them be read as rows."""

from collections.abc import Collection, Iterable
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary

from dotdo.storage import Noun, Session, Store


class _Field(NamedTuple):
    noun: int
    name: str


_known: WeakKeyDictionary[Store, dict[int, set[str]]] = WeakKeyDictionary()


def unknown_fields(session: Session, noun: Noun, fields: Collection[str]) -> list[str]:
    """Return the fields that no document of the noun has had; they are to be entered with what is about to be written.

    Args:
        session: Sees the store's fields.
        noun: Whose documents; of a noun with columns no field needs to be known.
        fields: Top-level names about to be written.
    """
    if noun.layout != "document":
        return []
    of_store = _known.get(session.store)
    if of_store is None:
        of_store = _known[session.store] = {}
    known = of_store.get(noun.id)
    if known is not None and known.issuperset(fields):
        return []
    known = set(fields_of(session, noun))
    if not session.in_transaction:  # what it has entered itself may be undone
        of_store[noun.id] = known
    return [field for field in fields if field not in known]


def enter_new_fields(session: Session, noun: Noun, fields: Collection[str]) -> None:
    """Enter those of the fields that no document of the noun has had; within `mutate`, before they are written.

    Args:
        session: Writes them.
        noun: Whose documents.
        fields: Top-level names about to be written.
    """
    if unknown := unknown_fields(session, noun, fields):
        enter_fields(session, noun.id, unknown)


def enter_fields(session: Session, noun: int, fields: Iterable[str]) -> None:
    """Enter fields of a noun's documents, within `mutate`; those of an open transaction when it commits."""
    for field in fields:
        session.at_commit(_Field(noun, field), partial(_enter, session, noun, field))


def _enter(session: Session, noun: int, field: str) -> None:
    session.execute("insert or ignore into _field values (?, ?)", (noun, field))


def fields_of(session: Session, noun: Noun) -> list[str]:
    """Return the names of the fields that documents of the noun have had, sorted."""
    rows = session.read("select name from _field where noun = ? order by name", (noun.id,))
    found = [str(name) for (name,) in rows]
    entered = {
        key.name
        for key in session.left_for_commit()
        if isinstance(key, _Field) and key.noun == noun.id
    }
    return sorted(entered.union(found)) if entered else found
