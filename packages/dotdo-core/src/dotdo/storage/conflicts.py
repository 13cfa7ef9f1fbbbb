"""What a statement touched against what other open transactions hold: rows, unique keys, referenced rows, definitions."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

import apsw

from dotdo.storage import system
from dotdo.storage.guards import Guards, RowRef, guards_of
from dotdo.storage.locks import Holder, Mode, RequestedLock, op_mode
from dotdo.storage.suspend import Change, Segment, current_images

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.row_locks import RowLocks
    from dotdo.storage.writer import Writer


def find_conflict(session: "Writer", catalog: "Catalog", mark: int) -> Holder | None:
    """Return the transaction that holds something written since log position `mark`, or None.

    Raises:
        Deadlock: Transactions of several processes wait for each other, this one among them.
    """
    return _conflict_here(session, catalog, mark) or _conflict_elsewhere(session, catalog, mark)


def changed_rows(session: "Writer", mark: int) -> dict[int, set[int]]:
    """Return the rows that were there before and have been changed since log position `mark`, by noun."""
    found: dict[int, set[int]] = {}
    entries = session.connection.execute(
        "select noun, id from _log where seq > ? and noun > 0 and before is not null", (mark,)
    )
    for noun, row in cast("list[tuple[int, int]]", entries.fetchall()):
        found.setdefault(noun, set()).add(row)
    return found


def _conflict_here(session: "Writer", catalog: "Catalog", mark: int) -> "Writer | None":
    locks = session.store.locks
    written: dict[int, list[int]] = {}
    entries = session.connection.execute(
        "select noun, op, id, before from _log where seq > ? and noun > 0", (mark,)
    ).fetchall()
    for noun, op, row, before in cast("list[tuple[int, int, int, bytes]]", entries):
        if op == system.EVENT:
            continue
        if op == system.SCHEMA:
            owner = locks.noun_conflict(session, noun)
        else:
            owner = locks.conflict(session, (noun, row), op_mode(op))
            if owner is None and op == system.UPDATE:
                owner = _key_holder(session, catalog, (noun, row), before)
            written.setdefault(noun, []).append(row)
        if owner is not None:
            return owner
    return _guard_conflict(session, catalog, written)


def _conflict_elsewhere(session: "Writer", catalog: "Catalog", mark: int) -> Holder | None:
    """Return what stands for the transaction of another process that holds something written since `mark`, or None."""
    rows = session.store.rows
    failure, session.failure = session.failure, None
    if rows is None or not session.store.has_foreign_locks():
        return None
    found = next(_places_taken(session, catalog, mark, rows), None)
    if found is not None and failure is not None:
        raise failure
    return None if found is None else session.store.await_place(session, found)


def _places_taken(
    session: "Writer", catalog: "Catalog", mark: int, locks: "RowLocks"
) -> Iterator[int]:
    """Yield the places of what was written since `mark` that other processes hold."""
    entries = session.connection.execute(
        "select noun, id, max(op) from _log where seq > ? and noun > 0 and op between 1 and 3 group by noun, id, op <> 2",
        (mark,),
    ).fetchall()
    written: dict[int, set[int]] = {}
    for noun, row, op in cast("list[tuple[int, int, int]]", entries):
        written.setdefault(noun, set()).add(row)
        place = locks.row_conflict((noun, row), op_mode(op))
        if place is not None:
            yield place
    for noun, numbers in written.items():
        definition = catalog.by_id.get(noun)
        guards = None if definition is None else guards_of(catalog, definition)
        if guards is None or guards.is_empty:
            continue
        for image in current_images(session.connection, catalog, noun, numbers).values():
            places = [locks.key_conflict(key) for key in guards.keys(session.connection, image)]
            places += [
                locks.row_conflict(parent, Mode.KEY_SHARE)
                for parent in guards.parents(session.connection, image)
            ]
            yield from (place for place in places if place is not None)


def _key_holder(
    session: "Writer", catalog: "Catalog", row: RowRef, before: bytes
) -> "Writer | None":
    """Return who refers to a row whose unique values, which a reference may be made of, have changed, or None."""
    owner = session.store.locks.conflict(session, row, Mode.UPDATE)
    if owner is None:
        return None
    number, row_id = row
    guards = guards_of(catalog, catalog.by_id[number])
    after = current_images(session.connection, catalog, number, [row_id]).get(row_id)
    has_moved = after is None or guards.has_other_keys(session.connection, before, after)
    return owner if has_moved else None


def _guard_conflict(
    session: "Writer", catalog: "Catalog", written: dict[int, list[int]]
) -> "Writer | None":
    """Return who holds a unique key that the rows written now have, or a row that they refer to, or None."""
    locks, connection = session.store.locks, session.connection
    for number, rows in written.items():
        noun = catalog.by_id.get(number)
        if noun is None:
            continue
        guards = guards_of(catalog, noun)
        for image in current_images(connection, catalog, number, rows).values():
            for key in guards.keys(connection, image):
                if (owner := locks.key_conflict(session, key)) is not None:
                    return owner
            for parent in guards.parents(connection, image):
                if (owner := locks.conflict(session, parent, Mode.KEY_SHARE)) is not None:
                    return owner
    return None


def observe_holdings(
    connection: apsw.Connection, catalog: "Catalog", segments: list[Segment]
) -> None:
    """Note in each segment what its changes hold; the changes are still in the file."""
    for segment in segments:
        for change in segment.changes:
            guards = guards_of(catalog, catalog.by_id[change.noun])
            if not guards.is_empty:
                _observe_guards(connection, guards, segment, change)
            mode = Mode.UPDATE if change.is_key_change else Mode.NO_KEY_UPDATE
            segment.rows.append(((change.noun, change.id), mode))


def _observe_guards(
    connection: apsw.Connection, guards: Guards, segment: Segment, change: Change
) -> None:
    """Note the unique keys and the rows referred to that one change holds."""
    before, after = change.before, change.after
    if after is None:
        return
    if before is not None:
        change.is_key_change |= guards.has_other_keys(connection, before, after)
    segment.keys.extend(guards.keys(connection, after))
    parents = guards.parents(connection, after)
    segment.rows.extend((parent, Mode.KEY_SHARE) for parent in parents)
    if guards.is_dangling(connection, after):
        segment.dangling.add((change.noun, change.id))


def enter_locks(session: "Writer", requested: list[RequestedLock], segments: list[Segment]) -> None:
    """Hold in the lock table exactly what was locked by request and what the segments hold."""
    locks = session.store.locks
    locks.release(session)
    for lock in requested:
        locks.lock(session, lock.row, lock.mode)
    for segment in segments:
        for row, mode in segment.rows:
            locks.lock(session, row, mode)
        for key in segment.keys:
            locks.lock_key(session, key)


def releaser(session: "Writer", catalog: "Catalog", run: Callable[[], object]) -> "Writer | None":
    """Return a suspended transaction but for whose rows a statement that broke a constraint would have passed, or None.

    The statement is tried without the rows that others have changed or deleted, and undone. As in PostgreSQL it then has to
    wait: whether it fails is known when they have ended.
    """
    execute = session.connection.execute
    execute("savepoint _releaser")
    try:
        for other in session.store.suspended(session):
            if _hide_rows(session, catalog, other) and _passes(run):
                return other
    finally:
        execute("rollback to _releaser")
        execute("release _releaser")
    return None


def _hide_rows(session: "Writer", catalog: "Catalog", other: "Writer") -> bool:
    """Delete the rows as they were before `other` changed them; return whether there were any."""
    rows = list(_rows_before(other))
    session.connection.execute("pragma defer_foreign_keys = 1").fetchall()
    for noun, row in rows:
        images = catalog.images(catalog.by_id[noun])
        session.connection.execute(images.delete, (row,))
    session.connection.execute("pragma defer_foreign_keys = 0").fetchall()
    return bool(rows)


def _rows_before(session: "Writer") -> Iterator[RowRef]:
    for segment in session.segments:
        for change in segment.changes:
            if change.before is not None:
                yield change.noun, change.id


def _passes(run: Callable[[], object]) -> bool:
    try:
        run()
    except apsw.ConstraintError:
        return False
    return True
