"""The frame around values of the newer families in a payload, as modules of Redis write them; it refuses what is in it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from struct import unpack
from typing import Any

from dotdo_redis.engine.config import Config
from dotdo_redis.engine.json_values import Document, compact, read_json
from dotdo_redis.engine.rdb.reader import Reader
from dotdo_redis.engine.rdb.writer import Writer
from dotdo_redis.engine.search.suggestions import Suggestions
from dotdo_redis.engine.sketches import (
    BloomFilter,
    CountMinSketch,
    CuckooFilter,
    TDigest,
    TopK,
)
from dotdo_redis.engine.timeseries import Series
from dotdo_redis.engine.types import Value
from dotdo_redis.engine.vectors import VectorSet

MODULE = 7
_END, _SIGNED, _UNSIGNED, _FLOAT, _DOUBLE, _STRING = range(6)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
OWN_VERSION = 1023
"""The version of a form that is not the module's own, which other servers refuse to read."""

Item = int | float | bytes


@dataclass(frozen=True, slots=True)
class ModuleForm:
    """How a type's values are written: its nine letters, its version, and both ways."""

    name: str
    version: int
    kind: type
    save: Callable[[Any], Iterable[Item]]
    load: Callable[[Iterator[Any], Config], Value]

    @property
    def identity(self) -> int:
        """Letters and version as one number of 64 bits."""
        number = 0
        for letter in self.name:
            number = number << 6 | _LETTERS.index(letter)
        return number << 10 | self.version


def write_module(form: ModuleForm, writer: Writer, value: Value) -> None:
    """Write a value in its frame."""
    writer.byte(MODULE)
    writer.length(form.identity)
    for item in form.save(value):
        if isinstance(item, bytes):
            writer.length(_STRING)
            writer.string(item)
        elif isinstance(item, float):
            writer.length(_DOUBLE)
            writer.double(item)
        else:
            writer.length(_UNSIGNED if item >= 0 else _SIGNED)
            writer.length(item % (1 << 64))
    writer.length(_END)


def _items(reader: Reader) -> Iterator[Item]:
    while (opcode := reader.length()) != _END:
        if opcode == _STRING:
            yield reader.string()
        elif opcode == _DOUBLE:
            yield reader.double()
        elif opcode == _FLOAT:
            yield float(unpack("<f", reader.take(4))[0])
        elif opcode == _UNSIGNED:
            yield reader.length()
        elif opcode == _SIGNED:
            number = reader.length()
            yield number - (1 << 64) if number >> 63 else number
        else:
            raise ValueError("an unknown kind of item")


def read_module(reader: Reader, config: Config) -> Value:
    """Read a value out of its frame."""
    identity = reader.length()
    form = next((form for form in FORMS if form.identity == identity), None)
    if form is None:
        raise ValueError("a type or version that is not known")
    items = _items(reader)
    value = form.load(items, config)
    if next(items, None) is not None:
        raise ValueError("something is left")
    return value


def _load_json(items: Iterator[Any], _config: Config) -> Value:
    return Document(read_json(next(items)))


def _sketch(name: str, version: int, kind: Any) -> ModuleForm:
    return ModuleForm(name, version, kind, kind.items, kind.from_items)


FORMS: tuple[ModuleForm, ...] = (
    _sketch("MBbloom--", 4, BloomFilter),
    _sketch("MBbloomCF", 4, CuckooFilter),
    _sketch("CMSk-TYPE", 0, CountMinSketch),
    _sketch("TopK-TYPE", 0, TopK),
    _sketch("TDIS-TYPE", 0, TDigest),
    _sketch("TSDB-TYPE", OWN_VERSION, Series),
    _sketch("vectorset", OWN_VERSION, VectorSet),
    _sketch("trietype0", 1, Suggestions),
    ModuleForm("ReJSON-RL", 3, Document, lambda value: (compact(value.root),), _load_json),
)
