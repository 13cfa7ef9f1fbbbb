"""What searches remember of a collection's documents: terms of texts, vectors; made when first asked for, kept up with the log."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

from dotdo.storage import Retention, Store
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.guards import Guard, NewLock
from dotdo_mongo.engine.tables import DocumentTable, Reader

Document = dict[str, Any]


class Memory(Protocol):
    """Something remembered of each row."""

    def put(self, row: int, values: Any) -> None:
        """Let a row have these values."""

    def drop(self, row: int) -> None:
        """Forget a row."""


M = TypeVar("M", bound=Memory)
Read = Callable[[Document], Any]
_NO_ROW = -1


class Corpus:
    """What is remembered of one collection in one store.

    Args:
        lock: Held while it is used.
    """

    def __init__(self, lock: Guard) -> None:
        self.lock = lock
        self._position = _NO_ROW
        self._kept: dict[Any, tuple[Memory, Read]] = {}

    def refresh(self, collection: Collection, reader: Reader, *, is_fixed: bool) -> None:
        """Take note of what was written since; anew where the log is not kept whole."""
        position = 0 if is_fixed else _position(reader)
        if position == self._position:
            return
        table = collection.table
        if self._kept and isinstance(table, DocumentTable) and table.noun.retention == Retention():
            rows = [
                int(row)
                for (row,) in reader.read(
                    "select distinct id from _log where seq > ? and noun = ? and op < 5",
                    (self._position, collection.noun.id),
                )
            ]
            present = {record.row: record.document for record in table.at(reader, rows)}
            for memory, read in self._kept.values():
                for row in rows:
                    if row in present:
                        memory.put(row, read(present[row]))
                    else:
                        memory.drop(row)
        else:
            self._kept = {}
        self._position = position

    def remembered(
        self, collection: Collection, reader: Reader, key: Any, make: Callable[[], M], read: Read
    ) -> M:
        """Return what is remembered under a key; of all documents, when it is new.

        Args:
            collection: Whose documents.
            reader: Reads them.
            key: Names it, with all that it depends on.
            make: Makes an empty one.
            read: A document -> its values.
        """
        known = self._kept.get(key)
        if known is not None:
            return known[0]  # type: ignore[return-value]  # a key names one kind
        memory = make()
        for record in collection.table.scan(reader):
            memory.put(record.row, read(record.document))
        self._kept[key] = memory, read
        return memory


_known: WeakKeyDictionary[Store, dict[int, Corpus]] = WeakKeyDictionary()


def corpus_of(store: Store, collection: Collection, new_lock: NewLock) -> Corpus:
    """Return what is remembered of a collection, to be used with its lock."""
    number = collection.noun.id
    of_store = _known.setdefault(store, {})
    return of_store.get(number) or of_store.setdefault(number, Corpus(new_lock()))


def _position(reader: Reader) -> int:
    ((seq,),) = reader.read("select coalesce(max(seq), 0) from _log")
    return int(seq)


def values_at(document: Any, names: list[str]) -> Iterator[Any]:
    """Yield the values at a path, those in arrays one by one."""
    if isinstance(document, list):
        for item in document:
            yield from values_at(item, names)
    elif not names:
        yield document
    elif isinstance(document, dict) and names[0] in document:
        yield from values_at(document[names[0]], names[1:])


def texts_at(path: str) -> Callable[[Document], list[str]]:
    """Return the function from a document to its texts at a path."""
    names = path.split(".")
    return lambda document: [one for one in values_at(document, names) if isinstance(one, str)]


def paths_of(document: Document, prefix: str = "") -> Iterator[str]:
    """Yield the paths of a document's texts."""
    for name, value in document.items():
        path = f"{prefix}{name}"
        for one in values_at(value, []):
            if isinstance(one, dict):
                yield from paths_of(one, f"{path}.")
            elif isinstance(one, str):
                yield path
