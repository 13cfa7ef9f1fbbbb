"""The rows of one database as a vault that its keys come from: one by one when asked for, or all in pages; it refuses to write."""

from collections.abc import Iterable, Iterator
from typing import Any

from dotdo.sql import key_to_storage
from dotdo.storage import Session, quoted
from dotdo_redis.durability.documents import NOUNS, noun_of, text
from dotdo_redis.durability.reading import EXPIRY, RAW, Reading, Row, read_key
from dotdo_redis.engine.cold import Found, Place
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.rdb import HASH_LISTPACK_EX, HASH_METADATA
from dotdo_redis.engine.types import Value

PAGE = 5000
STEP = 1000
"""So many rows are read in one go when the rest is not waited for."""
SHORT_BYTES = 64
"""A string that takes hardly more room than its place."""
PLACED = frozenset({b"string", b"hash", b"list", b"set", b"zset", b"stream"})
"""Types whose values nobody looks for but by their keys."""
ENDS = frozenset({HASH_METADATA, HASH_LISTPACK_EX})
"""The first byte of a hash whose fields end."""
ENDLESS = b"\xff" * EXPIRY.size

PLAIN = (
    f"substr(bson, 1, {EXPIRY.size + 1}) = x'{(ENDLESS + bytes((RAW,))).hex()}'"
    f" and length(bson) <= {EXPIRY.size + 1 + SHORT_BYTES} and typeof(id) = 'text'"
    " and substr(id, 1, 1) not in ('{', '[', '\"') and id not in ('true', 'false', 'null')"
)
"""A short string that never ends, whose key is text and stands as it is."""
SHOWN = "id, case when bson is null then json(data) end, bson"
Page = tuple[dict[bytes, Any], Iterable[tuple[bytes, Any, int | None]]]
"""Keys that never end, and others; with their values or places."""


def identities(key: bytes) -> tuple[Any, Any]:
    """The ids that a key may have: what we write, and the number that others may have meant."""
    written = key_to_storage(text(key))
    for kind in (int, float):
        try:
            number = kind(key)
            if str(number).encode() == key:
                return written, key_to_storage(number)
        except (ValueError, OverflowError):
            continue
    return written, None


class RowVault:
    """The keys of one database as the rows have them.

    Args:
        session: reads them.
        number: of the database.
        kinds: the types that have a noun there, each with its table.
        config: for the values.
    """

    def __init__(
        self, session: Session, number: int, kinds: dict[bytes, str], config: Config
    ) -> None:
        self._session, self._kinds = session, kinds
        self._read = Reading(session, number, config)
        self.places = {kind: self._place(kind, number) for kind in PLACED}
        self._pages = self._all_pages()
        self._sql = " union all ".join(
            f"select {at}, {SHOWN} from {quoted(table)} where id in (?1, ?2)"  # noqa: S608 - a quoted name
            for at, table in enumerate(kinds.values())
        )

    def _place(self, kind: bytes, number: int) -> Place:
        """What stands for values of a type."""
        noun, session, reading = noun_of(kind, number), self._session, self._read

        def fetch(key: bytes) -> Value | None:
            found = next((known for known in session.catalog.nouns if known.name == noun), None)
            if found is None:
                return None
            sql = f"select {SHOWN} from {quoted(found.table)} where id in (?1, ?2)"  # noqa: S608 - a quoted name
            rows = session.read(sql, identities(key))
            read = reading(kind, rows[-1]) if rows else None
            return None if read is None else read[1]

        return Place(kind, fetch)

    def find(self, key: bytes) -> Found | None:
        """The key with its value."""
        found = self._session.read(self._sql, identities(key))
        if not found:
            return None
        at, *row = found[-1]
        return self._read([*self._kinds][at], tuple(row))

    def next_page(self, *, is_awaited: bool) -> Page | None:
        """Some more of all keys; None behind the last ones."""
        self._size = PAGE if is_awaited else STEP
        return next(self._pages, None)

    def _all_pages(self) -> Iterator[Page]:
        for kind, name in self._kinds.items():
            table, last = quoted(name), -1 << 63
            sql = (
                f"select max(_id) from (select _id from {table} where _id > ? order by _id limit ?)"  # noqa: S608 - a quoted name
            )
            while (end := self._session.read(sql, (last, self._size))[0][0]) is not None:
                yield self._page(kind, table, (last, end))
                last = end

    def _page(self, kind: bytes, table: str, span: tuple[int, int]) -> Page:
        select = self._session.read
        where = f"from {table} where _id > ? and _id <= ?"
        if kind not in PLACED:
            rows = select(f"select {SHOWN} {where}", span)
            return {}, [read for row in rows if (read := self._read(kind, row)) is not None]
        if kind != b"string":
            rows = select(f"select _id, id, substr(bson, 1, 9) {where}", span)
            return {}, self._placed(kind, table, rows)
        plain = f"select cast(id as blob), substr(bson, {EXPIRY.size + 2}) {where} and {PLAIN}"
        rest = f"select _id, id, substr(bson, 1, 9) {where} and ({PLAIN}) is not true"
        return dict(select(plain, span)), self._placed(kind, table, select(rest, span))

    def _placed(self, kind: bytes, table: str, rows: list[Row]) -> Iterator[Any]:
        """Keys with places, but with values where others have written them or where fields end."""
        for number, identity, head in rows:
            if head is None or (kind == b"hash" and head[-1] in ENDS):
                sql = f"select {SHOWN} from {table} where _id = ?"  # noqa: S608 - a quoted name
                for row in self._session.read(sql, (number,)):
                    found = self._read(kind, row)
                    if found is not None:
                        yield found
                continue
            (when_ms,) = EXPIRY.unpack_from(head)
            yield read_key(identity), self.places[kind], when_ms if when_ms >= 0 else None


def kinds_of(
    nouns: Iterable[tuple[Any, bytes, int]], number: int, session: Session
) -> dict[bytes, str]:
    """The types that have rows in a database, each with its table."""
    tables = {kind: noun.table for noun, kind, its in nouns if its == number}
    return {
        kind: tables[kind]
        for kind in NOUNS
        if kind in tables and session.read(f"select 1 from {quoted(tables[kind])} limit 1")  # noqa: S608 - a quoted name
    }
