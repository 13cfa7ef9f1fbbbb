"""The log's transactions: their records, and the log position that a moment stands for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson

from dotdo.errors import HistoryUnavailable, UnknownTenant
from dotdo.storage import Row, Session, system

_NEWEST = "select seq, id, before from _log where seq <= ? and noun = 0 and op = 0 order by seq desc limit 1"
_NEXT = (
    "select seq, id, before from _log where seq >= ? and noun = 0 and op = 0 order by seq limit 1"
)
_CHAIN = """
with recursive chain(n, seq, first) as (
 select * from (select 0, seq, id from _log where noun = 0 and op = 0 order by seq desc limit 1)
 union all select n + 1, l.seq, l.id from chain join _log l on l.seq = first - 1 where n < ?1)
select seq from chain where n = ?1"""
assert system.COMMIT == 0  # the statements above say so


@dataclass(frozen=True, slots=True)
class Transaction:
    """One committed transaction.

    Args:
        first: Seq of its first entry.
        last: Seq of its record, the last entry.
        time_us: When, in microseconds since 1970.
        actor: Who.
        action: To what end.
        api: Through which API.
    """

    first: int
    last: int
    time_us: int
    actor: str | None
    action: str | None
    api: str | None


def _transaction(row: Row) -> Transaction:
    last, first, record = row
    time_us, actor, action, api = orjson.loads(str(record))
    return Transaction(first, last, time_us, actor, action, api)


@contextmanager
def one_state(session: Session) -> Iterator[None]:
    """Let all reads within see the same state: in a snapshot, unless a transaction is open already."""
    if session.in_transaction:
        yield
        return
    session.begin("snapshot", read_only=True)
    try:
        yield
    finally:
        session.rollback()


def head(session: Session) -> int:
    """Return the log position of the newest transaction."""
    newest: int = session.read("select max(seq) from _log")[0][0]
    return newest


def end_of_window(session: Session, after: int, limit: int, size: int = 1_000) -> int:
    """Return the end of a transaction about `size` entries after a log position, at most `limit`."""
    if limit - after <= size:
        return limit
    ((end,),) = session.read(
        "select min(seq) from _log where seq >= ? and noun = 0 and op = 0", (after + size,)
    )
    return limit if end is None else min(end, limit)


def transaction_at(session: Session, seq: int) -> Transaction | None:
    """Return the transaction that the entry belongs to, None while it is open."""
    rows = session.read(_NEXT, (seq,))
    return _transaction(rows[0]) if rows else None


def transactions(session: Session, upto: int | None = None) -> Iterator[Transaction]:
    """Yield the transactions, the newest first, down to where the log was compacted."""
    position = head(session) if upto is None else upto
    while position > 0:
        rows = session.read(_NEWEST, (position,))
        if not rows:
            return
        found = _transaction(rows[0])
        yield found
        position = found.first - 1


def horizon(session: Session) -> int:
    """Return the log position before which nothing is known any more."""
    kept: int = session.read("select v from _meta where k = 'horizon'")[0][0]
    return kept


def position_of(
    session: Session, *, seq: int | None = None, back: int | None = None, time_us: int | None = None
) -> int:
    """Return the end of the last transaction at or before a moment.

    Args:
        session: Reads the log.
        seq: A log position.
        back: So many transactions back from the newest.
        time_us: A time in microseconds since 1970.

    Raises:
        UnknownTenant: The moment lies after the newest transaction or before the tenant's creation.
        HistoryUnavailable: It lies before what is kept.
    """
    if seq is not None:
        found: int | None = _at_seq(session, seq)
    elif back is not None:
        found = _back(session, back)
    else:
        assert time_us is not None
        found = _at_time(session, time_us)
    kept = horizon(session)
    if found is not None and found >= kept:
        return found
    if kept:
        msg = "that far back the history is no longer kept"
        raise HistoryUnavailable(msg)
    if back is not None:
        msg = f"there are fewer than {back} transactions"
    else:
        msg = "the tenant did not exist at that time"
    raise UnknownTenant(msg)


def _at_seq(session: Session, seq: int) -> int:
    newest = head(session)
    if not 1 <= seq <= newest:
        msg = f"there is no version {seq}: the newest is {newest}"
        raise UnknownTenant(msg)
    rows = session.read(_NEWEST, (seq,))
    return rows[0][0] if rows else 0


def _back(session: Session, back: int) -> int | None:
    """Go from record to record: each says where its transaction begins, right after the record before."""
    rows = session.read(_CHAIN, (back,))
    return rows[0][0] if rows else None


def _at_time(session: Session, time_us: int) -> int | None:
    """Search by halves: times never go back along the log."""
    low, high = 1, head(session)
    found = 0
    while low <= high:
        middle = (low + high) // 2
        rows = session.read(_NEXT, (middle,))
        if not rows:
            high = middle - 1
            continue
        transaction = _transaction(rows[0])
        if transaction.time_us <= time_us:
            found, low = transaction.last, transaction.last + 1
        else:
            high = transaction.first - 1 if transaction.first > middle else middle - 1
            high = min(high, middle - 1)
    return found if found > 1 else None  # the creation itself has no time
