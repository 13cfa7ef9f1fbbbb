"""Changes of definitions: nouns created, altered and dropped, each with an entry in the log and all within the transaction."""

from typing import TYPE_CHECKING

import msgspec

from dotdo.errors import (
    AlreadyExists,
    CheckViolation,
    ForeignKeyViolation,
    InvalidValue,
    NotNullViolation,
    UnknownNoun,
)
from dotdo.storage import ddl, system
from dotdo.storage.catalog import Catalog
from dotdo.storage.functions import functions_of
from dotdo.storage.images import Images
from dotdo.storage.names import quoted
from dotdo.storage.schema import Column, Noun, encode_noun
from dotdo.storage.types import storage_of

if TYPE_CHECKING:
    from dotdo.storage.session import Session


def create_noun(session: "Session", noun: Noun) -> Noun:
    """Create a noun and its table.

    Args:
        session: Runs it; its transaction, if one is open, keeps the writer from here on.
        noun: The definition; `id` is given only where another file's number is to be kept.

    Returns:
        The definition with its number.

    Raises:
        AlreadyExists: A noun of that name exists.
        UnknownNoun: A foreign key refers to a noun that does not.
    """

    def work() -> Noun:
        catalog = session.catalog
        if catalog.noun(noun.name) is not None:
            msg = f"noun {noun.name!r} exists"
            raise AlreadyExists(msg)
        number = noun.id or _free_number(session)
        made = msgspec.structs.replace(noun, id=number)
        if not noun.id:
            session.store.counters.begin_anew(number, session)
        session.provide(functions_of([made]))
        if made.has_table:
            session.execute(ddl.table(made, _targets(catalog, made)))
            for text in (*ddl.indexes(made).values(), *ddl.search(made)):
                session.execute(text)
            _retrigger(session, None, made)
        session.execute(
            "insert into _noun(id, name, def) values (?, ?, ?)",
            (number, made.name, encode_noun(made)),
        )
        session.execute(  # a branch has row ids of its own
            "insert or ignore into _counter select ?, v from _meta where k = 'row_base' and ?",
            (f"noun {number}", made.has_table and made.has_hidden_rowid),
        )
        _record(session, made.id, made)
        return made

    return session.change_definitions(work)


def _free_number(session: "Session") -> int:
    """Return a number that no noun has ever had in this file, and count on."""
    ((number,),) = session.execute("select v from _meta where k = 'next_noun'")
    while session.execute("select 1 from _schema where noun = ?", (number,)):
        number += 1
    session.execute("update _meta set v = ? where k = 'next_noun'", (number + 1,))
    return int(number)


def drop_noun(session: "Session", noun: Noun) -> None:
    """Drop a noun with its things; the log keeps them.

    Raises:
        ForeignKeyViolation: Rows of other nouns refer to its rows.
    """

    def work() -> None:
        if noun.has_table:
            _drop_table(session, noun)
        session.execute("delete from _noun where id = ?", (noun.id,))
        session.execute("delete from _field where noun = ?", (noun.id,))
        _record(session, noun.id, None)

    session.change_definitions(work)


def _drop_table(session: "Session", noun: Noun) -> None:
    session.execute(f"delete from {quoted(noun.table)}")
    session.execute("delete from _rel where src_noun = ?1 or dst_noun = ?1", (noun.id,))
    for text in ddl.drop_search(noun):
        session.execute(text)
    session.execute(f"drop table {quoted(noun.table)}")


def alter_noun(session: "Session", new: Noun, filled: dict[str, str] | None = None) -> Noun:
    """Give a noun another definition.

    Columns are known by their physical names: one that is new is added, one that is gone is dropped, one whose storage
    changed is rewritten.

    Args:
        session: Runs it.
        new: The definition wanted, with the number of the present one.
        filled: SQLite expression over the old row for added or rewritten columns, by physical name.

    Raises:
        UnknownNoun: No noun has that number.
        ConstraintViolation: Rows break a new constraint.
    """

    def work() -> Noun:
        old = session.catalog.by_id.get(new.id)
        if old is None:
            msg = f"noun {new.name!r} does not exist"
            raise UnknownNoun(msg)
        if old.layout == "document" and new.columns != old.columns:
            msg = f"noun {new.name!r} holds documents: it has the key column only"
            raise InvalidValue(msg)
        session.provide(functions_of([new]))
        namesake = session.catalog.noun(new.name)
        if namesake is not None and namesake.id != new.id:
            msg = f"noun {new.name!r} exists"
            raise AlreadyExists(msg)
        if old.has_table:
            _change_table(session, old, new, filled or {})
        session.execute(
            "update _noun set name = ?, def = ? where id = ?", (new.name, encode_noun(new), new.id)
        )
        _record(session, new.id, new, filled)
        return new

    return session.change_definitions(work)


def _change_table(session: "Session", old: Noun, new: Noun, filled: dict[str, str]) -> None:
    dropped = _reshape(session, old, new, filled) if old.layout == "columns" else set()
    _reindex(session, old, new, dropped)
    if old.layout == "columns":
        _check_rows(session, new)
    if old.search != new.search:
        for text in (*ddl.drop_search(old), *ddl.search(new)):
            session.execute(text)
    _retrigger(session, old, new)


def _reshape(session: "Session", old: Noun, new: Noun, filled: dict[str, str]) -> set[str]:
    """Bring the table's columns and constraints to the new definition; return the physical names of indexes that went meanwhile."""
    before = {c.column: c for c in old.columns}
    after = {c.column: c for c in new.columns}
    rewritten = {
        name
        for name, column in after.items()
        if name in before and storage_of(column.type) != storage_of(before[name].type)
    }
    dropped = [c for name, c in before.items() if name not in after]
    refilled = [
        name
        for name, text in filled.items()
        if name in before and name not in rewritten and text != quoted(name)
    ]
    if rewritten or refilled or dropped:
        _log_all(session, old)
    for name in _triggers(old):
        session.execute(f"drop trigger {quoted(name)}")
    wanted = {} if rewritten else ddl.indexes(new)  # a rewritten column is another one for a while
    stale = {name for name, text in ddl.indexes(old).items() if wanted.get(name) != text}
    for name in stale:
        session.execute(f"drop index {quoted(name)}")
    bare = msgspec.structs.replace(
        old, columns=tuple(c for c in old.columns if c.column in after), checks=(), foreign_keys=()
    )
    if rewritten or refilled or dropped:
        _retell(session, msgspec.structs.replace(old, checks=(), foreign_keys=()), Catalog(0, ()))
    for column in dropped:
        session.execute(f"alter table {quoted(old.table)} drop column {quoted(column.column)}")
    for name, column in after.items():
        if name not in before or name in rewritten:
            _write_column(session, bare, column, filled.get(name), is_new=name not in before)
    for name in refilled:
        session.execute(f"update {quoted(old.table)} set {quoted(name)} = {filled[name]}")
    _retell(session, new, session.catalog)
    return stale


def _write_column(
    session: "Session", noun: Noun, column: Column, filled: str | None, *, is_new: bool
) -> None:
    table = quoted(noun.table)
    if not is_new:  # beside the old one, then in its place
        beside = msgspec.structs.replace(column, column="_new", is_nullable=True, default=None)
        session.execute(ddl.added_column(noun, beside))
        session.execute(f"update {table} set _new = {filled or quoted(column.column)}")
        session.execute(f"alter table {table} drop column {quoted(column.column)}")
        session.execute(f"alter table {table} rename column _new to {quoted(column.column)}")
        return
    loose = msgspec.structs.replace(column, is_nullable=True)
    if (
        column.generated is not None
    ):  # SQLite adds one to an empty table alone: it becomes one when its values are there
        loose, filled = msgspec.structs.replace(loose, generated=None), column.generated
    constant = loose if filled is None else msgspec.structs.replace(loose, default=None)
    session.execute(ddl.added_column(noun, constant))
    if filled is not None:
        session.execute(f"update {table} set {quoted(column.column)} = {filled}")


def _log_all(session: "Session", noun: Noun) -> None:
    """Keep every row as it is in the log, before its shape changes."""
    images = session.catalog.images(noun)
    session.execute(
        f"insert into _log(noun, op, id, before) select {noun.id}, {system.REWRITE}, {quoted(noun.rowid)},"
        f" {images.encoded('')} from {quoted(noun.table)}"
    )


def _retell(session: "Session", noun: Noun, catalog: Catalog) -> None:
    """Put the table's new text into the schema: constraints change without touching rows."""
    listed = session.execute("select name from pragma_table_xinfo(?) order by cid", (noun.table,))
    text = ddl.table(noun, _targets(catalog, noun), [str(name) for (name,) in listed])
    version = session.execute("pragma schema_version")[0][0]
    session.execute("pragma writable_schema = 1")
    try:
        session.execute(
            "update sqlite_schema set sql = ? where type = 'table' and name = ?", (text, noun.table)
        )
        session.execute(f"pragma schema_version = {int(str(version)) + 1}")
    finally:
        session.execute("pragma writable_schema = reset")


def _check_rows(session: "Session", noun: Noun) -> None:
    """See that the rows that are there keep the constraints of the new definition."""
    table = quoted(noun.table)
    for column in noun.columns:  # by typeof: SQLite takes `is null` of a NOT NULL column for false
        name = quoted(column.column)
        if not column.is_nullable and session.execute(
            f"select 1 from {table} where typeof({name}) = 'null' limit 1"
        ):
            msg = f"column {column.name!r} of {noun.name!r} contains null values"
            raise NotNullViolation(msg, table=noun.table, columns=[column.column])
    for check in noun.checks:
        if session.execute(f"select 1 from {table} where not ({check.sql}) limit 1"):
            msg = f"check constraint {check.name!r} of {noun.name!r} is violated by some row"
            raise CheckViolation(msg, table=noun.table, constraint=check.name)
    broken = session.execute(f"pragma foreign_key_check({table})") if noun.foreign_keys else []
    if broken:
        number = int(str(broken[0][3]))
        fk = noun.foreign_keys[len(noun.foreign_keys) - 1 - number]
        msg = f"foreign key {fk.name!r} of {noun.name!r} is violated by some row"
        raise ForeignKeyViolation(msg, table=noun.table, columns=fk.columns, constraint=fk.name)


def _reindex(session: "Session", old: Noun, new: Noun, gone: set[str]) -> None:
    before = {name: text for name, text in ddl.indexes(old).items() if name not in gone}
    wanted = ddl.indexes(new)
    for name, text in before.items():
        if wanted.get(name) != text:
            session.execute(f"drop index if exists {quoted(name)}")
    for name, text in wanted.items():
        if before.get(name) != text:
            session.execute(text)


def _retrigger(session: "Session", old: Noun | None, new: Noun) -> None:
    """Make the log triggers anew, last of all triggers: they must see the row as it ends up."""
    for name in _triggers(old) if old is not None else ():
        session.execute(f"drop trigger if exists {quoted(name)}")
    for text in ddl.triggers(new, Images(new)).values():
        session.execute(text)


def _triggers(noun: Noun) -> list[str]:
    return [*ddl.guards(noun), *(f"_log_{kind} {noun.table}" for kind in "iduk")]


def _targets(catalog: Catalog, noun: Noun) -> dict[str, str]:
    found = {noun.name: noun.table}
    for fk in noun.foreign_keys:
        if fk.target not in found:
            target = catalog.noun(fk.target)
            if target is None:
                msg = f"noun {fk.target!r} does not exist"
                raise UnknownNoun(msg)
            found[fk.target] = target.table
    return found


def _record(
    session: "Session", number: int, noun: Noun | None, filled: dict[str, str] | None = None
) -> None:
    """Enter the change into the log."""
    session.execute("insert into _log(noun, op, id) values (?, ?, 0)", (number, system.SCHEMA))
    session.execute(
        "insert into _schema(seq, noun, def, filled) values (last_insert_rowid(), ?, ?, ?)",
        (
            number,
            None if noun is None else encode_noun(noun),
            msgspec.json.encode(filled).decode() if filled else None,
        ),
    )
    session.execute("update _meta set v = v + 1 where k = 'catalog'")
