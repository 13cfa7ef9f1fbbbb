"""Lists as a row of short chunks: both ends in O(1), the middle in O(n / chunk); it refuses commands."""

from collections.abc import Iterable, Iterator
from itertools import chain

from dotdo_redis.engine.config import Config

CHUNK = 512
LISTPACK_BYTES = {-1: 4096, -2: 8192, -3: 16384, -4: 32768, -5: 65536}
OVERHEAD = 11
"""Bytes of an empty listpack and the least an element adds to it."""


class List:
    """Elements of a list; no chunk is empty."""

    __slots__ = ("chunks", "config", "length")

    type_name = b"list"

    def __init__(self, config: Config, elements: Iterable[bytes] = ()) -> None:
        self.config = config
        self.chunks: list[list[bytes]] = []
        self.length = 0
        self.extend(elements)

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        return chain.from_iterable(self.chunks)

    def __reversed__(self) -> Iterator[bytes]:
        for chunk in reversed(self.chunks):
            yield from reversed(chunk)

    def extend(self, elements: Iterable[bytes]) -> None:
        """Append elements at the tail."""
        for element in elements:
            self.push_right(element)

    def push_left(self, element: bytes) -> None:
        """Insert an element at the head."""
        chunks = self.chunks
        if chunks and len(chunks[0]) < CHUNK:
            chunks[0].insert(0, element)
        else:
            chunks.insert(0, [element])
        self.length += 1

    def push_right(self, element: bytes) -> None:
        """Append an element at the tail."""
        chunks = self.chunks
        if chunks and len(chunks[-1]) < CHUNK:
            chunks[-1].append(element)
        else:
            chunks.append([element])
        self.length += 1

    def pop_left(self) -> bytes:
        """Take the element at the head; the list is not empty."""
        chunk = self.chunks[0]
        element = chunk.pop(0)
        if not chunk:
            del self.chunks[0]
        self.length -= 1
        return element

    def pop_right(self) -> bytes:
        """Take the element at the tail; the list is not empty."""
        chunk = self.chunks[-1]
        element = chunk.pop()
        if not chunk:
            self.chunks.pop()
        self.length -= 1
        return element

    def _find(self, index: int) -> tuple[int, int]:
        """The chunk and the place in it of an index between 0 and the length."""
        if index > self.length // 2:
            behind = self.length - index
            for number in range(len(self.chunks) - 1, -1, -1):
                size = len(self.chunks[number])
                if behind <= size:
                    return number, size - behind
                behind -= size
        for number, chunk in enumerate(self.chunks):
            if index < len(chunk):
                return number, index
            index -= len(chunk)
        raise IndexError(index)

    def __getitem__(self, index: int) -> bytes:
        number, place = self._find(index)
        return self.chunks[number][place]

    def __setitem__(self, index: int, element: bytes) -> None:
        number, place = self._find(index)
        self.chunks[number][place] = element

    def __delitem__(self, index: int) -> None:
        number, place = self._find(index)
        chunk = self.chunks[number]
        del chunk[place]
        if not chunk:
            del self.chunks[number]
        self.length -= 1

    def insert(self, index: int, element: bytes) -> None:
        """Insert an element before the one at `index`, which is there."""
        number, place = self._find(index)
        chunk = self.chunks[number]
        chunk.insert(place, element)
        if len(chunk) > CHUNK:
            half = len(chunk) // 2
            self.chunks.insert(number + 1, chunk[half:])
            del chunk[half:]
        self.length += 1

    def slice(self, start: int, stop: int) -> list[bytes]:
        """The elements from `start` up to `stop`, both within the list."""
        if start >= stop:
            return []
        first, place = self._find(start)
        found = self.chunks[first][place : place + stop - start]
        number = first + 1
        while len(found) < stop - start:
            found += self.chunks[number][: stop - start - len(found)]
            number += 1
        return found

    def trim(self, start: int, stop: int) -> None:
        """Keep only the elements from `start` up to `stop`."""
        kept = max(0, min(stop, self.length) - start)
        if not kept:
            self.chunks, self.length = [], 0
            return
        first, place = self._find(start)
        last, end = self._find(start + kept - 1)
        del self.chunks[last][end + 1 :]
        del self.chunks[first][:place]
        self.chunks = self.chunks[first : last + 1]
        self.length = kept

    def remove(self, element: bytes, count: int) -> int:
        """Remove elements equal to one: all of them (0), the first ones, or the last ones (negative)."""
        limit = abs(count) or self.length
        removed = 0
        numbers = range(len(self.chunks))
        for number in numbers if count >= 0 else reversed(numbers):
            if removed == limit:
                break
            chunk = self.chunks[number]
            if element in chunk:
                kept, gone = _without(chunk, element, limit - removed, from_end=count < 0)
                chunk[:] = kept
                removed += gone
        if removed:
            self.chunks = [chunk for chunk in self.chunks if chunk]
            self.length -= removed
        return removed

    def size_bytes(self) -> int:
        """About the bytes of the elements in one listpack."""
        return OVERHEAD + sum(len(element) + 2 for element in self)

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        config = self.config
        limit = config.list_max_listpack_size
        if not config.shows(7, 2):
            return b"quicklist"
        if limit >= 0:
            return b"listpack" if self.length <= limit else b"quicklist"
        return b"listpack" if self.size_bytes() <= LISTPACK_BYTES[limit] else b"quicklist"

    def copy(self) -> "List":
        """Give a list that shares nothing that can change."""
        twin = List(self.config)
        twin.chunks = [chunk.copy() for chunk in self.chunks]
        twin.length = self.length
        return twin


def _without(
    chunk: list[bytes], element: bytes, limit: int, *, from_end: bool
) -> tuple[list[bytes], int]:
    """Leave out up to `limit` elements equal to `element`; return what is kept and how many went."""
    kept: list[bytes] = []
    gone = 0
    for candidate in reversed(chunk) if from_end else chunk:
        if gone < limit and candidate == element:
            gone += 1
        else:
            kept.append(candidate)
    if from_end:
        kept.reverse()
    return kept, gone
