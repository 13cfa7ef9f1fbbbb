"""A transaction's changes as they leave one file and enter another: for followers, shards and backups.

A batch carries after-images, so it can be applied to any copy that stands at the batch's first position; the copy's own triggers
write the same log entries. `Store.before_commit` lets the caller wait between applying and committing.
"""

from collections.abc import Iterator

import msgspec

from dotdo.errors import SerializationFailure
from dotdo.history.entries import entries
from dotdo.history.transactions import head, transaction_at
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
        after: Log position that the copy stands at.
        upto: By default the newest.
    """
    limit = head(session) if upto is None else upto
    found = entries(session, after, limit)
    pending: list[ReplicatedEntry] = []
    for entry in found:
        if entry.op == system.COMMIT:
            transaction = transaction_at(session, entry.seq)
            assert transaction is not None
            yield Batch(
                transaction.first, transaction.last, transaction.time_us, transaction.actor, transaction.action,
                transaction.api, pending,
            )  # fmt: skip
            pending = []
        elif entry.op == system.SCHEMA:
            text, filled = session.read(
                "select def, filled from _schema where seq = ?", (entry.seq,)
            )[0]
            pending.append(
                ReplicatedEntry(
                    entry.seq, entry.noun, entry.op, 0, None, None if text is None else str(text),
                    None if filled is None else msgspec.json.decode(str(filled), type=dict[str, str]),
                )
            )  # fmt: skip
        elif entry.op == system.EVENT:
            pending.append(
                ReplicatedEntry(entry.seq, entry.noun, entry.op, entry.row, None, str(entry.before))
            )
        elif entry.op != system.REWRITE:
            pending.append(ReplicatedEntry(entry.seq, entry.noun, entry.op, entry.row, entry.after))


def apply_batch(session: Session, batch: Batch) -> None:
    """Apply a batch to a copy, as one transaction with the source's record.

    Args:
        session: Writes the copy; nothing else writes it.
        batch: The transaction that follows what the copy has.

    Raises:
        SerializationFailure: The copy does not stand at the batch's first position.
    """
    session.set_enforcement(is_on=False)
    session.describe(actor=batch.actor, action=batch.action, api=batch.api)
    session.time_us = batch.time_us
    try:
        session.mutate(lambda: _apply(session, batch))
    finally:
        session.time_us = None
        session.set_enforcement(is_on=True)
    if head(session) != batch.last:
        msg = f"the copy stands at {head(session)} after a batch that ends at {batch.last}"
        raise SerializationFailure(msg)


def _apply(session: Session, batch: Batch) -> None:
    newest = session.execute("select max(seq) from _log")[0][0]
    if newest + 1 != batch.first:
        msg = f"the copy stands at {newest}, the batch begins at {batch.first}"
        raise SerializationFailure(msg)
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
    """Make a copy fit to be written to: numbers that the source handed out are not handed out again."""

    def work() -> None:
        for noun in session.catalog.by_id.values():
            highest = session.execute("select max(id) from _log where noun = ?", (noun.id,))[0][0]
            present = session.execute(
                f"select max({quoted(noun.rowid)}) from {quoted(noun.table)}"
            )[0][0]
            session.execute(
                "insert into _counter values (?1, ?2) on conflict(name) do update set high = max(high, ?2)",
                (f"noun {noun.id}", max((highest or 0), (present or 0))),
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
