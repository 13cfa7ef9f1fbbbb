"""Listpacks, Redis' rows of short strings and integers; it refuses what they stand for."""

from collections.abc import Iterable
from struct import Struct

from dotdo_redis.engine.arguments import is_integer

_HEADER = Struct("<IH")
_END = 0xFF
_MANY = 0xFFFF
_INTEGERS = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}
"""Mark -> bytes of a signed integer, lowest first."""


def pack(elements: Iterable[bytes]) -> bytes:
    """Make a listpack."""
    out = bytearray(_HEADER.size)
    count = 0
    for element in elements:
        entry = _entry(element)
        out += entry
        out += _back_length(len(entry))
        count += 1
    out.append(_END)
    _HEADER.pack_into(out, 0, len(out), min(count, _MANY))
    return bytes(out)


def _entry(element: bytes) -> bytes:
    if len(element) <= 20 and is_integer(element):
        return _integer(int(element))
    size = len(element)
    if size < 64:
        return bytes((0x80 | size,)) + element
    if size < 4096:
        return bytes((0xE0 | size >> 8, size & 255)) + element
    return b"\xf0" + size.to_bytes(4, "little") + element


def _integer(number: int) -> bytes:
    if 0 <= number <= 127:
        return bytes((number,))
    if -4096 <= number <= 4095:
        low = number & 0x1FFF
        return bytes((0xC0 | low >> 8, low & 255))
    for mark, size in _INTEGERS.items():
        if -(1 << size * 8 - 1) <= number < 1 << size * 8 - 1:
            return bytes((mark,)) + number.to_bytes(size, "little", signed=True)
    raise OverflowError(number)


def _back_length(size: int) -> bytes:
    """The size of an entry in groups of seven bits, all but the first marked, to be read backward."""
    groups = [size & 127]
    while size := size >> 7:
        groups.append(size & 127)
    last = len(groups) - 1
    return bytes(
        [group | (0 if place == last else 128) for place, group in enumerate(groups)][::-1]
    )


def unpack(data: bytes) -> list[bytes]:
    """Read the elements, integers spelt out.

    Raises:
        ValueError: the listpack is broken.
    """
    if len(data) < _HEADER.size + 1 or data[-1] != _END:
        raise ValueError("no listpack")
    size, count = _HEADER.unpack_from(data)
    if size != len(data):
        raise ValueError("another size than announced")
    elements: list[bytes] = []
    at = _HEADER.size
    end = len(data) - 1
    while at < end:
        element, stop = _read(data, at)
        back = _back_length(stop - at)
        if stop + len(back) > end or data[stop : stop + len(back)] != back:
            raise ValueError("an entry of another size than its end says")
        elements.append(element)
        at = stop + len(back)
    if count not in {_MANY, len(elements)}:
        raise ValueError("another number of elements than announced")
    return elements


def _read(data: bytes, at: int) -> tuple[bytes, int]:
    """One element and where its entry ends."""
    first = data[at]
    if first < 0x80:
        return b"%d" % first, at + 1
    if first < 0xC0:
        stop = at + 1 + (first & 63)
        return data[at + 1 : stop], stop
    if first < 0xE0:
        number = (first & 31) << 8 | data[at + 1]
        return b"%d" % (number - 8192 if number > 4095 else number), at + 2
    if first < 0xF0:
        stop = at + 2 + ((first & 15) << 8 | data[at + 1])
        return data[at + 2 : stop], stop
    if first == 0xF0:
        stop = at + 5 + int.from_bytes(data[at + 1 : at + 5], "little")
        return data[at + 5 : stop], stop
    width = _INTEGERS.get(first)
    if width is None:
        raise ValueError("an unknown kind of entry")
    stop = at + 1 + width
    return b"%d" % int.from_bytes(data[at + 1 : stop], "little", signed=True), stop
