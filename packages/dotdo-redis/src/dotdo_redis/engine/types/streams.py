"""Streams: entries by id, the nodes Redis would keep them in, and consumer groups; it refuses commands.

An id is one integer, milliseconds in the upper 64 bits and the sequence in the lower ones.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from sortedcontainers import SortedDict  # type: ignore[import-untyped]  # it brings no types

from dotdo_redis.engine.arguments import is_integer
from dotdo_redis.engine.config import Config

LOWEST_ID = 0
HIGHEST_ID = (1 << 128) - 1
SEQUENCE_MASK = (1 << 64) - 1

Fields = tuple[bytes, ...]


def id_text(number: int) -> bytes:
    """Spell an id."""
    return b"%d-%d" % (number >> 64, number & SEQUENCE_MASK)


@dataclass(slots=True)
class Pending:
    """An entry that was delivered and not acknowledged."""

    consumer: "Consumer"
    delivered_ms: int
    deliveries: int


@dataclass(slots=True)
class Consumer:
    """Who reads for a group."""

    name: bytes
    seen_ms: int
    active_ms: int = -1
    pending: "SortedDict[int, Pending]" = field(default_factory=SortedDict)


@dataclass(slots=True)
class Group:
    """How far a group has read, and what it has not acknowledged."""

    last_id: int
    entries_read: int | None
    pending: "SortedDict[int, Pending]" = field(default_factory=SortedDict)
    consumers: dict[bytes, Consumer] = field(default_factory=dict)

    def acknowledge(self, number: int) -> bool:
        """Forget a pending entry; whether it was one."""
        known = self.pending.pop(number, None)
        if known is None:
            return False
        known.consumer.pending.pop(number, None)
        return True

    def deliver(self, number: int, consumer: Consumer, now_ms: int) -> Pending:
        """Give an entry to a consumer, whosever it was before."""
        self.acknowledge(number)
        given = Pending(consumer, now_ms, 1)
        self.pending[number] = given
        consumer.pending[number] = given
        return given

    def move(self, number: int, consumer: Consumer) -> None:
        """Make a pending entry another consumer's."""
        known = self.pending[number]
        if known.consumer is not consumer:
            known.consumer.pending.pop(number, None)
            known.consumer = consumer
            consumer.pending[number] = known

    def remove(self, name: bytes) -> int | None:
        """Remove a consumer; return how many entries it had pending, None when there is none."""
        consumer = self.consumers.pop(name, None)
        if consumer is None:
            return None
        for number in consumer.pending:
            self.pending.pop(number, None)
        return len(consumer.pending)

    def copy(self) -> "Group":
        """Give one that shares nothing that can change."""
        twin = Group(self.last_id, self.entries_read)
        for name, consumer in self.consumers.items():
            other = twin.consumers[name] = Consumer(name, consumer.seen_ms, consumer.active_ms)
            for number, known in consumer.pending.items():
                given = Pending(other, known.delivered_ms, known.deliveries)
                other.pending[number] = twin.pending[number] = given
        return twin


@dataclass(slots=True)
class Node:
    """A run of entries that Redis keeps in one listpack: `~` trims whole ones."""

    first: int
    names: Fields
    """The names of the first entry's fields."""
    live: int = 0
    size: int = 0
    deleted: dict[int, Fields] | None = None
    """Entries that were deleted and still stand in the listpack."""

    @property
    def added(self) -> int:
        """Entries that stand in the listpack."""
        return self.live + (len(self.deleted) if self.deleted else 0)

    def mark(self, number: int, fields: Fields) -> None:
        """Keep a deleted entry."""
        if self.deleted is None:
            self.deleted = {}
        self.deleted[number] = fields
        self.live -= 1

    def copy(self) -> "Node":
        """Give one that shares nothing that can change."""
        deleted = dict(self.deleted) if self.deleted else None
        return Node(self.first, self.names, self.live, self.size, deleted)


def integer_size(number: int) -> int:
    """Bytes of an integer in a listpack, its length behind it included."""
    if 0 <= number <= 127:
        return 2
    if -4096 <= number <= 4095:
        return 3
    for bits in (16, 24, 32):
        if -(1 << bits - 1) <= number < 1 << bits - 1:
            return bits // 8 + 2
    return 10


def word_size(word: bytes) -> int:
    """Bytes of a word in a listpack, its length behind it included."""
    size = len(word)
    if size <= 20 and word[-1:].isdigit() and is_integer(word):
        return integer_size(int(word))
    if size < 64:
        return size + 2
    size += 1 if size < 64 else 2 if size < 4096 else 5
    behind = 1
    reach = 127
    while size > reach:
        behind += 1
        reach = reach << 7 | 127
    return size + behind


class Stream:
    """Entries in the order of their ids, never empty of itself: an empty stream stays."""

    type_name = b"stream"
    __slots__ = (
        "added", "config", "entries", "groups", "ids", "last_id", "max_deleted", "nodes",
    )  # fmt: skip

    def __init__(self, config: Config) -> None:
        self.config = config
        self.ids: list[int] = []
        self.entries: dict[int, Fields] = {}
        self.nodes: list[Node] = []
        self.last_id = 0
        self.max_deleted = 0
        self.added = 0
        """Entries ever added."""
        self.groups: dict[bytes, Group] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"stream"

    def copy(self) -> "Stream":
        """Give a stream that shares nothing that can change."""
        twin = Stream(self.config)
        twin.ids, twin.entries = list(self.ids), dict(self.entries)
        twin.nodes = [node.copy() for node in self.nodes]
        twin.last_id, twin.max_deleted, twin.added = self.last_id, self.max_deleted, self.added
        twin.groups = {name: group.copy() for name, group in self.groups.items()}
        return twin

    @property
    def first_id(self) -> int:
        """The id of the first entry, 0 without any."""
        return self.ids[0] if self.ids else 0

    # -- writing

    def append(self, number: int, fields: Fields) -> None:
        """Add an entry with an id above all others."""
        self.ids.append(number)
        self.entries[number] = fields
        self.last_id = number
        self.added += 1
        node = self.nodes[-1] if self.nodes else None
        if node is None or self._is_full(node, fields):
            names = fields[::2]
            size = 13 + integer_size(len(names)) + sum(map(word_size, names))
            node = Node(number, names, 0, size)
            self.nodes.append(node)
        node.live += 1
        node.size += self._entry_size(node, number, fields)

    def _is_full(self, node: Node, fields: Fields) -> bool:
        most, largest = self.config.stream_node_max_entries, self.config.stream_node_max_bytes
        if most and (node.live >= most or node.added >= most):
            return True
        return bool(largest) and node.size + sum(map(len, fields)) >= largest

    @staticmethod
    def _entry_size(node: Node, number: int, fields: Fields) -> int:
        first = node.first
        if 0 <= number - first <= 127:
            size = 6  # within the same millisecond
        else:
            milliseconds = (number >> 64) - (first >> 64)
            sequence = (number & SEQUENCE_MASK) - (first & SEQUENCE_MASK)
            size = 2 + integer_size(milliseconds) + integer_size(sequence)
        if fields[::2] == node.names:
            if len(fields) == 2:
                return size + word_size(fields[1]) + 2
            count = len(node.names)
            return size + sum(map(word_size, fields[1::2])) + integer_size(count + 3)
        count = len(fields) // 2
        words = sum(map(word_size, fields))
        return size + integer_size(count) + words + integer_size(2 * count + 4)

    def delete(self, number: int) -> bool:
        """Delete an entry; whether it was there."""
        fields = self.entries.pop(number, None)
        if fields is None:
            return False
        del self.ids[bisect_left(self.ids, number)]
        at = bisect_right(self.nodes, number, key=lambda node: node.first) - 1
        node = self.nodes[at]
        node.mark(number, fields)
        if not node.live:
            del self.nodes[at]
        self.max_deleted = max(self.max_deleted, number)
        return True

    def _drop(self, count: int) -> None:
        """Forget the first entries."""
        gone = {number: self.entries.pop(number) for number in self.ids[:count]}
        del self.ids[:count]
        whole = 0
        while count and self.nodes[whole].live <= count:
            count -= self.nodes[whole].live
            whole += 1
        del self.nodes[:whole]
        for number in list(gone)[len(gone) - count :]:
            self.nodes[0].mark(number, gone[number])

    def trim_to(self, surplus: int, *, is_exact: bool, limit: int) -> int:
        """Forget the first `surplus` entries, or about so many: whole nodes, and `limit` at most.

        Returns:
            How many.
        """
        if is_exact:
            gone = max(min(surplus, len(self.ids)), 0)
        else:
            gone = 0
            for node in self.nodes:
                if gone + node.live > surplus or (limit and gone + node.live > limit):
                    break
                gone += node.live
        if gone:
            self._drop(gone)
        return gone

    # -- reading

    def between(self, start: int, end: int) -> range:
        """Positions of the ids from `start` to `end`, both included."""
        return range(bisect_left(self.ids, start), bisect_right(self.ids, end))

    def walk(
        self, start: int, end: int, count: int | None, *, is_reverse: bool = False
    ) -> Iterator[tuple[int, Fields]]:
        """Yield entries from `start` to `end`, no more than `count`."""
        places = self.between(start, end)
        if is_reverse:
            places = places[::-1]
        for at in places if count is None else places[:count]:
            number = self.ids[at]
            yield number, self.entries[number]

    # -- how much a group has read

    def has_tombstones_after(self, start: int) -> bool:
        """Whether an entry at or after `start` was deleted."""
        if not self.ids or not self.max_deleted or self.first_id > self.max_deleted:
            return False
        return start <= self.max_deleted

    def rank_of(self, number: int) -> int | None:
        """How many entries were ever added up to an id; None when deletions hide it."""
        if not self.added:
            return 0
        if not self.ids and number <= self.last_id:
            return self.added
        if number and number < self.max_deleted:
            return None
        if number == self.last_id:
            return self.added
        if number > self.last_id:
            return None
        if not self.max_deleted or self.max_deleted < self.first_id:
            if number < self.first_id:
                return self.added - len(self.ids)
            if number == self.first_id:
                return self.added - len(self.ids) + 1
        return None

    def lag_of(self, group: Group) -> int | None:
        """How many entries a group has yet to read; None when deletions hide it."""
        if not self.added:
            return 0
        if self.config.release >= (7, 4, 1) and self._is_all_before(group):
            return len(self.ids)
        if group.entries_read is not None and not self.has_tombstones_after(group.last_id):
            return self.added - group.entries_read
        rank = self.rank_of(group.last_id)
        return None if rank is None else self.added - rank

    def _is_all_before(self, group: Group) -> bool:
        """Whether a group and every deletion stand before the first entry there is."""
        return max(group.last_id, self.max_deleted) < self.first_id or not self.ids

    def advance(self, group: Group, number: int) -> None:
        """Note that a group was given an entry."""
        if number <= group.last_id:
            return
        if group.entries_read is not None and not self.has_tombstones_after(number):
            group.entries_read += 1
        elif self.added:
            group.entries_read = self.rank_of(number)
        group.last_id = number
