"""The past as a file of its own: a copy, undone backward. For moments since when definitions changed their shape."""

from collections.abc import Iterable
from itertools import chain

import msgspec

from dotdo.history.branching import derive
from dotdo.history.definitions_then import definitions_at
from dotdo.history.retention import require_kept
from dotdo.storage import Noun, Session, Store, ddl, decode_noun, encode_noun, system
from dotdo.storage.images import Images
from dotdo.storage.names import quoted
from dotdo.storage.types import storage_of


def rewind(source: Store, target: str, seq: int) -> None:
    """Make the file `target`: the store as it was at a log position, with its history up to there.

    Args:
        source: The store.
        target: The new file.
        seq: The position, the end of a transaction.
    """
    derive(source, target, lambda session: _undo(session, seq), enforces=False)


def _undo(session: Session, seq: int) -> None:
    require_kept(session, seq)
    then = {noun.id: noun for noun in definitions_at(session, seq)}
    now = {noun.id: noun for noun in session.catalog.by_id.values()}
    touched = {
        number
        for (number,) in session.execute(
            "select distinct noun from _log where seq > ? and noun > 0", (seq,)
        )
    }
    for number in now.keys() - then.keys():
        if now[number].has_table:
            _silence(session, now[number])
            session.execute(f"drop table {quoted(now[number].table)}")
        session.execute("delete from _noun where id = ?", (number,))
    tables = {noun.name: noun.table for noun in then.values()}
    changed = sorted(number for number in touched & then.keys() if then[number].has_table)
    for number in changed:
        _undo_noun(session, number, now.get(number), seq)
    for number in changed:
        _settle(session, then[number], tables)
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
    session.execute("delete from _meta where k like 'merged:%' and v ->> 1 > ?", (seq,))
    session.execute("update _meta set v = v + 1 where k = 'catalog'")


def _undo_noun(session: Session, number: int, now: Noun | None, seq: int) -> None:
    """Take one noun's table back, definition by definition."""
    rows = session.execute(
        "select seq from _schema where noun = ? and seq > ? order by seq desc", (number, seq)
    )
    upper, shape = (1 << 62), now
    if shape is not None:
        _silence(session, shape)
    for (position,) in rows:
        if shape is not None:
            _restore_rows(session, shape, position, upper)
        earlier = _definition_before(session, number, position)
        _reshape(session, shape, earlier)
        shape, upper = earlier, position
    if shape is not None:
        _restore_rows(session, shape, seq, upper)


def _settle(session: Session, noun: Noun, tables: dict[str, str]) -> None:
    """Give the table its exact definition, with its indexes and triggers."""
    text = ddl.table(noun, tables)
    if (text,) not in session.execute(
        "select sql from sqlite_schema where name = ?", (noun.table,)
    ):
        _replace(session, noun.table, noun.table, text, Images(noun).columns)
    made = ddl.indexes(noun).values(), ddl.search(noun), ddl.triggers(noun, Images(noun)).values()
    for statement in chain(*made):
        session.execute(statement)


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
    """Make the table one that can hold rows of the earlier definition; values that it shares with the present one stay."""
    if shape is None:
        if earlier is not None:
            session.execute(ddl.table(_loose(earlier), {}))
    elif earlier is None:
        session.execute(f"drop table {quoted(shape.table)}")
    elif _lines(shape) != _lines(earlier):
        stored = dict(_stored(shape))
        shared = [column for column, kind in _stored(earlier) if stored.get(column) == kind]
        text = ddl.table(_loose(earlier), {})
        _replace(session, shape.table, earlier.table, text, shared)


def _lines(noun: Noun) -> tuple[object, ...]:
    return noun.table, noun.rowid, noun.columns, noun.checks, noun.foreign_keys


def _stored(noun: Noun) -> list[tuple[str, str]]:
    """Return the stored columns, each with its strict type."""
    types = {column.column: storage_of(column.type) for column in noun.columns}
    return [(column, types.get(column, "")) for column in Images(noun).columns]


def _replace(session: Session, old: str, new: str, text: str, shared: Iterable[str]) -> None:
    """Put a table made by `text` in a table's place, with the values of the columns that both have."""
    names = ", ".join(map(quoted, shared))
    session.execute(f"alter table {quoted(old)} rename to _later")
    session.execute(text)
    session.execute(f"insert into {quoted(new)}({names}) select {names} from _later")
    session.execute("drop table _later")


def _loose(noun: Noun) -> Noun:
    """Return the definition without constraints: values come in steps."""
    columns = tuple(msgspec.structs.replace(c, is_nullable=True) for c in noun.columns)
    return msgspec.structs.replace(noun, columns=columns, checks=(), foreign_keys=())
