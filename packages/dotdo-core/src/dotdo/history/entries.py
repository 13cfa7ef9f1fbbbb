"""The log read as changes: each entry with the row before and after it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import cast

import orjson

from dotdo.graph.rows import ColumnRows, DocumentRows, Rows
from dotdo.graph.thing import Thing
from dotdo.history.transactions import one_state
from dotdo.storage import Noun, Session, Value, decode_noun, system
from dotdo.storage.images import Images
from dotdo.storage.names import quoted
from dotdo.values import Canonical

Image = bytes | None

_ENTRIES = "select seq, noun, op, id, before from _log where seq > ? and seq <= ?"
_OF_NOUNS = f"{_ENTRIES} and (noun in (select value from json_each(?)) or op = {system.EVENT})"
_IMAGES = frozenset({system.INSERT, system.UPDATE, system.DELETE, system.REWRITE})
_LATER = "select before, op from _log where seq = (select min(seq) from _log where seq > ? and noun = ? and id = ? and op between 1 and 4)"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log, images as stored.

    Args:
        seq: Its position.
        noun: Number of the noun; 0 for records and for events about no thing.
        op: One of `dotdo.storage.system`'s operations.
        row: Row id.
        before: Image of the row before; of an event its payload.
        after: Image of the row after.
    """

    seq: int
    noun: int
    op: int
    row: int
    before: Canonical
    after: Image


def entries(
    session: Session, after: int, upto: int, nouns: Collection[int] | None = None
) -> list[Entry]:
    """Return the entries in the range (after, upto], each with its after-image.

    The after-image of an entry is the image before the row's next entry, else the row as it is now.

    Args:
        session: Sees the log.
        after: A log position.
        upto: A log position.
        nouns: Only the entries of nouns with these numbers, and domain events.
    """
    sql, params = _ENTRIES, cast("list[Value]", [after, upto])
    if nouns is not None:
        sql, params = _OF_NOUNS, [after, upto, orjson.dumps(list(nouns)).decode()]
    with one_state(session):
        found: list[Entry] = []
        later: dict[tuple[int, int], Image] = {}
        for seq, noun, op, row, before in reversed(session.read(f"{sql} order by seq", params)):
            key = (noun, row)
            image: Image = None
            if op in {system.INSERT, system.UPDATE}:
                image = later[key] if key in later else _next_image(session, *key, upto)
            if op in _IMAGES:
                later[key] = None if op == system.INSERT else before
            found.append(Entry(seq, noun, op, row, before, image))
        return found[::-1]


def _next_image(session: Session, noun: int, row: int, upto: int) -> Image:
    """Return the image of a row as of a log position, out of what came after it."""
    later = session.read(_LATER, (upto, noun, row))
    if later:
        return None if later[0][1] == system.INSERT else later[0][0]
    definition = session.catalog.by_id.get(noun)
    if definition is None:
        return None
    found = session.read(session.catalog.images(definition).select, (row,))
    return found[0][0] if found else None


class Reader:
    """Reads images as things, by the definition that held when each was logged.

    Args:
        session: Sees the log.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._definitions: dict[int, list[tuple[int, Noun | None]]] = {}
        self._selects: dict[int, tuple[str, Rows, Noun]] = {}

    def noun_at(self, number: int, seq: int) -> Noun | None:
        """Return a noun as it was defined at a log position, None when it did not exist."""
        if number < system.FIRST_NOUN:
            return self._session.catalog.by_id.get(number)
        return next((noun for at, noun in self._versions(number) if at <= seq), None)

    def spans(self, noun: Noun) -> Iterator[tuple[Noun, tuple[int, int]]]:
        """Yield the definitions that a noun has had, each with the log positions (after, upto] of its images."""
        last = 1 << 62
        for at, definition in self._versions(noun.id):
            if definition is not None:
                yield definition, (at, last)
            last = at

    def _versions(self, number: int) -> list[tuple[int, Noun | None]]:
        known = self._definitions.get(number)
        if known is None:
            rows = self._session.read(
                "select seq, def from _schema where noun = ? order by seq desc", (number,)
            )
            known = self._definitions[number] = [
                (at, None if text is None else decode_noun(text)) for at, text in rows
            ]
        return known

    def thing(self, noun: Noun, image: Image) -> Thing | None:
        """Return the thing that an image shows, None for none."""
        if image is None:
            return None
        found = self._selects.get(id(noun))
        if found is None:
            found = self._selects[id(noun)] = _thing_select(noun)
        select, rows, _ = found
        return rows.thing(self._session.read(select, (image,))[0])


def _thing_select(noun: Noun) -> tuple[str, Rows, Noun]:
    """Return the statement that reads an image as a row (and the noun, so that its id stays its own)."""
    images = Images(noun)
    rows: Rows = DocumentRows(noun) if noun.layout == "document" else ColumnRows(noun)
    decoded = ", ".join(
        f"{value} as {quoted(column)}"
        for column, value in zip(images.columns, images.decoded("?1"), strict=True)
    )
    return f"select {rows.columns} from (select {decoded})", rows, noun
