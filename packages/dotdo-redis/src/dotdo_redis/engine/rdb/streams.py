"""Streams in payloads: listpacks of entries, groups, what is pending; it refuses older forms than 7.0's."""

from collections.abc import Iterable

from dotdo_redis.engine.config import Config
from dotdo_redis.engine.rdb import listpack
from dotdo_redis.engine.rdb.reader import Reader
from dotdo_redis.engine.rdb.writer import Writer
from dotdo_redis.engine.types import Value
from dotdo_redis.engine.types.streams import (
    SEQUENCE_MASK,
    Consumer,
    Fields,
    Group,
    Node,
    Pending,
    Stream,
)

STREAM_LISTPACKS, STREAM_LISTPACKS_2, STREAM_LISTPACKS_3 = 15, 19, 21
DELETED, SAME_FIELDS = 1, 2
UNKNOWN = (1 << 64) - 1
ID_BYTES = 16


def _id_bytes(number: int) -> bytes:
    return number.to_bytes(ID_BYTES)


# -- saving


def save_stream(writer: Writer, value: Value, config: Config) -> None:
    """A stream with its groups."""
    assert isinstance(value, Stream)
    has_active_times = config.shows(7, 2)
    writer.byte(STREAM_LISTPACKS_3 if has_active_times else STREAM_LISTPACKS_2)
    writer.length(len(value.nodes))
    at = 0
    for node in value.nodes:
        live = value.ids[at : at + node.live]
        at += node.live
        writer.string(_id_bytes(node.first))
        writer.string(listpack.pack(_words(value, node, live)))
    writer.length(len(value))
    for number in (value.last_id, value.first_id, value.max_deleted):
        writer.length(number >> 64)
        writer.length(number & SEQUENCE_MASK)
    writer.length(value.added)
    writer.length(len(value.groups))
    for name, group in sorted(value.groups.items()):
        writer.string(name)
        _save_group(writer, group, has_active_times=has_active_times)


def _words(value: Stream, node: Node, live: list[int]) -> Iterable[bytes]:
    """The elements of a node's listpack: the master entry, then every entry."""
    deleted = node.deleted or {}
    yield b"%d" % node.live
    yield b"%d" % len(deleted)
    yield b"%d" % len(node.names)
    yield from node.names
    yield b"0"
    for number in sorted([*live, *deleted]):
        fields = deleted.get(number) or value.entries[number]
        is_same = fields[::2] == node.names
        yield b"%d" % (DELETED * (number in deleted) | SAME_FIELDS * is_same)
        yield b"%d" % ((number >> 64) - (node.first >> 64))
        yield b"%d" % ((number & SEQUENCE_MASK) - (node.first & SEQUENCE_MASK))
        if is_same:
            yield from fields[1::2]
            yield b"%d" % (len(fields) // 2 + 3)
        else:
            yield b"%d" % (len(fields) // 2)
            yield from fields
            yield b"%d" % (len(fields) + 4)


def _save_group(writer: Writer, group: Group, *, has_active_times: bool) -> None:
    writer.length(group.last_id >> 64)
    writer.length(group.last_id & SEQUENCE_MASK)
    writer.length(UNKNOWN if group.entries_read is None else group.entries_read)
    writer.length(len(group.pending))
    for number, known in group.pending.items():
        writer.out += _id_bytes(number)
        writer.milliseconds(known.delivered_ms)
        writer.length(known.deliveries)
    writer.length(len(group.consumers))
    for name, consumer in sorted(group.consumers.items()):
        writer.string(name)
        writer.milliseconds(consumer.seen_ms)
        if has_active_times:
            writer.milliseconds(consumer.active_ms)
        writer.length(len(consumer.pending))
        for number in consumer.pending:
            writer.out += _id_bytes(number)


# -- loading


def load_stream(reader: Reader, config: Config) -> Value:
    """A stream of 5.0 and 6.2, which did not count what was ever added."""
    value = Stream(config)
    _load_entries(value, reader)
    value.added = len(value)
    for _ in range(reader.length()):
        name = reader.string()
        group = Group(_load_id(reader), None)
        group.entries_read = value.rank_of(group.last_id)
        value.groups[name] = _load_pending(reader, group, has_active_times=False)
    return value


def load_stream_2(reader: Reader, config: Config) -> Value:
    """A stream of 7.0."""
    return _load(reader, config, has_active_times=False)


def load_stream_3(reader: Reader, config: Config) -> Value:
    """A stream of 7.2."""
    return _load(reader, config, has_active_times=True)


def _load_entries(value: Stream, reader: Reader) -> None:
    for _ in range(reader.length()):
        first = int.from_bytes(reader.string())
        _load_node(value, first, listpack.unpack(reader.string()))
    if reader.length() != len(value):
        raise ValueError("another number of entries than announced")
    value.last_id = _load_id(reader)


def _load(reader: Reader, config: Config, *, has_active_times: bool) -> Stream:
    value = Stream(config)
    _load_entries(value, reader)
    _load_id(reader)
    value.max_deleted = _load_id(reader)
    value.added = reader.length()
    for _ in range(reader.length()):
        name = reader.string()
        value.groups[name] = _load_group(reader, has_active_times=has_active_times)
    return value


def _load_id(reader: Reader) -> int:
    milliseconds = reader.length()
    return milliseconds << 64 | reader.length()


def _load_node(value: Stream, first: int, words: list[bytes]) -> None:
    elements = iter(words)

    def number() -> int:
        return int(next(elements, b"x"))

    count, deleted = number(), number()
    names = tuple(next(elements) for _ in range(number()))
    node = Node(first, names)
    number()
    for _ in range(count + deleted):
        flags, milliseconds, sequence = number(), number(), number()
        identity = ((first >> 64) + milliseconds) << 64 | (first & SEQUENCE_MASK) + sequence
        if flags & SAME_FIELDS:
            fields: Fields = tuple(item for name in names for item in (name, next(elements)))
        else:
            fields = tuple(next(elements) for _ in range(2 * number()))
        number()
        if flags & DELETED:
            node.mark(identity, fields)
            node.live += 1
            continue
        if value.ids and value.ids[-1] >= identity:
            raise ValueError("not in order")
        value.ids.append(identity)
        value.entries[identity] = fields
        node.live += 1
    node.size = len(listpack.pack(words))
    value.nodes.append(node)


def _load_group(reader: Reader, *, has_active_times: bool) -> Group:
    last_id = _load_id(reader)
    read = reader.length()
    group = Group(last_id, None if read == UNKNOWN else read)
    return _load_pending(reader, group, has_active_times=has_active_times)


def _load_pending(reader: Reader, group: Group, *, has_active_times: bool) -> Group:
    nobody = Consumer(b"", 0)
    for _ in range(reader.length()):
        number = int.from_bytes(reader.take(ID_BYTES))
        group.pending[number] = Pending(nobody, reader.milliseconds(), reader.length())
    for _ in range(reader.length()):
        consumer = Consumer(reader.string(), reader.milliseconds())
        if has_active_times:
            consumer.active_ms = reader.milliseconds()
        for _ in range(reader.length()):
            number = int.from_bytes(reader.take(ID_BYTES))
            known = group.pending[number]
            known.consumer = consumer
            consumer.pending[number] = known
        group.consumers[consumer.name] = consumer
    if any(known.consumer is nobody for known in group.pending.values()):
        raise ValueError("pending for nobody")
    return group
