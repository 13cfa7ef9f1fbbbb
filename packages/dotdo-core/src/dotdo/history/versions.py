"""The versions of one thing."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from dotdo.graph.rows import rows_of
from dotdo.graph.thing import Thing
from dotdo.history.entries import Reader
from dotdo.history.transactions import Transaction, head, one_state, transaction_at
from dotdo.storage import Noun, Session, system
from dotdo.storage.images import Images
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


_ENTRIES = """
select seq, op, id, before from (
 select l.seq, l.op, l.id, l.before from _log_by_id i join _log l on l.seq = i.seq where i.noun = ?1 {of_row}
 union all select seq, op, id, before from _log i where noun = ?1 {of_row} and op between 1 and 4
  and seq > (select v from _meta where k = 'indexed'))
where seq > ?2 and seq <= ?3"""
_OF_ROW = _ENTRIES.format(of_row="and i.id = ?4") + " order by seq"
_DELETED = _ENTRIES.format(of_row="") + f" and op = {system.DELETE}"


def versions(
    session: Session, noun: Noun, identity: object, upto: int | None = None
) -> list[Version]:
    """Return the versions of one thing, the oldest first, as far back as they are kept.

    Args:
        session: Reads and, when it may write, brings the index of the log up to date.
        noun: The thing's noun.
        identity: The thing's id.
        upto: Log position that the session sees; by default the newest.
    """
    _index_log(session)
    with one_state(session):
        position = head(session) if upto is None else upto
        reader = Reader(session)
        found: list[Version] = []
        for row in _rows_with_id(session, reader, noun, identity, position):
            found += _versions_of_row(session, reader, noun, (row, identity), position)
    return sorted(found, key=lambda version: version.seq)


def _versions_of_row(
    session: Session, reader: Reader, noun: Noun, thing: tuple[int, object], upto: int
) -> Iterator[Version]:
    row, identity = thing
    rows = session.read(_OF_ROW, (noun.id, 0, upto, row))
    if not rows:
        return
    current = session.read(session.catalog.images(noun).select, (row,))
    images = chain((before for *_, before in rows[1:]), [current[0][0] if current else None])
    for (seq, op, _, before), after in zip(rows, images, strict=False):
        if op == system.REWRITE:
            continue
        definition = reader.noun_at(noun.id, seq) or noun
        state = reader.thing(definition, None if op == system.DELETE else after)
        shown = state or reader.thing(definition, before)
        if shown is not None and shown.id == identity:
            by = transaction_at(session, seq) or Transaction(seq, seq, 0, None, None, None)
            yield Version(seq, by.time_us, by.actor, by.action, by.api, VERBS[op], state)


def _rows_with_id(
    session: Session, reader: Reader, noun: Noun, identity: object, upto: int
) -> list[int]:
    """Return the row ids that the thing has had: now, or by its images in the log."""
    rows = rows_of(session.catalog, noun)
    key = rows.key(identity)
    if not noun.has_hidden_rowid:
        return list(key)
    where = rows.by_id.partition(" where ")[2]
    found = session.read(f"select _id from {quoted(noun.table)} where {where}", key)
    for definition, (first, last) in reader.spans(noun):
        images = Images(definition)
        names = ["id"] if noun.layout == "document" else list(definition.key)
        decoded = images.decoded("before")
        conditions = " and ".join(f"{decoded[images.columns.index(name)]} is ?" for name in names)
        if names and definition.key == noun.key:
            sql = f"select id from ({_DELETED}) where {conditions}"
            found += session.read(sql, (noun.id, first, min(last, upto), *key))
    return list(dict.fromkeys(row for (row,) in found))


def _index_log(session: Session) -> None:
    """Bring the index of the log by thing up to the newest entry; what is not in it is searched in the log itself."""
    if session.is_read_only or session.in_transaction:
        return

    def work() -> None:
        session.execute(
            "insert or ignore into _log_by_id select noun, id, seq from _log"
            " where seq > (select v from _meta where k = 'indexed') and op between 1 and 4"
        )
        session.execute("update _meta set v = (select max(seq) from _log) where k = 'indexed'")

    ((newest, indexed),) = session.read(
        "select (select max(seq) from _log), (select v from _meta where k = 'indexed')"
    )
    if newest != indexed:
        session.mutate(work)
