"""Large collections as rows of their elements, of which only those that were touched are written; it refuses small ones and other types."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

import msgspec

from dotdo.graph import define_documents
from dotdo.sql import key_to_storage
from dotdo.storage import Noun, Session, alter_noun, quoted
from dotdo.values import decode, encode
from dotdo_redis.durability.documents import text, word
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.engine.types.kept import Kept
from dotdo_redis.engine.types.sets import Set
from dotdo_redis.engine.types.sorted_sets import SortedSet

NOUN = "redis_elements"
"""The noun of database 0; the others have the number behind."""
ELEMENTS = "elements"
"""The field of a key's document that says that its value is elsewhere, and of how many elements."""
PARTS = 0xFE
"""The form of such a value, which RDB has no such byte for."""
MANY, STILL_MANY = 1024, 512
"""So many elements become rows, and stay rows down to so many."""
BATCH = 5000
Large = Hash | Set | SortedSet
Statement = tuple[str, list[tuple[Any, ...]]]


def is_large(value: object) -> TypeGuard[Large]:
    """Whether the elements of a value are kept as rows."""
    if not isinstance(value, Large) or (isinstance(value, Hash) and value.deadlines is not None):
        return False
    return len(value) >= (MANY if value.kept is None else STILL_MANY)


def noun_name(database: int) -> str:
    """Name the noun of a database's elements."""
    return f"{NOUN}_{database}" if database else NOUN


def database_of(name: str) -> int | None:
    """The database whose elements a noun holds; None for other nouns."""
    if name == NOUN:
        return 0
    number = name.removeprefix(f"{NOUN}_")
    return int(number) if number != name and number.isdigit() else None


def find_noun(session: Session, database: int) -> Noun | None:
    """The noun of a database's elements, when there were any yet."""
    name = noun_name(database)
    return next((noun for noun in session.catalog.nouns if noun.name == name), None)


def define_elements(session: Session, database: int, owner: str) -> Noun:
    """Define the noun of a database's elements, unless it is there."""
    found = find_noun(session, database)
    if found is None:
        noun = define_documents(session, noun_name(database))
        found = msgspec.structs.replace(noun, owner=owner)
        alter_noun(session, found)
    return found


def _range(key: bytes) -> tuple[str, str]:
    """Between which ids those of a key's elements are."""
    first = encode([text(key)]).removesuffix("]")
    return f"{first},", f"{first}-"


def _row(key: bytes, element: bytes, value: Large) -> tuple[Any, str]:
    """Id and document of one element."""
    document: dict[str, Any] = {"key": text(key), "element": text(element)}
    if isinstance(value, Hash):
        document["value"] = text(value.fields[element])
    elif isinstance(value, SortedSet):
        document["value"] = value.scores[element]
    return key_to_storage([text(key), text(element)]), encode(document)


def _members(value: Large) -> dict[bytes, Any]:
    if isinstance(value, Hash):
        return value.fields
    return value.scores if isinstance(value, SortedSet) else value.members


def write_elements(session: Session, noun: Noun, key: bytes, value: Large, place: Any) -> None:
    """Write the elements of a key that were touched, or all of them when what is there is not of this value."""
    table, members = quoted(noun.table), _members(value)
    if value.kept is None or value.kept.place != place:
        drop_elements(session, noun, [key])
        changed, gone = list(members), []
    else:
        changed = [element for element in value.kept.touched if element in members]
        gone = [element for element in value.kept.touched if element not in members]
    if gone:
        ids: list[tuple[Any]] = [(key_to_storage([text(key), text(element)]),) for element in gone]
        session.write_many(f"delete from {table} where id = ?", ids)  # noqa: S608 - a quoted name
    for at in range(0, len(changed), BATCH):
        some = changed[at : at + BATCH]
        first = session.allocate(noun, len(some))
        session.write_many(
            f"insert into {table}(_id, id, data) values (?, ?, jsonb(?))"  # noqa: S608 - a quoted name
            " on conflict(id) do update set data = excluded.data, bson = null",
            [(first + n, *_row(key, element, value)) for n, element in enumerate(some)],
        )


def drop_elements(session: Session, noun: Noun, keys: Iterable[bytes]) -> None:
    """Delete all elements of some keys."""
    sql = f"delete from {quoted(noun.table)} where id > ? and id < ?"  # noqa: S608 - a quoted name
    session.write_many(sql, [_range(key) for key in keys])


def read_elements(
    session: Session, database: int, kind: bytes, key: bytes, config: Config
) -> Large | None:
    """Read a large value by its elements; None when there are none."""
    noun = find_noun(session, database)
    documents = [] if noun is None else _documents(session, noun, key)
    value: Large
    if kind == b"hash":
        value = Hash(config)
        for document in documents:
            value.set(word(document["element"]), word(document.get("value", "")))
    elif kind == b"set":
        value = Set(config)
        for document in documents:
            value.add(word(document["element"]))
    else:
        value = SortedSet(config)
        value.update((word(d["element"]), float(d.get("value", 0))) for d in documents)
    value.kept = Kept((database, key))
    return value if len(value) else None


def _documents(session: Session, noun: Noun, key: bytes) -> Iterator[dict[str, Any]]:
    """The documents of a key's elements in the order in which they came."""
    sql = f"select json(data) from {quoted(noun.table)} where id > ? and id < ? order by _id"  # noqa: S608 - a quoted name
    for (document,) in session.read(sql, _range(key)):
        yield decode(document)


def settled(changes: Iterable[tuple[int, bytes, Any, Any]]) -> None:
    """Take note that values were written: those that are large are kept as rows now, all others as a whole."""
    for database, key, value, _ in changes:
        if is_large(value):
            value.kept = Kept((database, key))
        elif isinstance(value, Large):
            value.kept = None
