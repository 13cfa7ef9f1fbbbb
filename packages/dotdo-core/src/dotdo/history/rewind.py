"""The past as a file of its own: a copy, undone backward. For moments since when definitions changed their shape."""

import msgspec

from dotdo.errors import HistoryUnavailable
from dotdo.history.definitions_then import definitions_at
from dotdo.history.retention import horizon_key
from dotdo.storage import Noun, Session, Store, ddl, decode_noun, encode_noun, system
from dotdo.storage.files import copy_store
from dotdo.storage.images import Images
from dotdo.storage.names import quoted


def rewind(source: Store, target: str, seq: int) -> None:
    """Make the file `target`: the store as it was at a log position, with its history up to there.

    Args:
        source: The store.
        target: The new file.
        seq: The position, the end of a transaction.
    """
    copy_store(source, target)
    store = Store(target, clock=source.clock, durability="memory")
    session = store.session()
    try:
        session.set_enforcement(is_on=False)
        session.mutate(lambda: _undo(session, seq))
    finally:
        store.close()


def _undo(session: Session, seq: int) -> None:
    then = {noun.id: noun for noun in definitions_at(session, seq)}
    now = {noun.id: noun for noun in session.catalog.by_id.values()}
    touched = {
        n
        for (n,) in session.execute(
            "select distinct noun from _log where seq > ? and noun > 0", (seq,)
        )
    }
    for number in touched:
        kept = session.execute("select v from _meta where k = ?", (horizon_key(number),))
        if kept and kept[0][0] > seq:
            msg = f"that far back the history of {now.get(number, then.get(number))} is no longer kept"
            raise HistoryUnavailable(msg)
    for number in sorted(touched):
        _undo_noun(session, number, now.get(number), then.get(number), seq)
    for number in now.keys() - then.keys():
        session.execute("delete from _noun where id = ?", (number,))
    for noun in then.values():
        if noun.id >= system.FIRST_NOUN:
            session.execute(
                "insert or replace into _noun(id, name, def) values (?, ?, ?)",
                (noun.id, noun.name, encode_noun(noun)),
            )
    session.execute("delete from _schema where seq > ?", (seq,))
    session.execute("delete from _log where seq > ?", (seq,))
    session.execute("delete from _log_by_id where seq > ?", (seq,))
    session.execute("update _meta set v = min(v, ?) where k = 'indexed'", (seq,))
    session.execute("update _meta set v = v + 1 where k = 'catalog'")


def _undo_noun(
    session: Session, number: int, now: Noun | None, then: Noun | None, seq: int
) -> None:
    """Take one noun's table back, definition by definition."""
    rows = session.execute(
        "select seq, def from _schema where noun = ? and seq > ? order by seq desc", (number, seq)
    )
    upper, shape = (1 << 62), now
    if shape is not None:
        _silence(session, shape)
    for at, _ in rows:
        position = at
        if shape is not None:
            _restore_rows(session, shape, position, upper)
        earlier = _definition_before(session, number, position)
        _reshape(session, shape, earlier)
        shape, upper = earlier, position
    if shape is not None:
        _restore_rows(session, shape, seq, upper)
    if then is not None:
        for text in (
            *ddl.indexes(then).values(),
            *ddl.search(then),
            *ddl.triggers(then, Images(then)).values(),
        ):
            session.execute(text)


def _definition_before(session: Session, number: int, seq: int) -> Noun | None:
    rows = session.execute(
        "select def from _schema where noun = ? and seq < ? order by seq desc limit 1",
        (number, seq),
    )
    return decode_noun(str(rows[0][0])) if rows and rows[0][0] is not None else None


def _silence(session: Session, noun: Noun) -> None:
    """Drop the table's triggers and indexes; they are made anew at the end."""
    names = session.execute(
        "select type, name from sqlite_schema where tbl_name = ? and type in ('trigger', 'index') and sql is not null",
        (noun.table,),
    )
    for kind, name in names:
        session.execute(f"drop {kind} {quoted(str(name))}")
    if noun.search:
        session.execute(f"drop table {quoted(ddl.search_table(noun))}")


def _restore_rows(session: Session, noun: Noun, after: int, upto: int) -> None:
    """Undo the entries in (after, upto): each row becomes what its first image says."""
    images = Images(noun)
    table, rowid = quoted(noun.table), quoted(noun.rowid)
    first = "select id, op, before, min(seq) from _log where noun = ? and seq > ? and seq < ? and op between 1 and 4 group by id"
    params = (noun.id, after, upto)
    session.execute("drop table if exists temp._first")
    session.execute(f"create temp table _first as {first}", params)
    session.execute(f"delete from {table} where {rowid} in (select id from temp._first)")
    names = ", ".join(map(quoted, images.columns))
    values = ", ".join(images.decoded("before"))
    session.execute(f"insert into {table}({names}) select {values} from temp._first where op <> 1")


def _reshape(session: Session, shape: Noun | None, earlier: Noun | None) -> None:
    """Make the table one of the earlier definition; values that it shares with the present one stay."""
    if (
        shape is not None
        and earlier is not None
        and Images(shape).columns == Images(earlier).columns
        and shape.table == earlier.table
    ):
        return
    bare = None if earlier is None else msgspec.structs.replace(earlier, foreign_keys=(), checks=())
    if bare is None:
        if shape is not None:
            session.execute(f"drop table {quoted(shape.table)}")
        return
    if shape is None:
        session.execute(ddl.table(_loose(bare), {}))
        return
    session.execute(f"alter table {quoted(shape.table)} rename to _later")
    session.execute(ddl.table(_loose(bare), {}))
    shared = [c for c in Images(bare).columns if c in Images(shape).columns]
    names = ", ".join(map(quoted, shared))
    session.execute(f"insert into {quoted(bare.table)}({names}) select {names} from _later")
    session.execute("drop table _later")


def _loose(noun: Noun) -> Noun:
    """Return the definition with every column nullable: values come in steps."""
    return msgspec.structs.replace(
        noun, columns=tuple(msgspec.structs.replace(c, is_nullable=True) for c in noun.columns)
    )
