"""Taking an open transaction's changes out of the file and putting them back: what lets several of them write one SQLite file.

The changes are read out of the undo log, one segment for each savepoint; ROLLBACK then frees the writer. Putting them back checks
first that each row is as the transaction found it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import apsw
import orjson

from dotdo.errors import SerializationFailure
from dotdo.storage import system
from dotdo.storage.names import quoted

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.guards import Key, RowRef
    from dotdo.storage.images import Images
    from dotdo.storage.locks import Mode
    from dotdo.storage.schema import Noun

_MAX_ACTION_ROUNDS = 8
_MISFIT = "the transaction's changes no longer fit the state that others have made"
_EVENT = f"insert into _log(noun, op, id, before) values (?, {system.EVENT}, ?, ?)"
_DANGLING = (
    "create temp table if not exists _dangling(id integer primary key,"
    " parent integer references _dangling(id) deferrable initially deferred)"
)

Image = bytes
Entry = tuple[int, int, int, int, Image | None]
"""An entry of the log: seq, noun, op, row, image before."""


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
        rows: Rows that the changes hold, and how.
        keys: Values of unique keys that they hold.
        dangling: Rows with a reference that leads nowhere.
    """

    savepoint: str | None
    changes: list[Change] = field(default_factory=list)
    events: list[tuple[int, int, object]] = field(default_factory=list)
    rows: "list[tuple[RowRef, Mode]]" = field(default_factory=list)
    keys: "list[Key]" = field(default_factory=list)
    dangling: "set[RowRef]" = field(default_factory=set)


def take_out(
    connection: apsw.Connection, catalog: "Catalog", marks: list[tuple[str | None, int]]
) -> list[Segment]:
    """Return the open transaction's changes, a segment for each mark.

    Args:
        connection: Holds the transaction; it is left open.
        catalog: Definitions of its nouns.
        marks: (savepoint, last seq before it), the transaction's start first.
    """
    found = connection.execute(
        "select seq, noun, op, id, before from _log where seq > ? order by seq desc", (marks[0][1],)
    ).fetchall()
    entries = cast("list[Entry]", found)
    later = _present(connection, catalog, entries)
    segments = []
    position = 0
    for savepoint, start in reversed(marks):
        first = position
        while position < len(entries) and entries[position][0] > start:
            position += 1
        segments.append(_segment(savepoint, entries[first:position], later))
    return segments[::-1]


def _segment(
    savepoint: str | None, entries: list[Entry], later: "dict[RowRef, Image | None]"
) -> Segment:
    """Sum up entries, newest first; `later` holds the rows as they are after them, and then as they were before."""
    segment = Segment(savepoint)
    net: dict[RowRef, Change] = {}
    for _, noun, op, row, before in entries:
        if op == system.EVENT:
            segment.events.append((noun, row, before))
            continue
        change = net.get((noun, row))
        if change is None:
            after = later.get((noun, row))
            change = net[noun, row] = Change(noun, row, None, after, is_key_change=False)
        change.before = None if op == system.INSERT else before
        change.is_key_change |= op != system.UPDATE
    for key, change in net.items():
        later[key] = change.before
    segment.changes = list(net.values())
    segment.events.reverse()
    return segment


def _present(
    connection: apsw.Connection, catalog: "Catalog", entries: list[Entry]
) -> "dict[RowRef, Image | None]":
    """Return the images of the entries' rows as they are now."""
    rows: dict[int, set[int]] = {}
    for _, noun, op, row, _ in entries:
        if op != system.EVENT:
            rows.setdefault(noun, set()).add(row)
    return {
        (noun, row): image
        for noun, ids in rows.items()
        for row, image in current_images(connection, catalog, noun, ids).items()
    }


def current_images(
    connection: apsw.Connection, catalog: "Catalog", noun: int, rows: Iterable[int]
) -> dict[int, Image]:
    """Return the images, by row id, of those rows of a noun that are there."""
    images = catalog.images(catalog.by_id[noun])
    found = connection.execute(images.select_many, (orjson.dumps(list(rows)).decode(),)).fetchall()
    return dict(cast("list[tuple[int, Image]]", found))


def put_back(connection: apsw.Connection, catalog: "Catalog", segments: list[Segment]) -> list[int]:
    """Apply the segments again, in a transaction that holds the writer.

    Returns:
        The last seq before each segment, in order.

    Raises:
        SerializationFailure: A row is no longer as the transaction found it, or its changes do not fit any more.
    """
    _verify(connection, catalog, segments)
    if not any(noun.foreign_keys for noun in catalog.nouns):
        return _apply_all(connection, catalog, segments)
    connection.execute("pragma defer_foreign_keys = 1").fetchall()
    starts = _apply_all(connection, catalog, segments)
    is_dangling = connection.status(apsw.SQLITE_DBSTATUS_DEFERRED_FKS)[0] > 0
    connection.execute("pragma defer_foreign_keys = 0").fetchall()
    if is_dangling:
        known = {row for segment in segments for row in segment.dangling}
        _count_dangling(connection, catalog, known)
    return starts


def _apply_all(
    connection: apsw.Connection, catalog: "Catalog", segments: list[Segment]
) -> list[int]:
    """Apply the segments, each after its savepoint; return the last seq before each."""
    starts = []
    for segment in segments:
        start = connection.execute("select coalesce(max(seq), 0) from _log").get
        starts.append(start)
        if segment.savepoint is not None:
            connection.execute(f"savepoint {quoted(segment.savepoint)}")
        try:
            _apply(connection, catalog, segment.changes)
            _undo_actions(connection, catalog, segment.changes, start)
        except apsw.ConstraintError as error:
            raise SerializationFailure(_MISFIT) from error
        if segment.events:
            connection.executemany(_EVENT, segment.events)
    return starts


def _count_dangling(connection: apsw.Connection, catalog: "Catalog", known: "set[RowRef]") -> None:
    """Let SQLite know of the references that lead nowhere until the commit.

    While all constraints are deferred it counts them apart, and forgets that count afterwards. It is made up by as many
    references of a table of our own, whose rows then go while constraints are off.
    """
    n = sum(_dangling(connection, noun, known) for noun in catalog.nouns)
    connection.execute(_DANGLING)
    connection.executemany("insert into temp._dangling(parent) values (?)", [(-1,)] * n)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 0)
    try:
        connection.execute("delete from temp._dangling")
    finally:
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1)


def _dangling(connection: apsw.Connection, noun: "Noun", known: "set[RowRef]") -> int:
    """Count the references that lead nowhere and may until the commit.

    Raises:
        SerializationFailure: One may not, and did not before: what it refers to was deleted meanwhile.
    """
    if not noun.foreign_keys:
        return 0
    n = 0
    broken = connection.execute(f"pragma foreign_key_check({quoted(noun.table)})").fetchall()
    for _, row, _, number in cast("list[tuple[str, int, str, int]]", broken):
        if noun.foreign_keys[len(noun.foreign_keys) - 1 - number].is_deferred:
            n += 1
        elif (noun.id, row) not in known:
            raise SerializationFailure(_MISFIT)
    return n


def _verify(connection: apsw.Connection, catalog: "Catalog", segments: list[Segment]) -> None:
    """See that every row is as its first change found it."""
    expected: dict[int, dict[int, Image | None]] = {}
    for segment in segments:
        for change in segment.changes:
            expected.setdefault(change.noun, {}).setdefault(change.id, change.before)
    for noun, rows in expected.items():
        found = current_images(connection, catalog, noun, rows)
        if any(found.get(row) != before for row, before in rows.items()):
            msg = f"a row of {catalog.by_id[noun].name} was changed by another process"
            raise SerializationFailure(msg)


def _apply(connection: apsw.Connection, catalog: "Catalog", changes: Iterable[Change]) -> None:
    """Make the rows what `after` says: deletes first, then updates, then inserts, so that unique values are free.

    An update that finds its unique value taken (values that moved in a circle) makes way and is inserted again at the end.
    """
    made = []
    for change in changes:
        if change.after is None:
            connection.execute(_images(catalog, change).delete, (change.id,))
    for change in changes:
        if change.after is None or change.before == change.after:
            continue
        if change.before is None or not _update(connection, catalog, change):
            made.append(change)
    for change in made:
        connection.execute(_images(catalog, change).insert, (change.after,))


def _update(connection: apsw.Connection, catalog: "Catalog", change: Change) -> bool:
    """Change the row in place; False when it has to be inserted, for it is gone or was in the way."""
    images = _images(catalog, change)
    try:
        connection.execute(images.update, (change.after, change.id))
    except apsw.ConstraintError:
        connection.execute(images.delete, (change.id,))
        return False
    return connection.changes() == 1


def _undo_actions(
    connection: apsw.Connection, catalog: "Catalog", changes: list[Change], start: int
) -> None:
    """Give rows that foreign keys' actions took along the state they are to have: the changes hold what actions did already."""
    acting = _acting_nouns(catalog)
    if not any(c.noun in acting and c.before is not None and c.is_key_change for c in changes):
        return
    wanted = {(c.noun, c.id): c.after for c in changes}
    for _ in range(_MAX_ACTION_ROUNDS):
        entries = cast(
            "list[Entry]",
            connection.execute(
                "select seq, noun, op, id, before from _log where seq > ? order by seq desc",
                (start,),
            ).fetchall(),
        )
        present = _present(connection, catalog, entries)
        touched = _segment(None, entries, present).changes
        wrong = [
            Change(c.noun, c.id, c.after, target, is_key_change=True)
            for c in touched
            if (target := wanted.get((c.noun, c.id), c.before)) != c.after
        ]
        if not wrong:
            return
        _apply(connection, catalog, wrong)
    msg = "foreign keys' actions undo each other"
    raise SerializationFailure(msg)


def _acting_nouns(catalog: "Catalog") -> frozenset[int]:
    """Return the nouns whose rows take others along when they change their key or go."""
    found = catalog.derived.get(_acting_nouns)
    if not isinstance(found, frozenset):
        names = {
            fk.target
            for noun in catalog.nouns
            for fk in noun.foreign_keys
            if {fk.on_delete, fk.on_update} - {"no action", "restrict"}
        }
        found = frozenset(noun.id for noun in catalog.nouns if noun.name in names)
        catalog.derived[_acting_nouns] = found
    return found


def _images(catalog: "Catalog", change: Change) -> "Images":
    return catalog.images(catalog.by_id[change.noun])


def merged(segments: list[Segment]) -> Segment:
    """Return one segment with the net effect of several that follow each other."""
    result = Segment(segments[0].savepoint)
    net: dict[RowRef, Change] = {}
    for segment in segments:
        result.events += segment.events
        result.rows += segment.rows
        result.keys += segment.keys
        result.dangling |= segment.dangling
        for change in segment.changes:
            known = net.get((change.noun, change.id))
            if known is None:
                net[change.noun, change.id] = change
            else:
                known.after = change.after
                known.is_key_change |= change.is_key_change
    result.changes = list(net.values())
    return result
