"""What a statement touched against what other open transactions hold: rows, unique keys, referenced rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dotdo.errors import DotdoError, UniqueViolation
from dotdo.storage import ddl, system
from dotdo.storage.locks import Mode
from dotdo.storage.names import quoted
from dotdo.storage.suspend import Segment, row_locks

if TYPE_CHECKING:
    from dotdo.storage.schema import Noun
    from dotdo.storage.session import Session

Key = tuple[str, tuple[object, ...]]


def find_conflict(session: "Session", mark: int) -> "Session | None":
    """Return the transaction that holds something written since log position `mark`, or None."""
    locks = session.store.locks
    written: list[tuple[int, int]] = []
    for noun, op, row in session.connection.execute(
        "select noun, op, id from _log where seq > ? and noun > 0", (mark,)
    ):
        if op in (system.SCHEMA, system.EVENT):
            continue
        mode = Mode.NO_KEY_UPDATE if op == system.UPDATE else Mode.UPDATE
        owner = locks.conflict(session, (noun, row), mode)
        if owner is not None:
            return owner
        if op != system.DELETE:
            written.append((noun, row))
    for noun, row in dict.fromkeys(written):
        definition = session.catalog.by_id.get(noun)
        if definition is None:
            continue
        for key in _unique_keys(session, definition, row):
            if (owner := locks.key_conflict(session, key)) is not None:
                return owner
        for parent in _parents(session, definition, row):
            if (owner := locks.conflict(session, parent, Mode.KEY_SHARE)) is not None:
                return owner
    return None


def guard_suspended(session: "Session", segments: list[Segment]) -> None:
    """Enter into the lock table what a transaction about to be suspended holds; its changes are still in the file."""
    locks = session.store.locks
    for segment in segments:
        for row, mode in row_locks(segment.changes):
            locks.lock(session, row, mode)
        for change in segment.changes:
            if change.after is None:
                continue
            noun = session.catalog.by_id[change.noun]
            for key in _unique_keys(session, noun, change.id):
                locks.lock_key(session, key)
            for parent in _parents(session, noun, change.id):
                locks.lock(session, parent, Mode.KEY_SHARE)


def deleter_of(session: "Session", error: DotdoError) -> "Session | None":
    """Return a suspended transaction that took away a key of the table that `error` says is not unique, or None."""
    if not isinstance(error, UniqueViolation) or error.table is None:
        return None
    noun = session.catalog.by_table.get(error.table)
    if noun is None:
        return None
    for other in session.store.suspended(session):
        for segment in other.segments:
            if any(
                c.noun == noun.id and c.before is not None and c.is_key_change
                for c in segment.changes
            ):
                return other
    return None


def _unique_keys(session: "Session", noun: "Noun", row: int) -> Iterator[Key]:
    for name, columns in _unique_columns(noun):
        listed = ", ".join(map(quoted, columns))
        values = session.connection.execute(
            f"select {listed} from {quoted(noun.table)} where {quoted(noun.rowid)} = ?",
            (row,),
        ).fetchone()
        if values is not None and None not in values:
            yield name, values


def _unique_columns(noun: "Noun") -> Iterator[tuple[str, tuple[str, ...]]]:
    if noun.layout == "document":
        yield ddl.key_index(noun), ("id",)
    elif noun.key and noun.key != (noun.rowid,):
        yield ddl.key_index(noun), noun.key
    for unique in noun.uniques:
        yield ddl.index_name(noun, unique.name), unique.columns


def _parents(session: "Session", noun: "Noun", row: int) -> Iterator[tuple[int, int]]:
    for fk in noun.foreign_keys:
        target = session.catalog.by_name.get(fk.target)
        if target is None:
            continue
        on = " and ".join(
            f"p.{quoted(there)} = c.{quoted(here)}"
            for here, there in zip(fk.columns, fk.target_columns, strict=True)
        )
        found = session.connection.execute(
            f"select p.{quoted(target.rowid)} from {quoted(noun.table)} c join {quoted(target.table)} p on {on}"
            f" where c.{quoted(noun.rowid)} = ?",
            (row,),
        ).fetchone()
        if found is not None:
            yield target.id, found[0]
