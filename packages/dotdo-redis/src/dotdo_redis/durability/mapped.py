"""Keys that are things: the hashes under a prefix are the documents or rows of a noun, written at once; it refuses other types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from dotdo.errors import InvalidName, InvalidValue
from dotdo.graph import Thing, define_documents, shape_of
from dotdo.graph.nouns import member_path
from dotdo.graph.rows import ColumnRows, DocumentRows
from dotdo.storage import Catalog, Noun, Session, alter_noun, quoted
from dotdo_redis.durability.thing_values import for_column, for_document, text_of, told
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.types.hashes import Hash

EXTRA = "redis"
OWNER = "redis"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A noun whose things are the hashes under a prefix.

    Args:
        noun: The definition.
        prefix: What the keys begin with; the thing's id follows.
        database: Number of their database.
    """

    noun: Noun
    prefix: bytes
    database: int

    @property
    def rows(self) -> DocumentRows | ColumnRows:
        """Statements of the noun."""
        return DocumentRows(self.noun) if self.noun.layout == "document" else ColumnRows(self.noun)


def mapped_nouns(catalog: Catalog) -> tuple[Mapped, ...]:
    """Return the nouns that are mapped, found once for each version of the definitions."""
    found = catalog.derived.get("redis mapped")
    if not isinstance(found, tuple):
        found = tuple(
            Mapped(noun, facts["prefix"].encode(), facts["database"])
            for noun in catalog.nouns
            if (facts := noun.extra.get(EXTRA)) is not None
        )
        catalog.derived["redis mapped"] = found
    return found


def define_mapped(session: Session, pattern: str, name: str, database: int) -> Noun:
    """Let the hashes under a pattern be the things of a noun, which is made when there is none.

    Raises:
        InvalidName: The pattern is no prefix followed by `*`, or meets another one.
        InvalidValue: The noun has a key of several columns, or another engine keeps it.
    """
    prefix = pattern.removesuffix("*")
    if prefix == pattern or not prefix or set(prefix) & set("*?[]\\"):
        raise InvalidName(f"{pattern!r} is no prefix followed by *")
    for other in mapped_nouns(session.catalog):
        theirs = other.prefix.decode()
        is_same = other.noun.name == name
        if (
            not is_same
            and other.database == database
            and (prefix.startswith(theirs) or theirs.startswith(prefix))
        ):
            raise InvalidName(f"{pattern!r} meets {theirs}*, which is {other.noun.name!r}")
    noun = session.catalog.noun(name) or define_documents(session, name)
    if noun.owner not in {"", OWNER} or len(noun.key) != 1:
        raise InvalidValue(f"the things of {name!r} cannot be hashes")
    facts = {"prefix": prefix, "database": database}
    return alter_noun(
        session, msgspec.structs.replace(noun, owner=OWNER, extra=noun.extra | {EXTRA: facts})
    )


# --- reading -------------------------------------------------------------------------------------


def load(session: Session, mapped: Mapped, config: Config) -> Iterator[tuple[bytes, Hash]]:
    """Read every thing of a noun that has a field, as key and hash."""
    rows = mapped.rows
    sql = f"select {rows.columns} from {quoted(mapped.noun.table)}"  # noqa: S608 - quoted names
    for row in session.read(sql):
        found = _hash(mapped, rows.thing(row), config)
        if found is not None:
            yield found


def read(
    session: Session, mapped: Mapped, row_id: int, config: Config
) -> tuple[bytes, Hash] | None:
    """Read one thing by its row; None when it is gone, or has no field."""
    rows = mapped.rows
    where = f"{quoted(mapped.noun.rowid)} = ?"
    sql = f"select {rows.columns} from {quoted(mapped.noun.table)} where {where}"  # noqa: S608 - quoted names
    found = session.read(sql, (row_id,))
    return _hash(mapped, rows.thing(found[0]), config) if found else None


def reread(session: Session, mapped: Mapped, key: bytes, config: Config) -> Hash | None:
    """Read the thing that a key names."""
    rows = mapped.rows
    try:
        params = rows.key(_identity(session, mapped, key))
    except InvalidValue:
        return None
    found = session.read(rows.by_id, params)
    made = _hash(mapped, rows.thing(found[0]), config) if found else None
    return None if made is None else made[1]


def _hash(mapped: Mapped, thing: Thing, config: Config) -> tuple[bytes, Hash] | None:
    fields = _fields(mapped, thing)
    if not fields:
        return None
    made = Hash(config)
    for name, value in fields.items():
        made.set(name, value)
    return mapped.prefix + (told(thing.id) or b""), made


def _fields(mapped: Mapped, thing: Thing) -> dict[bytes, bytes]:
    key = _key_name(mapped.noun)
    words = {
        name.encode(): told(value)
        for name, value in thing.fields.items()
        if name not in {key, "_id"}
    }
    return {name: word for name, word in words.items() if word is not None}


def _key_name(noun: Noun) -> str:
    if noun.layout == "document":
        return "_id"
    return next(column.name for column in noun.columns if column.column == noun.key[0])


def _identity(session: Session, mapped: Mapped, key: bytes) -> Any:
    word, noun = key[len(mapped.prefix) :], mapped.noun
    if noun.layout == "document":
        kinds = shape_of(session, noun).identity
        return for_document(word, kinds if "text" not in kinds else frozenset({"text"}))
    column = next(column for column in noun.columns if column.column == noun.key[0])
    return for_column(word, column)


# --- writing -------------------------------------------------------------------------------------


def write(session: Session, mapped: Mapped, key: bytes, value: Hash | None) -> None:
    """Make the thing that a key names what its hash is, within `mutate`; None deletes it.

    Raises:
        InvalidValue: A column cannot hold a field.
        ConstraintViolation: The noun refuses it.
    """
    rows = mapped.rows
    identity = _identity(session, mapped, key)
    found = session.attempt(lambda: session.execute(rows.by_id, rows.key(identity)))
    if value is None:
        if found:
            session.attempt(lambda: session.execute(rows.delete, rows.key(identity)))
        return
    after = dict(value.pairs())
    if not found:
        _create(session, mapped, identity, _typed(session, mapped, after))
        return
    before = _fields(mapped, rows.thing(found[0]))
    changed = {name: word for name, word in after.items() if before.get(name) != word}
    gone = [name for name in before if name not in after]
    if changed or gone:
        _change(session, mapped, identity, _typed(session, mapped, changed), gone)


def _typed(session: Session, mapped: Mapped, words: Mapping[bytes, bytes]) -> dict[str, Any]:
    noun = mapped.noun
    shape = shape_of(session, noun).fields if noun.layout == "document" else {}
    typed: dict[str, Any] = {}
    for name, word in words.items():
        field = text_of(name)
        if isinstance(field, bytes) or field in {"_id", _key_name(noun)}:
            raise InvalidValue(f"{name!r} is not allowed as the name of a field")
        column = noun.column(field)
        if column is not None and noun.layout == "columns":
            typed[field] = for_column(bytes(word), column)
        else:
            typed[field] = for_document(bytes(word), shape.get(field, frozenset()))
    return typed


def _create(session: Session, mapped: Mapped, identity: Any, fields: dict[str, Any]) -> None:
    noun, rows = mapped.noun, mapped.rows
    row = session.allocate(noun) if noun.has_hidden_rowid else None
    if isinstance(rows, DocumentRows):
        assert row is not None
        params = rows.insertion(row, identity, fields, None)
        session.attempt(lambda: session.execute(rows.insert, params))
    else:
        sql, values = rows.creation(row, {_key_name(noun): identity} | fields, None)
        session.attempt(lambda: session.execute(sql, values))


def _change(
    session: Session, mapped: Mapped, identity: Any, changed: dict[str, Any], gone: list[bytes]
) -> None:
    noun, rows = mapped.noun, mapped.rows
    names = [name.decode() for name in gone]
    columns = {name for name in names if noun.layout == "columns" and noun.column(name)}
    sql, params = rows.update(identity, changed | dict.fromkeys(columns), None)
    session.attempt(lambda: session.execute(sql, params))
    extra = [name for name in names if name not in columns]
    if extra:
        held = "data" if noun.layout == "document" else "_extra"
        key = quoted("id" if noun.layout == "document" else noun.key[0])
        removed = f"jsonb_remove({held}{', ?' * len(extra)})"
        cache = ", bson = null" if noun.layout == "document" else ""
        text = f"update {quoted(noun.table)} set {held} = {removed}{cache} where {key} = ?"  # noqa: S608 - quoted names
        paths = [member_path(name) for name in extra]
        session.attempt(lambda: session.execute(text, [*paths, *rows.key(identity)]))
