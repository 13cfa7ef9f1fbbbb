"""BITFIELD: integers of any width inside strings; it refuses single bits."""

from dataclasses import dataclass

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.commands.bitmaps import ERROR
from dotdo_redis.engine.commands.ranges import editable
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import STRING
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
TYPE_ERROR = (
    "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
)


@dataclass(frozen=True, slots=True)
class _Type:
    """A width with or without a sign."""

    is_signed: bool
    width: int

    @classmethod
    def read(cls, word: bytes) -> "_Type":
        """Read `i16`, `u8` ...

        Raises:
            ReplyError: another letter, or a width that is not supported.
        """
        is_signed = word[:1] == b"i"
        if word[:1] not in {b"i", b"u"}:
            raise ReplyError(TYPE_ERROR)
        width = integer(word[1:], TYPE_ERROR)
        if not 1 <= width <= (64 if is_signed else 63):
            raise ReplyError(TYPE_ERROR)
        return cls(is_signed, width)

    @property
    def lowest(self) -> int:
        return -(1 << (self.width - 1)) if self.is_signed else 0

    @property
    def highest(self) -> int:
        return (1 << (self.width - 1 if self.is_signed else self.width)) - 1

    def wrap(self, number: int) -> int:
        """Keep the lowest bits only."""
        low = number & ((1 << self.width) - 1)
        return low - (1 << self.width) if self.is_signed and low > self.highest else low

    def settle(self, number: int, overflow: bytes) -> int | None:
        """Fit a number in as OVERFLOW says; None for FAIL."""
        if self.lowest <= number <= self.highest:
            return number
        if overflow == b"FAIL":
            return None
        if overflow == b"SAT":
            return self.highest if number > self.highest else self.lowest
        return self.wrap(number)


@dataclass(frozen=True, slots=True)
class _Operation:
    """One GET, SET or INCRBY."""

    name: bytes
    kind: _Type
    offset: int
    operand: int
    overflow: bytes


def _read(ctx: Context, args: list[bytes], *, is_readonly: bool) -> list[_Operation]:
    operations = []
    overflow = b"WRAP"
    words = iter(args)
    for word in words:
        name = word.upper()
        if name == b"OVERFLOW" and (policy := next(words, None)) is not None:
            overflow = policy.upper()
            if overflow not in {b"WRAP", b"SAT", b"FAIL"}:
                raise ReplyError("Invalid OVERFLOW type specified")
            continue
        if name not in {b"GET", b"SET", b"INCRBY"}:
            raise syntax()
        count = 2 if name == b"GET" else 3
        operands = [word for _, word in zip(range(count), words, strict=False)]
        if len(operands) < count:
            raise syntax()
        kind = _Type.read(operands[0])
        offset = _offset(ctx, operands[1], kind)
        if name != b"GET" and is_readonly:
            raise ReplyError("BITFIELD_RO only supports the GET subcommand")
        operand = integer(operands[2]) if count == 3 else 0
        operations.append(_Operation(name, kind, offset, operand, overflow))
    return operations


def _offset(ctx: Context, word: bytes, kind: _Type) -> int:
    is_counted = word[:1] == b"#"
    offset = integer(word[1:] if is_counted else word, ERROR)
    if is_counted:
        offset *= kind.width
    if offset < 0 or (offset + kind.width - 1) >> 3 >= ctx.engine.config.proto_max_bulk_len:
        raise ReplyError(ERROR)
    return offset


@FAMILY.command("BITFIELD", "BITFIELD_RO")
def bitfield(ctx: Context, args: list[bytes]) -> Reply:
    """Read, set and count integers at places of a string, in the order in which they are named."""
    key = args[0]
    operations = _read(ctx, args[1:], is_readonly=ctx.command.name == "BITFIELD_RO")
    writes = [operation for operation in operations if operation.name != b"GET"]
    value = ctx.db.string(key)
    size = len(value or b"")
    if not writes:
        return [_get(value or b"", operation) for operation in operations]
    needed = max((write.offset + write.kind.width + 7) >> 3 for write in writes)
    text = editable(ctx, key, needed)
    has_grown = len(text) > size
    replies: list[Reply] = []
    changes = 0
    for operation in operations:
        old = _get(text, operation)
        if operation.name == b"GET":
            replies.append(old)
            continue
        is_set = operation.name == b"SET"
        wanted = _set_value(operation) if is_set else old + operation.operand
        new = operation.kind.settle(wanted, operation.overflow)
        if new is None:
            replies.append(None)
            continue
        _put(text, operation, new)
        changes += has_grown or new != old
        replies.append(old if is_set else new)
    if changes:
        ctx.changed(key, b"setbit", STRING, changes)
    return replies


def _set_value(operation: _Operation) -> int:
    """What SET writes: to a field without sign a negative number is one of 64 bits."""
    is_high = operation.operand < 0 and not operation.kind.is_signed
    return operation.operand + (1 << 64) if is_high else operation.operand


def _span(operation: _Operation) -> tuple[int, int, int]:
    """The bytes that a field touches, and how many bits lie behind it in them."""
    first, stop = operation.offset >> 3, (operation.offset + operation.kind.width + 7) >> 3
    return first, stop, stop * 8 - operation.offset - operation.kind.width


def _get(text: bytes | bytearray, operation: _Operation) -> int:
    first, stop, behind = _span(operation)
    number = int.from_bytes(text[first:stop].ljust(stop - first, b"\0"))
    return operation.kind.wrap(number >> behind)


def _put(text: bytearray, operation: _Operation, number: int) -> None:
    first, stop, behind = _span(operation)
    mask = (1 << operation.kind.width) - 1
    old = int.from_bytes(text[first:stop])
    new = old & ~(mask << behind) | (number & mask) << behind
    text[first:stop] = new.to_bytes(stop - first)
