"""Forgetting: compaction of the whole log, and pruning by what each noun is to keep."""

from dotdo.errors import HistoryUnavailable, UnknownTenant
from dotdo.history.transactions import head, position_of
from dotdo.storage import Noun, Session

_DAY_US = 86_400_000_000


def compact(session: Session, upto: int | None = None) -> int:
    """Forget the history before a log position; the newest transaction's record stays, so positions go on.

    Args:
        session: Writes.
        upto: The position, the end of a transaction; by default the newest.

    Returns:
        How many entries were dropped.

    Raises:
        HistoryUnavailable: A durable consumer has not read that far.
    """

    def work() -> int:
        dropped: int
        newest = head(session)
        limit = newest if upto is None else min(upto, newest)
        slowest = session.execute(
            "select name, seq from _consumer where seq < ? order by seq limit 1", (limit,)
        )
        if slowest:
            msg = f"consumer {slowest[0][0]!r} has read only up to {slowest[0][1]}"
            raise HistoryUnavailable(msg)
        last = limit - 1 if limit == newest else limit
        dropped = session.execute("select count(*) from _log where seq <= ?", (last,))[0][0]
        session.execute("delete from _log where seq <= ?", (last,))
        session.execute("delete from _log_by_id where seq <= ?", (last,))
        session.execute("update _log set id = seq where seq = ? and noun = 0", (limit,))
        session.execute(
            "delete from _schema as s where seq < (select max(seq) from _schema where noun = s.noun and seq <= ?)",
            (limit,),
        )
        session.execute("delete from _schema where def is null and seq <= ?", (limit,))
        session.execute("update _meta set v = max(v, ?) where k = 'horizon'", (limit,))
        return dropped

    return session.mutate(work)


def prune(session: Session, now_us: int) -> int:
    """Drop the images that nouns do not keep by their own retention.

    Args:
        session: Writes.
        now_us: The present, in microseconds since 1970.

    Returns:
        How many entries were dropped.
    """

    def work() -> int:
        return sum(_prune_noun(session, noun, now_us) for noun in session.catalog.nouns)

    return session.mutate(work)


def _prune_noun(session: Session, noun: Noun, now_us: int) -> int:
    keep = noun.retention
    if keep.versions is None and keep.days is None:
        return 0
    limit = head(session) - 1
    slowest = session.execute("select min(seq) from _consumer")[0][0]
    if slowest is not None:
        limit = min(limit, slowest)
    old: list[tuple[int]] = []
    if keep.days is not None:
        limit_of_age = _position_before(session, now_us - keep.days * _DAY_US)
        old += _numbers(
            session,
            "select seq from _log where noun = ? and seq <= ? and op between 1 and 4",
            (noun.id, min(limit, limit_of_age)),
        )
    if keep.versions is not None:
        old += _numbers(
            session,
            "select seq from (select seq, row_number() over (partition by id order by seq desc) as n from _log"
            " where noun = ? and op between 1 and 4) where n > ? and seq <= ?",
            (noun.id, keep.versions, limit),
        )
    if not old:
        return 0
    session.connection.executemany("delete from _log where seq = ?", old)
    session.connection.executemany(
        "delete from _log_by_id where noun = ? and seq = ?", [(noun.id, *seq) for seq in old]
    )
    session.execute(
        "insert into _meta values (?1, ?2) on conflict(k) do update set v = max(v, ?2)",
        (horizon_key(noun.id), max(old)[0]),
    )
    return len(set(old))


def horizon_key(noun: int) -> str:
    """Return the name under which a noun's own horizon is kept."""
    return f"horizon:{noun}"


def _numbers(session: Session, sql: str, params: tuple[int, ...]) -> list[tuple[int]]:
    return [(seq,) for (seq,) in session.execute(sql, params)]


def _position_before(session: Session, time_us: int) -> int:
    try:
        return position_of(session, time_us=time_us)
    except (UnknownTenant, HistoryUnavailable):
        return 0
