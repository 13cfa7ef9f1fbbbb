"""What kinds of values the documents of a noun hold, field by field: found by reading them once, kept up with the log."""

from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

from dotdo.storage import Noun, Retention, Session, Store
from dotdo.storage.names import quoted
from dotdo.storage.view import OPEN

Kinds = frozenset[str]
"""`null boolean integer bigint real text array object`, or the tag of a value that JSON lacks (`$t`, `$n` ...)."""


class Shape(NamedTuple):
    """Kinds of values.

    Args:
        identity: Those of the ids; `json` is text that is kept quoted.
        fields: Those of each top-level field, by name in order of first sight; `bigint` is beyond 2^53.
    """

    identity: Kinds
    fields: Mapping[str, Kinds]


class _Known(NamedTuple):
    position: int
    shape: Shape


_EXACT = 1 << 53
_KIND = f"""case j.type when 'integer' then iif(j.value between -{_EXACT} and {_EXACT}, 'integer', 'bigint')
 when 'true' then 'boolean' when 'false' then 'boolean'
 when 'object' then iif(j.value glob '{{"$*', substr(j.value, 3, instr(substr(j.value, 3), '"') - 1), 'object')
 else j.type end"""
_ID_KIND = """case when typeof(id) <> 'text' then typeof(id)
 when id glob '{"$*' then substr(id, 3, instr(substr(id, 3), '"') - 1)
 when id glob '"*' then 'json' when id glob '{*' then 'object' when id glob '[[]*' then 'array'
 when id in ('true', 'false') then 'boolean' when id = 'null' then 'null' else 'text' end"""
_EMPTY = Shape(frozenset(), {})

_known: WeakKeyDictionary[Store, dict[int, _Known]] = WeakKeyDictionary()
_unsettled: WeakKeyDictionary[Session, dict[int, tuple[tuple[int, int], Shape]]] = (
    WeakKeyDictionary()
)
_guard = Lock()


def shape_of(session: Session, noun: Noun) -> Shape:
    """Return what a noun's documents hold, as the session sees them; the same object while nothing new was seen.

    A kind is not forgotten when the last value of it goes, for as long as the process has the store open. Documents that a
    transaction has written and not committed count for its own session alone.

    Args:
        session: Reads them.
        noun: Of layout `document`.
    """
    with _guard:
        of_store = _known.setdefault(session.store, {})
    known = of_store.get(noun.id)
    if known is not None and session.store.is_read_only:
        return known.shape  # the past stays as it is
    position = _position(session)
    if known is not None and position <= known.position:
        return known.shape
    if _sees_own_writes(session):
        return _in_transaction(session, noun, known, position)
    found = _grown(session, noun, known)
    of_store[noun.id] = _Known(position, found)
    return found


def _sees_own_writes(session: Session) -> bool:
    """The log may hold what is not committed, whose numbers may be given again."""
    return session.connection.in_transaction and session.state is not OPEN


def _in_transaction(session: Session, noun: Noun, known: _Known | None, position: int) -> Shape:
    """Return the shape as a transaction sees it that has written; kept while nothing changes."""
    with _guard:
        of_session = _unsettled.setdefault(session, {})
    mark = position, session.connection.total_changes()
    kept = of_session.get(noun.id)
    if kept is None or kept[0] != mark:
        kept = of_session[noun.id] = mark, _grown(session, noun, known)
    return kept[1]


def _grown(session: Session, noun: Noun, known: _Known | None) -> Shape:
    """Return what is known with what was written since; the same object when that is nothing new."""
    found = _seen(session, noun, known)
    if known is None:
        return found
    return known.shape if _covers(known.shape, found) else _joined(known.shape, found)


def _position(session: Session) -> int:
    ((seq,),) = session.read("select coalesce(max(seq), 0) from _log")
    return int(seq)


def _seen(session: Session, noun: Noun, known: _Known | None) -> Shape:
    """Return the kinds of all documents, or of those that the log says were written since."""
    where = ""
    params: tuple[int, ...] = ()
    if known is not None and noun.retention == Retention():
        where = " where _id in (select id from _log where seq > ? and noun = ?)"
        params = (known.position, noun.id)
    table = quoted(noun.table)
    fields: dict[str, set[str]] = {}
    sql = f"select distinct j.key, {_KIND} from (select data from {table}{where}) d, json_each(d.data) j"
    for name, kind in session.read(sql, params):
        fields.setdefault(name, set()).add(kind)
    identity = session.read(f"select distinct {_ID_KIND} from {table}{where}", params)
    if not fields and not identity:
        return _EMPTY
    frozen = {name: frozenset(kinds) for name, kinds in fields.items()}
    return Shape(frozenset(kind for (kind,) in identity), frozen)


def _covers(known: Shape, found: Shape) -> bool:
    return known.identity >= found.identity and all(
        known.fields.get(name, frozenset()) >= kinds and name in known.fields
        for name, kinds in found.fields.items()
    )


def _joined(known: Shape, found: Shape) -> Shape:
    fields = dict(known.fields)
    for name, kinds in found.fields.items():
        fields[name] = fields.get(name, frozenset()) | kinds
    return Shape(known.identity | found.identity, fields)
