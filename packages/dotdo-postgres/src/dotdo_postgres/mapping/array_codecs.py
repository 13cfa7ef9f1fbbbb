"""Forms of arrays, made of the forms of their elements."""

import math
import struct
from typing import Any

from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import (
    arrays,
)
from dotdo_postgres.mapping.forms import Codec


def array_codec(element: Codec, element_oid: int) -> Codec:
    """Return the codec of arrays of a type."""
    read = element.to_python
    write = element.from_python

    def to_python(stored: str) -> list[Any]:  # type: ignore[explicit-any]  # each type has its own
        items = arrays.unpack(stored)
        return items if read is None else arrays.mapped(items, read)

    def from_python(items: list[Any]) -> str:  # type: ignore[explicit-any]  # each type has its own
        return arrays.pack(items if write is None else arrays.mapped(items, write))

    def to_binary(stored: str) -> bytes:
        items = arrays.unpack(stored)
        sizes, cells = arrays.dimensions(items), list(arrays.leaves(items))
        head = struct.pack(">iiI", len(sizes), int(None in cells), element_oid)
        head += b"".join(struct.pack(">ii", size, 1) for size in sizes)
        parts = [
            struct.pack(">i", -1)
            if item is None
            else struct.pack(">i", len(data := element.to_binary(item))) + data
            for item in cells
        ]
        return head + b"".join(parts)

    def from_binary(data: bytes) -> str:
        count, _, _ = struct.unpack_from(">iiI", data)
        sizes = [struct.unpack_from(">ii", data, 12 + 8 * at) for at in range(count)]
        if any(bound != 1 for _, bound in sizes):
            raise not_supported("an array with bounds of its own")
        cells, at = [], 12 + 8 * count
        for _ in range(math.prod(size for size, _ in sizes) if sizes else 0):
            (size,) = struct.unpack_from(">i", data, at)
            at += 4
            cells.append(None if size < 0 else element.from_binary(data[at : at + size]))
            at += max(size, 0)
        items: list[Any] = cells  # type: ignore[explicit-any]  # lists nest
        for size, _ in reversed(sizes[1:]):
            items = [items[at : at + size] for at in range(0, len(items), size)]
        return arrays.pack(items)

    return Codec(
        lambda text: arrays.from_text(text, element.from_text),
        lambda stored: arrays.to_text(stored, element.to_text),
        from_binary,
        to_binary,
        to_python,
        from_python,
    )
