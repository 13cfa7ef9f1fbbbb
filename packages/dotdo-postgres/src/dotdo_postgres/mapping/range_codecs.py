"""Codecs of ranges and multiranges out of the codec of their bounds; Python values are psycopg's."""

import struct
from decimal import Decimal
from typing import Any

from dotdo_postgres.mapping import numeric, ranges
from dotdo_postgres.mapping.forms import Codec
from dotdo_postgres.mapping.ranges import Range


class _Bounds:
    """The forms of a bound; numeric ones are decimals here, whatever keeps them elsewhere."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    def read(self, text: str) -> Any:  # type: ignore[explicit-any]  # each type has its own
        found = self.codec.from_text(text)
        return numeric.decode(found) if isinstance(found, bytes) else found

    def _stored(self, value: Any) -> Any:  # type: ignore[explicit-any]  # each type has its own
        return numeric.encode(value) if isinstance(value, Decimal) else value

    def write(self, value: Any) -> str:  # type: ignore[explicit-any]  # each type has its own
        return self.codec.to_text(self._stored(value))

    def read_binary(self, data: bytes) -> Any:  # type: ignore[explicit-any]  # each type has its own
        found = self.codec.from_binary(data)
        return numeric.decode(found) if isinstance(found, bytes) else found

    def write_binary(self, value: Any) -> bytes:  # type: ignore[explicit-any]  # each type has its own
        return self.codec.to_binary(self._stored(value))

    def to_python(self, value: Any) -> Any:  # type: ignore[explicit-any]  # each type has its own
        if value is None or isinstance(value, Decimal) or self.codec.to_python is None:
            return value
        return self.codec.to_python(value)


def range_codec(bound: Codec, subtype: int) -> Codec:
    """Return the codec of the range type over a type."""
    forms = _Bounds(bound)

    def to_python(stored: str) -> Any:  # type: ignore[explicit-any]  # psycopg's class
        return _python_range(ranges.decode(stored, subtype), forms)

    return Codec(
        lambda text: ranges.from_text(text, subtype, forms.read),
        lambda stored: ranges.shown(ranges.decode(stored, subtype), forms.write),
        lambda data: ranges.encode(ranges.from_binary(data, subtype, forms.read_binary)),
        lambda stored: ranges.to_binary(ranges.decode(stored, subtype), forms.write_binary),
        to_python,
    )


def _python_range(made: Range, forms: _Bounds) -> Any:  # type: ignore[explicit-any]  # psycopg's class
    from psycopg.types.range import Range as PythonRange

    if made.is_empty:
        return PythonRange(empty=True)
    bounds = ("[" if made.has_lower else "(") + ("]" if made.has_upper else ")")
    return PythonRange(forms.to_python(made.lower), forms.to_python(made.upper), bounds)


def multirange_codec(bound: Codec, subtype: int) -> Codec:
    """Return the codec of the multirange type over a type."""
    forms = _Bounds(bound)

    def to_text(stored: str) -> str:
        parts = ranges.decode_multirange(stored, subtype)
        return "{" + ",".join([ranges.shown(part, forms.write) for part in parts]) + "}"

    def to_binary(stored: str) -> bytes:
        parts = [
            ranges.to_binary(part, forms.write_binary)
            for part in ranges.decode_multirange(stored, subtype)
        ]
        head = struct.pack(">i", len(parts))
        return head + b"".join(struct.pack(">i", len(part)) + part for part in parts)

    def from_binary(data: bytes) -> str:
        (count,) = struct.unpack_from(">i", data)
        parts, at = [], 4
        for _ in range(count):
            (size,) = struct.unpack_from(">i", data, at)
            parts.append(
                ranges.from_binary(data[at + 4 : at + 4 + size], subtype, forms.read_binary)
            )
            at += 4 + size
        return ranges.encode_multirange(ranges.normalized(parts))

    def to_python(stored: str) -> Any:  # type: ignore[explicit-any]  # psycopg's class
        from psycopg.types.multirange import Multirange

        parts = ranges.decode_multirange(stored, subtype)
        return Multirange([_python_range(part, forms) for part in parts])

    return Codec(
        lambda text: ranges.multirange_from_text(text, subtype, forms.read),
        to_text,
        from_binary,
        to_binary,
        to_python,
    )
