"""Which form each type of value takes in a payload, by its encoding; it refuses the frame around it."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, pairwise

from dotdo_redis.engine.config import Config
from dotdo_redis.engine.numbers_text import double_text
from dotdo_redis.engine.rdb import listpack
from dotdo_redis.engine.rdb.modules import FORMS, MODULE, ModuleForm, read_module, write_module
from dotdo_redis.engine.rdb.reader import Reader
from dotdo_redis.engine.rdb.streams import (
    STREAM_LISTPACKS,
    STREAM_LISTPACKS_2,
    STREAM_LISTPACKS_3,
    load_stream,
    load_stream_2,
    load_stream_3,
    save_stream,
)
from dotdo_redis.engine.rdb.writer import Writer
from dotdo_redis.engine.types import Value, hashes, sets
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.engine.types.lists import LISTPACK_BYTES, OVERHEAD, List
from dotdo_redis.engine.types.sets import Set
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.engine.types.streams import Stream

STRING, LIST, SET, ZSET, HASH, ZSET_2 = range(6)
SET_INTSET, HASH_LISTPACK, ZSET_LISTPACK, LIST_QUICKLIST_2, SET_LISTPACK = 11, 16, 17, 18, 20
HASH_METADATA, HASH_LISTPACK_EX = 24, 25
PLAIN, PACKED = 1, 2

Saver = Callable[[Writer, Value, Config], None]
Loader = Callable[[Reader, Config], Value]


def _flat(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    return chain.from_iterable(pairs)


# -- saving


def save_string(writer: Writer, value: Value, _config: Config) -> None:
    """A string."""
    assert isinstance(value, bytes | bytearray)
    writer.byte(STRING)
    writer.string(bytes(value))


def save_list(writer: Writer, value: Value, config: Config) -> None:
    """A list, as listpacks of bounded size."""
    assert isinstance(value, List)
    nodes = list(_nodes(value, config))
    writer.byte(LIST_QUICKLIST_2)
    writer.length(len(nodes))
    for kind, data in nodes:
        writer.length(kind)
        writer.string(data)


def _nodes(value: List, config: Config) -> Iterator[tuple[int, bytes]]:
    limit = config.list_max_listpack_size
    most = limit if limit > 0 else len(value)
    largest = LISTPACK_BYTES.get(limit, LISTPACK_BYTES[-2])
    node: list[bytes] = []
    size = OVERHEAD
    for element in value:
        if len(element) > largest:
            if node:
                yield PACKED, listpack.pack(node)
                node, size = [], OVERHEAD
            yield PLAIN, element
            continue
        if node and (len(node) >= most or size + len(element) + 2 > largest):
            yield PACKED, listpack.pack(node)
            node, size = [], OVERHEAD
        node.append(element)
        size += len(element) + 2
    if node:
        yield PACKED, listpack.pack(node)


def save_set(writer: Writer, value: Value, _config: Config) -> None:
    """A set, by its encoding."""
    assert isinstance(value, Set)
    if value.form is sets.INTSET:
        writer.byte(SET_INTSET)
        writer.string(_intset([int(member) for member in value.listed()]))
    elif value.form is sets.LISTPACK:
        writer.byte(SET_LISTPACK)
        writer.string(listpack.pack(value.members))
    else:
        writer.byte(SET)
        writer.length(len(value))
        for member in value.members:
            writer.string(member)


def _intset(numbers: list[int]) -> bytes:
    widest = max(*numbers, -min(numbers) - 1)
    width = next(width for width in (2, 4, 8) if widest < 1 << width * 8 - 1)
    out = bytearray(width.to_bytes(4, "little") + len(numbers).to_bytes(4, "little"))
    for number in numbers:
        out += number.to_bytes(width, "little", signed=True)
    return bytes(out)


def save_hash(writer: Writer, value: Value, _config: Config) -> None:
    """A hash, by its encoding and with the times to live of its fields."""
    assert isinstance(value, Hash)
    if value.form is hashes.LISTPACK:
        writer.byte(HASH_LISTPACK)
        writer.string(listpack.pack(_flat(value.pairs())))
    elif value.form is hashes.LISTPACK_TTL:
        _save_expiring_listpack(writer, value)
    elif value.expires:
        _save_expiring(writer, value)
    else:
        writer.byte(HASH)
        writer.length(len(value))
        for word in _flat(value.pairs()):
            writer.string(word)


def _save_expiring_listpack(writer: Writer, value: Hash) -> None:
    """Triples in the order of their deadlines, those without one last."""
    expires = value.expires
    fields = sorted(value.fields, key=lambda field: (field not in expires, expires.get(field, 0)))
    words = ((f, value.fields[f], b"%d" % expires.get(f, 0)) for f in fields)
    writer.byte(HASH_LISTPACK_EX)
    writer.milliseconds(min(expires.values(), default=0))
    writer.string(listpack.pack(chain.from_iterable(words)))


def _save_expiring(writer: Writer, value: Hash) -> None:
    first = min(value.expires.values())
    writer.byte(HASH_METADATA)
    writer.milliseconds(first)
    writer.length(len(value))
    for field, text in value.pairs():
        when_ms = value.expires.get(field)
        writer.length(0 if when_ms is None else when_ms - first + 1)
        writer.string(field)
        writer.string(text)


def save_sorted_set(writer: Writer, value: Value, config: Config) -> None:
    """A sorted set, by its encoding: from the highest score on when it is large."""
    assert isinstance(value, SortedSet)
    if value.is_listpack:
        writer.byte(ZSET_LISTPACK)
        pairs = ((member, double_text(score, config)) for score, member in value.pairs())
        writer.string(listpack.pack(_flat(pairs)))
        return
    writer.byte(ZSET_2)
    writer.length(len(value))
    for score, member in value.slice(0, len(value), reverse=True):
        writer.string(member)
        writer.double(score)


def _module_saver(form: ModuleForm) -> Saver:
    return lambda writer, value, _config: write_module(form, writer, value)


SAVERS: dict[type, Saver] = {
    bytes: save_string,
    bytearray: save_string,
    List: save_list,
    Set: save_set,
    Hash: save_hash,
    SortedSet: save_sorted_set,
    Stream: save_stream,
    **{form.kind: _module_saver(form) for form in FORMS},
}


# -- loading


def _strings(reader: Reader, count: int) -> Iterator[bytes]:
    return (reader.string() for _ in range(count))


def _distinct(count: int, expected: int) -> None:
    if count != expected:
        raise ValueError("the same element twice")


def load_string(reader: Reader, _config: Config) -> Value:
    """A string."""
    return reader.string()


def load_list(reader: Reader, config: Config) -> Value:
    """A list of single elements, as old payloads have it."""
    return List(config, _strings(reader, reader.length()))


def load_quicklist(reader: Reader, config: Config) -> Value:
    """A list of listpacks and large elements."""
    value = List(config)
    for _ in range(reader.length()):
        kind, data = reader.length(), reader.string()
        if kind not in {PLAIN, PACKED}:
            raise ValueError("an unknown kind of node")
        value.extend([data] if kind == PLAIN else listpack.unpack(data))
    return value


def _set_of(config: Config, members: list[bytes]) -> Set:
    value = Set(config)
    for member in members:
        value.add(member)
    _distinct(len(value), len(members))
    return value


def load_set(reader: Reader, config: Config) -> Value:
    """A set of single members."""
    return _set_of(config, list(_strings(reader, reader.length())))


def load_intset(reader: Reader, config: Config) -> Value:
    """A set of integers of one width."""
    data = reader.string()
    width, count = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    if width not in {2, 4, 8} or len(data) != 8 + width * count:
        raise ValueError("no intset")
    numbers = [
        int.from_bytes(data[at : at + width], "little", signed=True)
        for at in range(8, len(data), width)
    ]
    if any(one >= other for one, other in pairwise(numbers)):
        raise ValueError("not in order")
    return _set_of(config, [b"%d" % number for number in numbers])


def load_set_listpack(reader: Reader, config: Config) -> Value:
    """A set as one listpack."""
    value = _set_of(config, listpack.unpack(reader.string()))
    if value.form is sets.INTSET:
        value.form = sets.LISTPACK
    return value


def _hash_of(config: Config, words: list[bytes]) -> Hash:
    value = Hash(config)
    pairs = iter(words)
    for field, text in zip(pairs, pairs, strict=True):
        value.set(field, text)
    _distinct(len(value) * 2, len(words))
    return value


def load_hash(reader: Reader, config: Config) -> Value:
    """A hash of single fields."""
    return _hash_of(config, list(_strings(reader, 2 * reader.length())))


def load_hash_listpack(reader: Reader, config: Config) -> Value:
    """A hash as one listpack."""
    return _hash_of(config, listpack.unpack(reader.string()))


def load_expiring_listpack(reader: Reader, config: Config) -> Value:
    """A hash as one listpack of fields, values and deadlines."""
    reader.milliseconds()
    words = listpack.unpack(reader.string())
    if len(words) % 3:
        raise ValueError("no triples")
    value = _hash_of(config, list(_flat(zip(words[::3], words[1::3], strict=True))))
    value.make_room_for_times()
    for field, when in zip(words[::3], words[2::3], strict=True):
        if when != b"0":
            value.expire_at(field, int(when))
    return value


def load_expiring_hash(reader: Reader, config: Config) -> Value:
    """A hash of single fields with deadlines."""
    first = reader.milliseconds()
    value = Hash(config)
    count = reader.length()
    for _ in range(count):
        after = reader.length()
        field, text = reader.string(), reader.string()
        value.set(field, text)
        if after:
            value.expire_at(field, first + after - 1)
    _distinct(len(value), count)
    return value


def _sorted_set_of(config: Config, pairs: list[tuple[bytes, float]]) -> SortedSet:
    value = SortedSet(config)
    if any(score != score for _, score in pairs):
        raise ValueError("a score that is no number")
    value.update(pairs)
    _distinct(len(value), len(pairs))
    return value


def load_sorted_set(reader: Reader, config: Config) -> Value:
    """A sorted set with scores spelt out, as old payloads have it."""
    count = reader.length()
    pairs = [(reader.string(), reader.text_double()) for _ in range(count)]
    return _sorted_set_of(config, pairs)


def load_sorted_set_2(reader: Reader, config: Config) -> Value:
    """A sorted set with scores of eight bytes."""
    count = reader.length()
    return _sorted_set_of(config, [(reader.string(), reader.double()) for _ in range(count)])


def load_sorted_set_listpack(reader: Reader, config: Config) -> Value:
    """A sorted set as one listpack."""
    words = listpack.unpack(reader.string())
    pairs = zip(words[::2], map(float, words[1::2]), strict=True)
    return _sorted_set_of(config, list(pairs))


LOADERS: dict[int, Loader] = {
    STRING: load_string,
    LIST: load_list,
    SET: load_set,
    ZSET: load_sorted_set,
    HASH: load_hash,
    ZSET_2: load_sorted_set_2,
    SET_INTSET: load_intset,
    HASH_LISTPACK: load_hash_listpack,
    ZSET_LISTPACK: load_sorted_set_listpack,
    LIST_QUICKLIST_2: load_quicklist,
    SET_LISTPACK: load_set_listpack,
    HASH_METADATA: load_expiring_hash,
    HASH_LISTPACK_EX: load_expiring_listpack,
    STREAM_LISTPACKS: load_stream,
    STREAM_LISTPACKS_2: load_stream_2,
    STREAM_LISTPACKS_3: load_stream_3,
    MODULE: read_module,
}
