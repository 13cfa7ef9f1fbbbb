"""LZF, the compression of long strings in RDB payloads; it refuses what does not get shorter."""

LITERAL, REFERENCE, FARTHEST = 32, 264, 8192
UNROLLED = 16
LARGEST = 1 << 16
"""Beyond this many bytes a string is left as it is, which is as valid."""


def compress(data: bytes) -> bytes | None:
    """Compress as Redis' own code does, byte for byte, or None when that would not save four bytes at least.

    Only the last two places of a repetition are remembered, and a word is looked for where another one with the same
    slot was last seen: that is the speed of the original, and its output.
    """
    size = len(data)
    if size > LARGEST:
        return None
    room = size - 4
    out = bytearray()
    seen: dict[int, int] = {}
    at = start = 0
    end = size - 2
    while at < end:
        slot = _slot(data, at)
        found = seen.get(slot, 0)
        seen[slot] = at
        offset = at - found - 1
        if not (
            0 < found < at and offset < FARTHEST and data[found : found + 3] == data[at : at + 3]
        ):
            at += 1
            continue
        _literals(out, data[start:at])
        if len(out) + 4 >= room + 1:
            return None
        length = _common(data, found, at)
        _reference(out, offset, length - 2)
        at = start = at + length
        if at >= end:
            break
        for place in (at - 2, at - 1):
            seen[_slot(data, place)] = place
    _literals(out, data[start:])
    return bytes(out) if len(out) <= room else None


def _slot(data: bytes, at: int) -> int:
    word = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
    return (word >> 8) - word * 5 & 0xFFFF


def _common(data: bytes, one: int, other: int) -> int:
    """How long a repetition is; near the end of the data it is taken as far as the original goes."""
    longest = min(REFERENCE, len(data) - other - 2)
    length = 2
    if longest > UNROLLED:
        for _ in range(UNROLLED):
            length += 1
            if data[one + length] != data[other + length]:
                return length
    length += 1
    while length < longest and data[one + length] == data[other + length]:
        length += 1
    return length


def _literals(out: bytearray, data: bytes) -> None:
    for at in range(0, len(data), LITERAL):
        run = data[at : at + LITERAL]
        out.append(len(run) - 1)
        out += run


def _reference(out: bytearray, offset: int, length: int) -> None:
    if length < 7:
        out.append(offset >> 8 | length << 5)
    else:
        out += bytes((offset >> 8 | 7 << 5, length - 7))
    out.append(offset & 255)


def decompress(data: bytes, size: int) -> bytes:
    """Give the bytes back.

    Raises:
        ValueError: the data is broken, or gives another size.
    """
    out = bytearray()
    at = 0
    while at < len(data):
        control = data[at]
        at += 1
        if control < LITERAL:
            out += data[at : at + control + 1]
            at += control + 1
            continue
        length = control >> 5
        if length == 7:
            length += data[at] if at < len(data) else 0
            at += 1
        if at >= len(data):
            raise ValueError("a reference is cut off")
        offset = (control & 31) << 8 | data[at]
        at += 1
        _copy(out, len(out) - offset - 1, length + 2, size)
    if len(out) != size:
        raise ValueError("another size than announced")
    return bytes(out)


def _copy(out: bytearray, source: int, length: int, size: int) -> None:
    if source < 0 or len(out) + length > size:
        raise ValueError("a reference out of bounds")
    for at in range(source, source + length):
        out.append(out[at])
