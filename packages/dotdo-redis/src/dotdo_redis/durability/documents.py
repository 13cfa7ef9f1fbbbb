"""Values as documents that other doors read and write, and back; it refuses encodings, which are in the payload beside."""

from collections.abc import Callable, Iterable
from typing import Any

from dotdo_redis.engine.config import Config
from dotdo_redis.engine.json_values import Document
from dotdo_redis.engine.search.suggestions import Suggestions
from dotdo_redis.engine.sketches import (
    BloomFilter,
    CountMinSketch,
    CuckooFilter,
    TDigest,
    TopK,
)
from dotdo_redis.engine.stream_ids import stream_id
from dotdo_redis.engine.timeseries import Series
from dotdo_redis.engine.types import Value
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.engine.types.lists import List
from dotdo_redis.engine.types.sets import Set
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.engine.types.streams import Stream, id_text
from dotdo_redis.engine.vectors import VectorSet

NOUNS = {
    b"string": "redis_strings",
    b"hash": "redis_hashes",
    b"list": "redis_lists",
    b"set": "redis_sets",
    b"zset": "redis_sorted_sets",
    b"stream": "redis_streams",
    b"ReJSON-RL": "redis_json",
    b"MBbloom--": "redis_bloom_filters",
    b"MBbloomCF": "redis_cuckoo_filters",
    b"CMSk-TYPE": "redis_count_min_sketches",
    b"TopK-TYPE": "redis_top_k",
    b"TDIS-TYPE": "redis_t_digests",
    b"TSDB-TYPE": "redis_time_series",
    b"vectorset": "redis_vector_sets",
    b"trietype0": "redis_suggestions",
}
"""Type -> noun of database 0; the others have the number behind."""


def noun_of(kind: bytes, database: int) -> str:
    """Name the noun of a type in a database."""
    return f"{NOUNS[kind]}_{database}" if database else NOUNS[kind]


def kind_of(noun: str) -> bytes:
    """The type whose keys a noun holds."""
    name, _, number = noun.rpartition("_")
    plural = name if number.isdigit() else noun
    return next(kind for kind, its_noun in NOUNS.items() if its_noun == plural)


def text(word: bytes | bytearray) -> str | bytes:
    """Bytes as text where they are UTF-8."""
    try:
        return word.decode()
    except UnicodeDecodeError:
        return bytes(word)


def word(value: Any) -> bytes:
    """What others wrote, as Redis keeps it.

    Raises:
        ValueError: it is neither text, bytes nor a number.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value).encode()
    raise ValueError(f"{value!r} is no string of Redis")


def _mapping(pairs: Iterable[tuple[bytes, Any]]) -> dict[str, Any] | list[list[Any]]:
    """A mapping when every name is text, else its pairs."""
    named = [(text(name), item) for name, item in pairs]
    if all(isinstance(name, str) for name, _ in named):
        return dict(named)  # type: ignore[arg-type]  # text, as just checked
    return [[name, item] for name, item in named]


def _entry(value: Stream, number: int) -> dict[str, Any]:
    """One entry of a stream."""
    fields = value.entries[number]
    pairs = zip(fields[::2], map(text, fields[1::2]), strict=True)
    names = set(fields[::2])
    named = _mapping(pairs) if 2 * len(names) == len(fields) else [list(pair) for pair in pairs]
    return {"id": id_text(number).decode(), "fields": named}


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items() if isinstance(value, dict) else [(name, item) for name, item in value]


def document_of(value: Value | None, expires_ms: int | None) -> dict[str, Any]:
    """The document of a value: `value`, null when it is elsewhere, and `expires_at` in milliseconds since 1970 when it ends."""
    tell = _TELL.get(value.__class__)
    document: dict[str, Any] = {"value": None if tell is None else tell(value)}
    if expires_ms is not None:
        document["expires_at"] = expires_ms
    if isinstance(value, Hash) and value.expires:
        document["field_expires_at"] = _mapping(value.expires.items())
    return document


def value_of(kind: bytes, document: dict[str, Any], config: Config) -> tuple[Value, int | None]:
    """Read a value, and when it ends, of a document that others wrote.

    Raises:
        ValueError: it cannot be a value of that type.
    """
    made = _MAKE[kind](document.get("value"), config)
    if isinstance(made, Hash):
        for name, when_ms in _pairs(document.get("field_expires_at") or {}):
            made.expire_at(word(name), int(when_ms))
    expires = document.get("expires_at")
    return made, None if expires is None else int(expires)


_TELL: dict[type, Callable[[Any], Any]] = {
    bytes: text,
    bytearray: text,
    Hash: lambda value: _mapping((field, text(item)) for field, item in value.pairs()),
    List: lambda value: [text(element) for element in value],
    Set: lambda value: [text(member) for member in value.listed()],
    SortedSet: lambda value: _mapping((member, score) for score, member in value.pairs()),
    Stream: lambda value: [_entry(value, number) for number in value.ids],
    Document: lambda value: value.root,
    BloomFilter: lambda value: {"capacity": value.capacity, "items": value.size},
    CuckooFilter: lambda value: {"items": value.inserted, "deleted": value.deleted},
    CountMinSketch: lambda value: {
        "width": value.width,
        "depth": value.depth,
        "count": value.count,
    },
    TopK: lambda value: [{"item": text(item), "count": count} for item, count in value.listed()],
    Series: lambda value: {
        "labels": _mapping((name, text(label)) for name, label in value.labels.items()),
        "samples": [list(sample) for sample in zip(value.times, value.values, strict=True)],
    },
    VectorSet: lambda value: _mapping(
        (name, [float(number) for number in value.vector(name)]) for name in value.names
    ),
    Suggestions: lambda value: dict(value.scores),
    TDigest: lambda value: {"compression": value.compression, "observations": value.observations},
}


def _make_hash(value: Any, config: Config) -> Hash:
    made = Hash(config)
    for name, item in _pairs(value):
        made.set(word(name), word(item))
    return made


def _make_set(value: Any, config: Config) -> Set:
    made = Set(config)
    for member in value:
        made.add(word(member))
    return made


def _make_sorted_set(value: Any, config: Config) -> SortedSet:
    made = SortedSet(config)
    for member, score in _pairs(value):
        made.set(word(member), float(score))
    return made


def _make_stream(value: Any, config: Config) -> Stream:
    made = Stream(config)
    for entry in value:
        fields = [word(item) for pair in _pairs(entry["fields"]) for item in pair]
        number = stream_id(word(entry["id"]))
        if number <= made.last_id:
            raise ValueError("ids of a stream that do not rise")
        made.append(number, tuple(fields))
    return made


def _unwritable(_value: Any, _config: Config) -> Value:
    raise ValueError("a value of this type is written by its commands alone")


_MAKE: dict[bytes, Callable[[Any, Config], Value]] = {
    b"string": lambda value, _config: word(value),
    b"hash": _make_hash,
    b"list": lambda value, config: List(config, map(word, value)),
    b"set": _make_set,
    b"zset": _make_sorted_set,
    b"stream": _make_stream,
    b"ReJSON-RL": lambda value, _config: Document(value),
    b"MBbloom--": _unwritable,
    b"MBbloomCF": _unwritable,
    b"CMSk-TYPE": _unwritable,
    b"TopK-TYPE": _unwritable,
    b"TDIS-TYPE": _unwritable,
    b"TSDB-TYPE": _unwritable,
    b"vectorset": _unwritable,
    b"trietype0": _unwritable,
}
