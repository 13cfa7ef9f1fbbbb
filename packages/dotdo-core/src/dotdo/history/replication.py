"""A transaction's changes as they leave one file and enter another: for followers, shards and backups.

A batch carries after-images, so it can be applied to any copy that stands at the batch's first position; the copy's own triggers
write the same log entries. `Store.before_commit` lets the caller wait between applying and committing.
"""

from collections.abc import Iterator

import msgspec
import orjson

from dotdo.errors import SerializationFailure
from dotdo.history.branching import ROW_BASE, ROWS, meta
from dotdo.history.entries import Entry, entries
from dotdo.history.retention import require_kept
from dotdo.history.transactions import end_of_window, head
from dotdo.storage import Session, alter_noun, create_noun, decode_noun, drop_noun, system
from dotdo.storage.names import quoted


class ReplicatedEntry(msgspec.Struct, frozen=True, array_like=True):
    """One entry of a batch.

    Args:
        seq: Its log position.
        noun: Number of the noun.
        op: Insert, update, delete, schema or event.
        row: Row id.
        after: Image of the row afterward.
        text: Payload of an event; definition of a noun (None: dropped).
        filled: Expressions by which a change of definition filled columns.
    """

    seq: int
    noun: int
    op: int
    row: int
    after: bytes | None = None
    text: str | None = None
    filled: dict[str, str] | None = None


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """One committed transaction.

    Args:
        first: Seq of its first entry.
        last: Seq of its record.
        time_us: When, in microseconds since 1970.
        actor: Who.
        action: To what end.
        api: Through which API.
        entries: Its changes.
    """

    first: int
    last: int
    time_us: int
    actor: str | None
    action: str | None
    api: str | None
    entries: list[ReplicatedEntry]


def batches(session: Session, after: int, upto: int | None = None) -> Iterator[Batch]:
    """Yield the transactions in the range (after, upto], the oldest first.

    Args:
        session: Reads the source.
        after: Log position that the copy stands at, the end of a transaction.
        upto: By default the newest.

    Raises:
        HistoryUnavailable: The log no longer holds all of them.
    """
    limit = head(session) if upto is None else upto
    while after < limit:
        require_kept(session, after)
        window = end_of_window(session, after, limit)
        pending: list[ReplicatedEntry] = []
        for entry in entries(session, after, window):
            if entry.op == system.COMMIT:
                time_us, actor, action, api = orjson.loads(entry.before)
                yield Batch(entry.row, entry.seq, time_us, actor, action, api, pending)
                pending = []
            elif entry.op != system.REWRITE:
                pending.append(_replicated(session, entry))
        after = window


def _replicated(session: Session, entry: Entry) -> ReplicatedEntry:
    if entry.op == system.EVENT:
        return ReplicatedEntry(entry.seq, entry.noun, entry.op, entry.row, None, entry.before)
    if entry.op != system.SCHEMA:
        return ReplicatedEntry(entry.seq, entry.noun, entry.op, entry.row, entry.after)
    ((text, filled),) = session.read("select def, filled from _schema where seq = ?", (entry.seq,))
    expressions = None if filled is None else msgspec.json.decode(filled)
    return ReplicatedEntry(entry.seq, entry.noun, entry.op, 0, None, text, expressions)


def apply_batch(session: Session, batch: Batch) -> None:
    """Apply a batch to a copy, as one transaction with the source's record.

    Args:
        session: Writes the copy; nothing else writes it.
        batch: The transaction that follows what the copy has.

    Raises:
        SerializationFailure: The copy does not stand at the batch's first position, or is not a copy; nothing has changed.
    """
    session.set_enforcement(is_on=False)
    session.describe(actor=batch.actor, action=batch.action, api=batch.api)
    session.time_us = batch.time_us
    try:
        session.mutate(lambda: _apply(session, batch))
    finally:
        session.time_us = None
        session.set_enforcement(is_on=True)


def _apply(session: Session, batch: Batch) -> None:
    _require_position(session, batch.first - 1)
    for entry in batch.entries:
        if entry.op == system.SCHEMA:
            _apply_definition(session, entry)
        elif entry.op == system.EVENT:
            session.execute(
                "insert into _log(noun, op, id, before) values (?, ?, ?, ?)",
                (entry.noun, entry.op, entry.row, entry.text),
            )
        else:
            _apply_row(session, entry)
    _require_position(session, batch.last - 1)


def _require_position(session: Session, wanted: int) -> None:
    position = head(session)
    if position != wanted:
        msg = f"the copy stands at {position}, not at {wanted}"
        raise SerializationFailure(msg)


def _apply_row(session: Session, entry: ReplicatedEntry) -> None:
    images = session.catalog.images(session.catalog.by_id[entry.noun])
    if entry.op == system.DELETE:
        session.execute(images.delete, (entry.row,))
    elif entry.op == system.INSERT:
        session.execute(images.insert, (entry.after,))
    else:
        session.execute(images.update, (entry.after, entry.row))
    if images.noun.layout == "document" and entry.after is not None:
        at = images.columns.index("data")
        session.execute(
            f"insert or ignore into _field select ?, key from json_each(?, '$[{at}]')",
            (entry.noun, entry.after),
        )


def promote(session: Session) -> None:
    """Make a copy fit to be written to: row ids that the source handed out are not handed out again."""

    def work() -> None:
        base = meta(session, ROW_BASE, 0)
        for noun in (noun for noun in session.catalog.by_id.values() if noun.has_table):
            table, rowid = quoted(noun.table), quoted(noun.rowid)
            session.execute(
                f"with used(id) as (select id from _log where noun = ?1 union all select {rowid} from {table})"
                " insert into _counter select ?2, coalesce(max(id), 0) from used where id between ?3 and ?4"
                " on conflict(name) do update set high = max(high, excluded.high)",
                (noun.id, f"noun {noun.id}", base, base + ROWS - 1),
            )

    session.mutate(work)


def _apply_definition(session: Session, entry: ReplicatedEntry) -> None:
    known = session.catalog.by_id.get(entry.noun)
    if entry.text is None:
        assert known is not None
        drop_noun(session, known)
    elif known is None:
        create_noun(session, decode_noun(entry.text))
    else:
        alter_noun(session, decode_noun(entry.text), entry.filled)
