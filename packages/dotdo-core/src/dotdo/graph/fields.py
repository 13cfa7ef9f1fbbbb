"""Which fields the documents of a noun have ever had: what lets them be read as rows."""

from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from dotdo.storage import Noun, Session, Store

_known: WeakKeyDictionary[Store, dict[int, set[str]]] = WeakKeyDictionary()


def observe(session: Session, noun: Noun, fields: Iterable[str]) -> Callable[[], object] | None:
    """Return what enters fields not seen before, to run in the same transaction; None when all are known.

    Args:
        session: Sees the store's fields.
        noun: Whose documents.
        fields: Top-level names about to be written.
    """
    of_store = _known.get(session.store)
    if of_store is None:
        of_store = _known[session.store] = {}
    known = of_store.get(noun.id)
    if known is None or not known.issuperset(fields):
        known = of_store[noun.id] = set(fields_of(session, noun))
    missing = [field for field in fields if field not in known]
    return (lambda: enter_fields(session, noun.id, missing)) if missing else None


def enter_fields(session: Session, noun: int, fields: Iterable[str]) -> None:
    """Enter fields of a noun's documents, within `mutate`."""
    session.pin()  # these are no rows that could be taken out of the file and put back
    for field in fields:
        session.execute("insert or ignore into _field values (?, ?)", (noun, field))


def fields_of(session: Session, noun: Noun) -> list[str]:
    """Return the names of the fields that documents of the noun have had, sorted."""
    rows = session.read("select name from _field where noun = ? order by name", (noun.id,))
    return [str(name) for (name,) in rows]
