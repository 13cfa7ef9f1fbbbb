"""LZF, the compression of long strings in RDB payloads; it refuses what does not get shorter."""

LITERAL, REFERENCE, FARTHEST = 32, 264, 8192
LARGEST = 1 << 16
"""Beyond this many bytes a string is left as it is, which is as valid."""


def compress(data: bytes) -> bytes | None:
    """Compress, or None when that would not save four bytes at least."""
    if len(data) > LARGEST:
        return None
    out = bytearray()
    seen: dict[bytes, int] = {}
    at = start = 0
    end = len(data) - 2
    while at < end:
        word = data[at : at + 3]
        found = seen.get(word)
        seen[word] = at
        if found is None or at - found > FARTHEST:
            at += 1
            continue
        length = _common(data, found, at)
        _literals(out, data[start:at])
        _reference(out, at - found - 1, length - 2)
        for skipped in range(at + 1, min(at + length, end)):
            seen[data[skipped : skipped + 3]] = skipped
        at += length
        start = at
    _literals(out, data[start:])
    return bytes(out) if len(out) <= len(data) - 4 else None


def _common(data: bytes, one: int, other: int) -> int:
    longest = min(REFERENCE, len(data) - other)
    length = 3
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
