"""Parts of strings: reading, overwriting, appending, comparing; it refuses bits."""

from collections.abc import Iterator

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import STRING
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()


def editable(ctx: Context, key: bytes, size: int = 0) -> bytearray:
    """The string at a key as one that can be edited, at least `size` bytes long; a new one when there is none."""
    value = ctx.db.string(key)
    if not isinstance(value, bytearray):
        value = bytearray(value or b"")
        ctx.db.put(key, value)
    if len(value) < size:
        value.extend(bytes(size - len(value)))
    return value


def check_length(ctx: Context, size: int) -> None:
    """Refuse a string longer than proto-max-bulk-len."""
    if size > ctx.engine.config.proto_max_bulk_len:
        raise ReplyError("string exceeds maximum allowed size (proto-max-bulk-len)")


@FAMILY.command("STRLEN")
def strlen(ctx: Context, args: list[bytes]) -> Reply:
    """Count the bytes of a string."""
    return len(ctx.db.string(args[0]) or b"")


@FAMILY.command("APPEND")
def append(ctx: Context, args: list[bytes]) -> Reply:
    """Add bytes at the end of a string; return its length."""
    key, tail = args
    value = ctx.db.string(key)
    if value is None:
        ctx.db.put(key, tail)
        length = len(tail)
    else:
        length = len(value) + len(tail)
        check_length(ctx, length)
        editable(ctx, key).extend(tail)
    ctx.changed(key, b"append", STRING)
    return length


@FAMILY.command("SETRANGE")
def setrange(ctx: Context, args: list[bytes]) -> Reply:
    """Overwrite bytes from an offset on, filling up with zeros; return the length."""
    key, offset, part = args[0], integer(args[1]), args[2]
    if offset < 0:
        raise ReplyError("offset is out of range")
    value = ctx.db.string(key)
    if not part:
        return len(value or b"")
    check_length(ctx, offset + len(part))
    text = editable(ctx, key, offset + len(part))
    text[offset : offset + len(part)] = part
    ctx.changed(key, b"setrange", STRING)
    return len(text)


def bounds(start: int, end: int, length: int) -> tuple[int, int]:
    """Turn first and last place, counted from the end when negative, into a slice."""
    if start < 0:
        start = max(start + length, 0)
    if end < 0:
        end = max(end + length, 0)
    return start, min(end + 1, length)


@FAMILY.command("GETRANGE", "SUBSTR")
def getrange(ctx: Context, args: list[bytes]) -> Reply:
    """Read bytes between two places."""
    start, end = integer(args[1]), integer(args[2])
    value = ctx.db.string(args[0]) or b""
    if start < 0 and end < 0 and start > end:
        return b""
    first, stop = bounds(start, end, len(value))
    return bytes(value[first:stop])


class _LcsOptions:
    """What follows the keys in LCS."""

    __slots__ = ("minimum", "wants_length", "wants_matches", "with_lengths")

    def __init__(self, args: list[bytes]) -> None:
        self.wants_length = self.wants_matches = self.with_lengths = False
        self.minimum = 0
        words = iter(args)
        for word in words:
            option = word.upper()
            if option == b"LEN":
                self.wants_length = True
            elif option == b"IDX":
                self.wants_matches = True
            elif option == b"WITHMATCHLEN":
                self.with_lengths = True
            elif option == b"MINMATCHLEN" and (number := next(words, None)) is not None:
                self.minimum = max(integer(number), 0)
            else:
                raise syntax()
        if self.wants_length and self.wants_matches:
            raise ReplyError("If you want both the length and indexes, please just use IDX.")


@FAMILY.command("LCS")
def lcs(ctx: Context, args: list[bytes]) -> Reply:
    """Find the longest common subsequence of two strings, its length, or where it lies."""
    found = [ctx.db.find(key) for key in args[:2]]
    if not all(value is None or isinstance(value, bytes | bytearray) for value in found):
        raise ReplyError("The specified keys must contain string values")
    options = _LcsOptions(args[2:])
    one, other = (bytes(value or b"") for value in found)  # type: ignore[arg-type]  # strings, as just checked
    if (len(one) + 1) * (len(other) + 1) * 4 > ctx.engine.config.proto_max_bulk_len:
        raise ReplyError("Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
    lengths = _lengths(one, other)
    if options.wants_length:
        return lengths[-1][-1]
    if not options.wants_matches:
        return bytes(reversed([one[i] for i, _ in _path(one, other, lengths)]))
    matches: list[Reply] = []
    for (first, last), (first_other, last_other) in _runs(_path(one, other, lengths)):
        length = last - first + 1
        if length >= options.minimum:
            match: list[Reply] = [[first, last], [first_other, last_other]]
            matches.append([*match, length] if options.with_lengths else match)
    return {b"matches": matches, b"len": lengths[-1][-1]}


def _lengths(one: bytes, other: bytes) -> list[list[int]]:
    """The length of the common subsequence of each pair of beginnings."""
    rows = [[0] * (len(other) + 1)]
    for byte in one:
        above = rows[-1]
        row = [0]
        left = 0
        for at, candidate in enumerate(other):
            left = above[at] + 1 if byte == candidate else max(above[at + 1], left)
            row.append(left)
        rows.append(row)
    return rows


def _path(one: bytes, other: bytes, lengths: list[list[int]]) -> Iterator[tuple[int, int]]:
    """The places of the common bytes in both strings, from the end on."""
    i, j = len(one), len(other)
    while i and j:
        if one[i - 1] == other[j - 1]:
            i, j = i - 1, j - 1
            yield i, j
        elif lengths[i - 1][j] > lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1


def _runs(
    path: Iterator[tuple[int, int]],
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Join places that lie side by side in both strings, from the end on."""
    run: tuple[int, int, int, int] | None = None
    for i, j in path:
        if run is not None and (i + 1, j + 1) == (run[0], run[2]):
            run = i, run[1], j, run[3]
            continue
        if run is not None:
            yield run[:2], run[2:]
        run = i, i, j, j
    if run is not None:
        yield run[:2], run[2:]
