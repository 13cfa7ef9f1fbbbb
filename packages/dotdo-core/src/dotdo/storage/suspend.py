"""Taking an open transaction's changes out of the file and putting them back: what lets several of them write one SQLite file.

The changes are read out of the undo log, one segment for each savepoint; ROLLBACK then frees the writer. Putting them back checks
first that each row is as the transaction found it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotdo.errors import SerializationFailure
from dotdo.storage import system
from dotdo.storage.locks import Mode
from dotdo.storage.names import quoted

if TYPE_CHECKING:
    import apsw

    from dotdo.storage.catalog import Catalog

Image = bytes


@dataclass(slots=True)
class Change:
    """The net change of one row within a segment; None stands for no such row."""

    noun: int
    id: int
    before: Image | None
    after: Image | None
    is_key_change: bool


@dataclass(slots=True)
class Segment:
    """What was done between two savepoints.

    Args:
        savepoint: SQLite name of the savepoint that opens the segment; None for the transaction's start.
        changes: Net changes of rows.
        events: Domain events as (noun, id, payload).
    """

    savepoint: str | None
    changes: list[Change] = field(default_factory=list)
    events: list[tuple[int, int, str]] = field(default_factory=list)


def take_out(
    connection: "apsw.Connection", catalog: "Catalog", marks: list[tuple[str | None, int]]
) -> list[Segment]:
    """Return the open transaction's changes, a segment for each mark.

    Args:
        connection: Holds the transaction; it is left open.
        catalog: Definitions of its nouns.
        marks: (savepoint, last seq before it), the transaction's start first.
    """
    entries = connection.execute(
        "select seq, noun, op, id, before from _log where seq > ? order by seq desc", (marks[0][1],)
    ).fetchall()
    segments = []
    later: dict[tuple[int, int], Image | None] = {}
    position = 0
    for savepoint, start in reversed(marks):
        segment, net = Segment(savepoint), {}
        while position < len(entries) and entries[position][0] > start:
            _, noun, op, row, before = entries[position]
            position += 1
            if op == system.EVENT:
                segment.events.append((noun, row, before))
                continue
            known = net.get((noun, row))
            if known is None:
                after = (
                    later[noun, row]
                    if (noun, row) in later
                    else current(connection, catalog, noun, row)
                )
                known = net[noun, row] = Change(noun, row, None, after, is_key_change=False)
            known.before = None if op == system.INSERT else before
            known.is_key_change |= op != system.UPDATE
        for (noun, row), change in net.items():
            later[noun, row] = change.before
        segment.changes = list(net.values())
        segment.events.reverse()
        segments.append(segment)
    return segments[::-1]


def current(connection: "apsw.Connection", catalog: "Catalog", noun: int, row: int) -> Image | None:
    """Return the image of a row as it is now, None when there is none."""
    found = connection.execute(catalog.images(catalog.by_id[noun]).select, (row,)).fetchone()
    return None if found is None else found[0]


def put_back(
    connection: "apsw.Connection", catalog: "Catalog", segments: list[Segment]
) -> list[int]:
    """Apply the segments again, in a transaction that holds the writer.

    Returns:
        The last seq before each segment, in order.

    Raises:
        SerializationFailure: A row is no longer as the transaction found it.
    """
    _verify(connection, catalog, segments)
    connection.execute("pragma defer_foreign_keys = 1").fetchall()
    starts = []
    for segment in segments:
        starts.append(connection.execute("select coalesce(max(seq), 0) from _log").get)
        if segment.savepoint is not None:
            connection.execute(f"savepoint {quoted(segment.savepoint)}")
        for change in _in_order(segment.changes):
            apply(connection, catalog, change)
        for event in segment.events:
            connection.execute(
                "insert into _log(noun, op, id, before) values (?, ?, ?, ?)",
                (event[0], system.EVENT, *event[1:]),
            )
    connection.execute("pragma defer_foreign_keys = 0").fetchall()
    return starts


def _verify(connection: "apsw.Connection", catalog: "Catalog", segments: list[Segment]) -> None:
    seen = set()
    for segment in segments:
        for change in segment.changes:
            key = (change.noun, change.id)
            if key in seen:
                continue
            seen.add(key)
            if current(connection, catalog, *key) != change.before:
                msg = f"a row of {catalog.by_id[change.noun].name} was changed by another process"
                raise SerializationFailure(msg)


def _in_order(changes: list[Change]) -> Iterator[Change]:
    """Deletes first, then updates, then inserts: a unique value moves on only once it is free."""
    yield from (c for c in changes if c.after is None)
    yield from (c for c in changes if c.before is not None and c.after is not None)
    yield from (c for c in changes if c.before is None and c.after is not None)


def apply(connection: "apsw.Connection", catalog: "Catalog", change: Change) -> None:
    """Make the row what `change.after` says, from what `change.before` says."""
    if change.before == change.after:
        return
    images = catalog.images(catalog.by_id[change.noun])
    if change.after is None:
        connection.execute(images.delete, (change.id,))
    elif change.before is None:
        connection.execute(images.insert, (change.after,))
    else:
        connection.execute(images.update, (change.after, change.id))


def row_locks(changes: list[Change]) -> Iterator[tuple[tuple[int, int], Mode]]:
    """Yield the locks that a suspended transaction's own rows need."""
    for change in changes:
        yield (change.noun, change.id), Mode.UPDATE if change.is_key_change else Mode.NO_KEY_UPDATE


def merged(segments: list[Segment]) -> Segment:
    """Return one segment with the net effect of several that follow each other."""
    result = Segment(segments[0].savepoint)
    net: dict[tuple[int, int], Change] = {}
    for segment in segments:
        result.events += segment.events
        for change in segment.changes:
            known = net.get((change.noun, change.id))
            if known is None:
                net[change.noun, change.id] = change
            else:
                known.after = change.after
                known.is_key_change |= change.is_key_change
    result.changes = list(net.values())
    return result
