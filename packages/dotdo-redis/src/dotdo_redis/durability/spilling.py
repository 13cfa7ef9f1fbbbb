"""Which values may lie in the rows alone, and putting them there; it refuses those that would come back otherwise."""

from dotdo_redis.durability.elements import Large
from dotdo_redis.durability.rows import Rows
from dotdo_redis.durability.vault import PLACED
from dotdo_redis.engine import Engine
from dotdo_redis.engine.cold import ColdKeys, held, is_cold
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.database import Database
from dotdo_redis.engine.rdb import Reader, load, save
from dotdo_redis.engine.sizes import size_of, size_of_name
from dotdo_redis.engine.types import Value, type_name
from dotdo_redis.engine.types.hashes import Hash

RAW_BYTES = 44
"""A longer string is raw, whether it was edited or not."""
FEW = 2048
LARGE = frozenset({b"hashtable", b"skiplist", b"quicklist", b"stream"})
"""Encodings that so many elements have by their number."""


def comes_back(value: Value, config: Config) -> bool:
    """Whether a value that was read again cannot be told from what it was."""
    if type_name(value) not in PLACED or (isinstance(value, Hash) and value.deadlines is not None):
        return False
    if isinstance(value, bytes | bytearray):
        return isinstance(value, bytes) or len(value) > RAW_BYTES
    if len(value) > FEW:
        return value.encoding() in LARGE
    again = load(Reader(save(value, config, compresses=False)), config)
    return again.encoding() == value.encoding()  # type: ignore[union-attr]  # no string, as just seen


def forget_large(rows: Rows, database: Database) -> list[tuple[bytes, Value]]:
    """Read large values again when they are asked for: others have written their elements; return what they were."""
    found: list[tuple[bytes, Value]] = [
        (key, value)
        for key, value in dict.items(database.keys)
        if isinstance(value, Large) and value.kept is not None
    ]
    keys = be_cold(database)
    for key, value in found:
        keys.put_away(key, rows.vaults[database.index].places[type_name(value)])
    return found


def be_cold(database: Database) -> ColdKeys:
    """Let values of a database lie elsewhere."""
    if not isinstance(database.keys, ColdKeys):
        database.keys = ColdKeys(database, known=database.keys)
        database.order = None
    return database.keys


def spill(engine: Engine, rows: Rows, database: Database, keys: list[bytes]) -> int:
    """Leave the values of some keys to the rows, which have them; return how many bytes that frees."""
    vault = rows.vaults[database.index]
    known = be_cold(database)
    is_searched = not database.index and bool(engine.instance.search.indexes)
    freed = 0
    for key in keys:
        value = held(database.keys, key)
        if value is None or is_cold(value) or key in database.texts:
            continue
        if isinstance(value, Hash) and (is_searched or rows.mapped_to(database.index, key)):
            continue
        if comes_back(value, engine.config):
            place = vault.places[type_name(value)]
            freed += size_of(key, value) - size_of_name(key)
            known.put_away(key, place)
    return freed
