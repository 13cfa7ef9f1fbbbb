"""Strings as rows of bits, the highest of each byte first; it refuses fields of several bits."""

from functools import reduce
from operator import and_, or_, xor

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.commands.ranges import bounds, editable
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import STRING
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
ERROR = "bit offset is not an integer or out of range"


def bit_offset(ctx: Context, word: bytes) -> int:
    """Read the place of a bit.

    Raises:
        ReplyError: not an integer, or beyond the longest string.
    """
    offset = integer(word, ERROR)
    if offset < 0 or offset >> 3 >= ctx.engine.config.proto_max_bulk_len:
        raise ReplyError(ERROR)
    return offset


@FAMILY.command("SETBIT")
def setbit(ctx: Context, args: list[bytes]) -> Reply:
    """Set a bit; return what it was."""
    offset = bit_offset(ctx, args[1])
    bit = integer(args[2], "bit is not an integer or out of range")
    if bit not in {0, 1}:
        raise ReplyError("bit is not an integer or out of range")
    size = len(ctx.db.string(args[0]) or b"")
    text = editable(ctx, args[0], (offset >> 3) + 1)
    mask = 0x80 >> (offset & 7)
    old = int(bool(text[offset >> 3] & mask))
    if old != bit or len(text) != size:
        text[offset >> 3] = text[offset >> 3] & ~mask | (mask if bit else 0)
        ctx.changed(args[0], b"setbit", STRING)
    return old


@FAMILY.command("GETBIT")
def getbit(ctx: Context, args: list[bytes]) -> Reply:
    """Read a bit; beyond the string it is 0."""
    offset = bit_offset(ctx, args[1])
    value = ctx.db.string(args[0]) or b""
    if offset >> 3 >= len(value):
        return 0
    return value[offset >> 3] >> (7 - (offset & 7)) & 1


def _range_unit(words: list[bytes]) -> bool:
    """Read BYTE or BIT; whether it is BIT."""
    if not words:
        return False
    unit = words[0].upper()
    if unit not in {b"BYTE", b"BIT"} or len(words) > 1:
        raise syntax()
    return unit == b"BIT"


def _is_missing(ctx: Context, key: bytes) -> bool:
    """Whether the key is missing, which before 7.2 was looked at ahead of the range."""
    return not ctx.engine.config.shows(7, 2) and ctx.db.string(key) is None


@FAMILY.command("BITCOUNT")
def bitcount(ctx: Context, args: list[bytes]) -> Reply:
    """Count the bits set, in all or between two places in bytes or bits."""
    if len(args) == 1:
        return int.from_bytes(ctx.db.string(args[0]) or b"").bit_count()
    if _is_missing(ctx, args[0]):
        return 0
    if not 3 <= len(args) <= 4:
        raise syntax()
    start, end = integer(args[1]), integer(args[2])
    is_reversed = start < 0 and end < 0 and start > end
    if is_reversed and not ctx.engine.config.shows(7, 2):
        return 0
    in_bits = _range_unit(args[3:])
    value = ctx.db.string(args[0]) or b""
    if is_reversed:
        return 0
    first, stop = bounds(start, end, len(value) * 8 if in_bits else len(value))
    if first >= stop:
        return 0
    if not in_bits:
        return int.from_bytes(value[first:stop]).bit_count()
    return _bits(value, first, stop).bit_count()


def _bits(value: bytes | bytearray, first: int, stop: int) -> int:
    """The bits from `first` up to `stop` as a number."""
    last_byte = (stop + 7) >> 3
    number = int.from_bytes(value[first >> 3 : last_byte])
    return (number >> (last_byte * 8 - stop)) & ((1 << (stop - first)) - 1)


@FAMILY.command("BITPOS")
def bitpos(ctx: Context, args: list[bytes]) -> Reply:
    """Find the first bit of a value; a string is followed by zeros unless an end is given."""
    bit = integer(args[1])
    if bit not in {0, 1}:
        raise ReplyError("The bit argument must be 1 or 0.")
    if _is_missing(ctx, args[0]):
        return -1 if bit else 0
    start = integer(args[2]) if len(args) > 2 else 0
    in_bits = _range_unit(args[4:])
    end = integer(args[3]) if len(args) > 3 else -1
    value = ctx.db.string(args[0])
    if value is None:
        return -1 if bit else 0
    first, stop = bounds(start, end, len(value) * 8 if in_bits else len(value))
    if first >= stop:
        return -1
    if not in_bits:
        first, stop = first * 8, stop * 8
    found = _first(value, bit, first, stop)
    return stop if found < 0 and not bit and len(args) <= 3 else found


def _first(value: bytes | bytearray, bit: int, first: int, stop: int) -> int:
    """The place of the first bit from `first` up to `stop`; -1 when there is none."""
    aligned = min(-(-first // 8) * 8, stop)
    skipped = b"\0" if bit else b"\xff"
    for begin, end in ((first, aligned), (aligned, stop)):
        if begin == end:
            continue
        if begin % 8 == 0:
            rest = value[begin >> 3 : end >> 3]
            begin += (len(rest) - len(rest.lstrip(skipped))) * 8  # noqa: PLW2901 - whole bytes are skipped in C
        for place in range(begin, end):
            if value[place >> 3] >> (7 - (place & 7)) & 1 == bit:
                return place
    return -1


_OPERATIONS = {
    **dict.fromkeys((b"AND", b"OR", b"XOR", b"NOT"), (1, 0)),
    **dict.fromkeys((b"DIFF", b"DIFF1", b"ANDOR", b"ONE"), (8, 2)),
}
"""Operation -> the release that brought it."""


def _combined(operation: bytes, numbers: list[int], mask: int) -> int:
    """Numbers combined bit by bit; `mask` has a one for each bit."""
    first, others = numbers[0], numbers[1:]
    if operation == b"NOT":
        return first ^ mask
    if operation == b"AND":
        return reduce(and_, numbers)
    if operation == b"XOR":
        return reduce(xor, numbers)
    if operation == b"ONE":
        return _set_once(numbers)
    if operation == b"OR":
        return reduce(or_, numbers)
    union = reduce(or_, others)
    if operation == b"DIFF":
        return first & ~union
    return first & union if operation == b"ANDOR" else union & ~first


def _set_once(numbers: list[int]) -> int:
    """The bits that exactly one number has."""
    once = more = 0
    for number in numbers:
        more |= once & number
        once = (once | number) & ~more
    return once


@FAMILY.command("BITOP")
def bitop(ctx: Context, args: list[bytes]) -> Reply:
    """Combine strings bit by bit into a key; return its length."""
    operation, target, keys = args[0].upper(), args[1], args[2:]
    if operation not in _OPERATIONS or not ctx.engine.config.shows(*_OPERATIONS[operation]):
        raise syntax()
    if operation in {b"DIFF", b"DIFF1", b"ANDOR"} and len(keys) < 2:
        raise ReplyError(
            f"BITOP {operation.decode()} must be called with at least two source keys."
        )
    if operation == b"NOT" and len(keys) != 1:
        raise ReplyError("BITOP NOT must be called with a single source key.")
    values = [ctx.db.string(key) or b"" for key in keys]
    length = max(map(len, values))
    if not length:
        ctx.drop(target)
        return 0
    numbers = [int.from_bytes(value.ljust(length, b"\0")) for value in values]
    result = _combined(operation, numbers, (1 << length * 8) - 1)
    ctx.db.replace(target, bytearray(result.to_bytes(length)))
    ctx.changed(target, b"set", STRING)
    return length
