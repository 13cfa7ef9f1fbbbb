"""The versions of one thing."""

from collections.abc import Iterator
from dataclasses import dataclass

from dotdo.graph.rows import rows_of
from dotdo.graph.thing import Thing
from dotdo.history.entries import Reader
from dotdo.history.transactions import Transaction, transaction_at
from dotdo.storage import Noun, Session, system
from dotdo.storage.names import quoted


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a thing.

    Args:
        seq: Position of its entry in the log.
        time_us: When, in microseconds since 1970.
        actor: Who.
        action: To what end.
        api: Through which API.
        verb: `created`, `updated` or `deleted`.
        state: The thing as it was from then on; None once deleted.
    """

    seq: int
    time_us: int
    actor: str | None
    action: str | None
    api: str | None
    verb: str
    state: Thing | None


VERBS = {system.INSERT: "created", system.UPDATE: "updated", system.DELETE: "deleted"}


def versions(session: Session, noun: Noun, identity: object) -> list[Version]:
    """Return the versions of one thing, the oldest first, as far back as they are kept.

    Args:
        session: Reads and, when it may write, brings the index of the log up to date.
        noun: The thing's noun.
        identity: The thing's id.
    """
    _index_log(session)
    wanted = _rows_with_id(session, noun, identity)
    found: list[Version] = []
    reader = Reader(session)
    for row in wanted:
        found += _versions_of_row(session, reader, noun, row, identity)
    return sorted(found, key=lambda version: version.seq)


def _versions_of_row(
    session: Session, reader: Reader, noun: Noun, row: int, identity: object
) -> Iterator[Version]:
    rows = session.read(
        "select l.seq, l.op, l.before from _log_by_id i join _log l on l.seq = i.seq where i.noun = ? and i.id = ? order by i.seq",
        (noun.id, row),
    )
    current = session.read(session.catalog.images(noun).select, (row,))
    images = [before for _, op, before in rows[1:]] + [current[0][0] if current else None]
    for (seq, op, before), after in zip(rows, images, strict=True):
        position, kind = seq, op
        if kind == system.REWRITE:
            continue
        definition = reader.noun_at(noun.id, position) or noun
        state = reader.thing(definition, None if kind == system.DELETE else after)
        shown = state or reader.thing(definition, before)
        if shown is None or shown.id != identity:
            continue
        transaction = transaction_at(session, position) or Transaction(
            position, position, 0, None, None, None
        )
        yield Version(
            position,
            transaction.time_us,
            transaction.actor,
            transaction.action,
            transaction.api,
            VERBS[kind],
            state,
        )


def _rows_with_id(session: Session, noun: Noun, identity: object) -> list[int]:
    """Return the row ids that the thing has had: now, or by its images in the log."""
    rows = rows_of(session.catalog, noun)
    key = rows.key(identity)
    where = rows.by_id.partition(" where ")[2]
    found = [
        r
        for (r,) in session.read(
            f"select {quoted(noun.rowid)} from {quoted(noun.table)} where {where}", key
        )
    ]
    if not noun.has_hidden_rowid:
        return found or [key[0]]
    images = session.catalog.images(noun)
    names = ["id"] if noun.layout == "document" else list(noun.key)
    decoded = images.decoded("before")
    conditions = " and ".join(f"{decoded[images.columns.index(name)]} is ?" for name in names)
    past = (
        session.read(
            f"select distinct l.id from _log_by_id i join _log l on l.seq = i.seq where i.noun = ? and l.op = 3 and {conditions}",
            (noun.id, *key),
        )
        if names
        else []
    )
    return list(dict.fromkeys([*found, *(r for (r,) in past)]))


def _index_log(session: Session) -> None:
    """Bring the index of the log by thing up to the newest entry."""
    if session.is_read_only:
        return

    def work() -> None:
        session.execute(
            "insert or ignore into _log_by_id select noun, id, seq from _log"
            " where seq > (select v from _meta where k = 'indexed') and op between 1 and 4"
        )
        session.execute("update _meta set v = (select max(seq) from _log) where k = 'indexed'")

    newest, indexed = session.read(
        "select (select max(seq) from _log), (select v from _meta where k = 'indexed')"
    )[0]
    if newest != indexed:
        session.mutate(work)
