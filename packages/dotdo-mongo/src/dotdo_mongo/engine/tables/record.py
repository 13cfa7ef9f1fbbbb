"""A stored document with the row that it lies in, and what a table of such rows can do; it interprets no query."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from bson.raw_bson import RawBSONDocument

from dotdo.storage import Noun, Row, Session, Value
from dotdo_mongo.mapping.codec import decode, encode, raw

Document = dict[str, Any]
Params = tuple[Value, ...]


class Reader(Protocol):
    """What runs reading statements: a kernel session, or a store that lends one for each."""

    def read(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Return the rows of a statement."""


class Record:
    """One stored document.

    Args:
        row: Its row id.
        data: Its BSON, or None when another door wrote it last.
        load: Makes the document where there is no BSON.
    """

    __slots__ = ("_document", "_load", "data", "row")

    def __init__(
        self, row: int, data: bytes | None, load: Callable[[], Document] | None = None
    ) -> None:
        self.row, self.data, self._load = row, data, load
        self._document: Document | None = None

    @property
    def document(self) -> Document:
        """The document; not to be changed."""
        found = self._document
        if found is None:
            if self.data is not None:
                found = decode(self.data)
            else:
                assert self._load is not None
                found = self._load()
            self._document = found
        return found

    @property
    def encoded(self) -> bytes:
        """The document's BSON."""
        if self.data is None:
            self.data = encode(self.document)
        return self.data

    def reply(self) -> RawBSONDocument:
        """Return the document as it goes into a reply."""
        return raw(self.encoded)


class Condition(NamedTuple):
    """What narrows a scan down, in SQL.

    Args:
        sql: An expression over the table's columns.
        params: Its parameters.
        order: ORDER BY terms when the rows are wanted in another order than their own.
    """

    sql: str = ""
    params: tuple[Value, ...] = ()
    order: str = ""


EVERYTHING = Condition()
"""What leaves every row."""


class Table(Protocol):
    """Documents of one noun."""

    noun: Noun
    table: str

    def scan(
        self, reader: Reader, condition: Condition = ..., *, backward: bool = False
    ) -> Iterator[Record]:
        """Yield the records that a condition leaves, in natural order, reading on as they are asked for."""

    def by_identity(self, reader: Reader, identity: Any) -> Record | None:
        """Return the record with that `_id`."""

    def count(self, reader: Reader, condition: Condition = ...) -> int:
        """Return how many records a condition leaves."""

    def insert(self, session: Session, document: Document, data: bytes | None = None) -> int | None:
        """Insert a document within `mutate`; None when its `_id` is taken, else its row id."""

    def replace(
        self, session: Session, record: Record, document: Document, data: bytes | None = None
    ) -> None:
        """Give a record another content, encoded already if `data` is given, within `mutate`."""

    def delete(self, session: Session, record: Record) -> None:
        """Delete a record within `mutate`."""
