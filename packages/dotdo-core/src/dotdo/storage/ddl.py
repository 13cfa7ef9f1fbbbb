"""SQL text of a noun's table, indexes and triggers, made from its definition."""

import re
from collections.abc import Iterator, Sequence

from dotdo.storage import system
from dotdo.storage.images import Images
from dotdo.storage.names import literal, quoted
from dotdo.storage.schema import Column, ForeignKey, Index, Noun
from dotdo.storage.types import declared_of


def table(noun: Noun, target_tables: dict[str, str], order: Sequence[str] = ()) -> str:
    """Return CREATE TABLE.

    Args:
        noun: The definition.
        target_tables: Physical table of each noun that a foreign key refers to.
        order: Physical columns as they lie in the file, hidden ones included; by default the order of creation.
    """
    if noun.layout == "document":
        return f"create table {quoted(noun.table)}({', '.join(_DOCUMENT)}) strict"
    lines = {column.column: _column(noun, column) for column in noun.columns} | _HIDDEN
    if noun.has_hidden_rowid:
        lines = {"_id": "_id integer primary key"} | lines
    constraints = [f"constraint {quoted(check.name)} check ({check.sql})" for check in noun.checks]
    constraints += [_foreign_key(fk, target_tables) for fk in noun.foreign_keys]
    listed = ", ".join([lines[name] for name in order or lines] + constraints)
    return f"create table {quoted(noun.table)}({listed}) strict"


_HIDDEN = {"_extra": "_extra blob", "_visibility": "_visibility text"}
_DOCUMENT = (
    "_id integer primary key",
    "id any not null",
    "data blob not null",
    "bson blob",
    "_visibility text",
)


def _column(noun: Noun, column: Column) -> str:
    if column.column == noun.rowid:
        return f"{quoted(column.column)} integer primary key not null"
    parts = [quoted(column.column), declared_of(column.type)]
    if not column.is_nullable:
        parts.append("not null")
    if column.default is not None:
        parts.append(f"default ({column.default})")
    if column.generated is not None:
        parts.append(f"generated always as ({column.generated}) stored")
    return " ".join(parts)


def added_column(noun: Noun, column: Column) -> str:
    """Return ALTER TABLE ADD COLUMN for one column of the new definition."""
    return f"alter table {quoted(noun.table)} add column {_column(noun, column)}"


def _foreign_key(fk: ForeignKey, target_tables: dict[str, str]) -> str:
    text = (
        f"constraint {quoted(fk.name)} foreign key ({_names(fk.columns)})"
        f" references {quoted(target_tables[fk.target])}({_names(fk.target_columns)})"
        f" on delete {fk.on_delete} on update {fk.on_update}"
    )
    if fk.is_deferrable:
        text += " deferrable initially " + ("deferred" if fk.is_deferred else "immediate")
    return text


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, columns))


def indexes(noun: Noun) -> dict[str, str]:
    """Return CREATE INDEX for the key, the unique constraints and the indexes, by physical index name.

    What is unique over numbers whose equal values are kept as different bytes has a second index, `_even NAME`, over what is equal.
    """
    found = {}
    if noun.layout == "document":
        found[key_index(noun)] = _index(noun, key_index(noun), "id", is_unique=True)
    elif noun.key and noun.key != (noun.rowid,):
        found[key_index(noun)] = _index(noun, key_index(noun), _names(noun.key), is_unique=True)
    for unique in noun.uniques:
        name = index_name(noun, unique.name)
        found[name] = _index(noun, name, _names(unique.columns), is_unique=True)
    for name, terms, where in unique_terms(noun):
        even = [even_term(noun, term) for term in terms]
        if even != terms:
            text = _index(noun, f"{EVEN}{name}", ", ".join(even), is_unique=True)
            found[f"{EVEN}{name}"] = f"{text}{where}"
    for index in noun.indexes:
        name = index_name(noun, index.name)
        found[name] = secondary_index(noun, index)
    return found


EVEN = "_even "
_ORDER = re.compile(r"\s+(asc|desc)(\s+nulls\s+(first|last))?\s*$", re.IGNORECASE)


def unique_terms(noun: Noun) -> Iterator[tuple[str, list[str], str]]:
    """Yield name, terms without direction and WHERE clause of each unique index."""
    if noun.layout == "document":
        yield key_index(noun), ["id"], ""
    elif noun.key and noun.key != (noun.rowid,):
        yield key_index(noun), [quoted(name) for name in noun.key], ""
    for unique in noun.uniques:
        yield index_name(noun, unique.name), [quoted(name) for name in unique.columns], ""
    for index in noun.indexes:
        if index.is_unique:
            where = "" if index.where is None else f" where {index.where}"
            terms = [_ORDER.sub("", term) for term in index.terms]
            yield index_name(noun, index.name), terms, where


def even_term(noun: Noun, term: str) -> str:
    """Return what is equal for equal values of a term: a number without the scale it is shown with."""
    if all(quoted(column.column) != term for column in noun.columns if column.type == "numeric"):
        return term
    return f"iif(length({term}) = 2, {term}, substr({term}, 1, length({term}) - 2))"


def secondary_index(noun: Noun, index: Index) -> str:
    """Return CREATE INDEX for one secondary index."""
    name = index_name(noun, index.name)
    text = _index(noun, name, ", ".join(index.terms), is_unique=index.is_unique)
    return text if index.where is None else f"{text} where {index.where}"


def key_index(noun: Noun) -> str:
    """Return the physical name of the index of the primary key."""
    return f"_key {noun.table}"


def index_name(noun: Noun, name: str) -> str:
    """Return the physical name of an index; index names of different nouns never meet."""
    return f"_ix {noun.table} {name}"


def _index(noun: Noun, name: str, terms: str, *, is_unique: bool) -> str:
    unique = "unique " if is_unique else ""
    return f"create {unique}index {quoted(name)} on {quoted(noun.table)}({terms})"


def triggers(noun: Noun, images: Images) -> dict[str, str]:
    """Return the log triggers, by name.

    A change of the key logs delete(old) + insert(new); one image is made at most. Statements that do not assign to the key
    do not run that trigger at all. Relationships go with their ends.
    """
    name, rowid = noun.table, quoted(noun.rowid)
    before = images.encoded("old.")
    columns = "insert into _log(noun, op, id, before) values"
    made = f"insert into _log(noun, op, id) values ({noun.id}, {system.INSERT}, new.{rowid});"
    gone = f"{columns} ({noun.id}, {system.DELETE}, old.{rowid}, {before});"
    leaves, moves = _ends_of_relationships(noun)
    on = quoted(name)
    moved = " or ".join(f"old.{quoted(k)} is not new.{quoted(k)}" for k in _key(noun))
    same = " and ".join(f"old.{quoted(k)} is new.{quoted(k)}" for k in _key(noun))
    kept = f"{columns} ({noun.id}, {system.UPDATE}, old.{rowid}, {before});"
    if (
        noun.id < system.FIRST_NOUN
    ):  # its numbers never change, and every open tenant pays for a trigger
        found = {
            f"_log_i {name}": f"after insert on {on} begin {made} end",
            f"_log_d {name}": f"after delete on {on} begin {gone} end",
            f"_log_u {name}": f"after update on {on} begin {kept} end",
        }
    else:
        found = {
            f"_log_i {name}": f"after insert on {on} begin {made} end",
            f"_log_d {name}": f"after delete on {on} begin {gone}{leaves} end",
            f"_log_u {name}": f"after update on {on} when {same} begin {kept} end",
            f"_log_k {name}": f"after update{_of_key(noun)} on {on} when {moved} begin {gone} {made}{moves} end",
        }
    found = guards(noun) | found
    return {trigger: f"create trigger {quoted(trigger)} {body}" for trigger, body in found.items()}


def guards(noun: Noun) -> dict[str, str]:
    """Return the triggers, by name, that hold what is written to documents against their checks; see `Check`."""
    if noun.layout != "document":
        return {}
    on = quoted(noun.table)
    found: dict[str, str] = {}
    for check in noun.checks:
        message = (
            f"UNIQUE constraint failed: index '{check.name}'"
            if check.is_unique
            else f"CHECK constraint failed: {check.name}"
        )
        refuse = f"select raise(abort, {literal(message)}) where not ({check.sql});"
        body = f"on {on} when new.bson is null begin {refuse} end"
        found[f"_check_i {noun.table} {check.name}"] = f"before insert {body}"
        found[f"_check_u {noun.table} {check.name}"] = f"before update of id, data {body}"
    return found


def _ends_of_relationships(noun: Noun) -> tuple[str, str]:
    """Return what follows in `_rel` when a row goes, and when its row id changes."""
    old, new = f"old.{quoted(noun.rowid)}", f"new.{quoted(noun.rowid)}"
    rows = [f"where {end}_noun = {noun.id} and {end} = {old};" for end in ("src", "dst")]
    leaves = "".join(f" delete from _rel {row}" for row in rows)
    if noun.has_hidden_rowid:
        return leaves, ""
    ends = zip(("src", "dst"), rows, strict=True)
    return leaves, "".join(f" update _rel set {end} = {new} {row}" for end, row in ends)


def _key(noun: Noun) -> tuple[str, ...]:
    key = ("id",) if noun.layout == "document" else noun.key
    return key if noun.rowid in key else (noun.rowid, *key)


def _of_key(noun: Noun) -> str:
    """Return the clause that names what an assignment to the key may be called; none when the key is computed."""
    names = _key(noun)
    if any(c.generated is not None and c.column in names for c in noun.columns):
        return ""
    return " of " + ", ".join(map(quoted, dict.fromkeys((*names, "rowid", "oid", "_rowid_"))))


def search_table(noun: Noun) -> str:
    """Return the physical name of the full text table."""
    return f"_fts {noun.table}"


def search(noun: Noun) -> list[str]:
    """Return the statements that make the full text index and fill it; none when nothing is searched."""
    if not noun.search:
        return []
    fts, rowid = quoted(search_table(noun)), quoted(noun.rowid)
    fields = ", ".join(quoted(field) for field in noun.search)
    new = ", ".join(_searched(noun, field, "new.") for field in noun.search)
    old = ", ".join(_searched(noun, field, "old.") for field in noun.search)
    here = ", ".join(_searched(noun, field, "") for field in noun.search)
    insert = f"insert into {fts}(rowid, {fields}) values (new.{rowid}, {new});"
    delete = f"insert into {fts}({fts}, rowid, {fields}) values ('delete', old.{rowid}, {old});"
    on = quoted(noun.table)
    names = [quoted(f"_fts_{kind} {noun.table}") for kind in "iud"]
    return [
        f"create virtual table {fts} using fts5({fields}, content='')",
        f"create trigger {names[0]} after insert on {on} begin {insert} end",
        f"create trigger {names[1]} after update on {on} begin {delete} {insert} end",
        f"create trigger {names[2]} after delete on {on} begin {delete} end",
        f"insert into {fts}(rowid, {fields}) select {rowid}, {here} from {on}",
    ]


def drop_search(noun: Noun) -> list[str]:
    """Return the statements that take the full text index away."""
    if not noun.search:
        return []
    drops = [f"drop trigger {quoted(f'_fts_{kind} {noun.table}')}" for kind in "iud"]
    return [*drops, f"drop table {quoted(search_table(noun))}"]


def _searched(noun: Noun, field: str, row: str) -> str:
    if noun.layout == "document":
        return f"{row}data ->> {literal(field)}"
    column = noun.column(field)
    return f"{row}{quoted(column.column)}" if column else f"{row}_extra ->> {literal(field)}"
