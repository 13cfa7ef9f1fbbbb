"""HyperLogLog as Redis keeps it in a string, sparse or dense, bit for bit; it refuses commands."""

from math import isinf

REGISTERS = 16384
BITS = 6
Q = 50
"""Bits of the hash that are left beside the register's number."""
HEADER = 16
DENSE_BYTES = HEADER + (REGISTERS * BITS + 7) // 8
DENSE, SPARSE = 0, 1
MAGIC = b"HYLL"
ALPHA = 0.721347520444481703680
_SEED = 0xADC83B19
_M = 0xC6A4A7935BD1E995
_MASK = (1 << 64) - 1
SPARSE_VALUE_MAX = 32
ZERO_MAX, VALUE_RUN_MAX = 64, 4
MERGE_SCAN = 5


class CorruptedError(ValueError):
    """A sparse representation that does not cover all registers."""


def murmur(data: bytes) -> int:
    """MurmurHash64A with Redis' seed."""
    h = _SEED ^ (len(data) * _M & _MASK)
    end = len(data) & ~7
    for at in range(0, end, 8):
        k = int.from_bytes(data[at : at + 8], "little") * _M & _MASK
        k = (k ^ k >> 47) * _M & _MASK
        h = (h ^ k) * _M & _MASK
    if end < len(data):
        h = (h ^ int.from_bytes(data[end:], "little")) * _M & _MASK
    h = (h ^ h >> 47) * _M & _MASK
    return h ^ h >> 47


def place_of(element: bytes) -> tuple[int, int]:
    """The register of an element and the value it would have."""
    h = murmur(element)
    rest = h >> 14 | 1 << Q
    return h & REGISTERS - 1, (rest & -rest).bit_length()


def is_valid(data: bytes | bytearray) -> bool:
    """Whether a string can be one."""
    if len(data) < HEADER or data[:4] != MAGIC or data[4] > SPARSE:
        return False
    return data[4] == SPARSE or len(data) == DENSE_BYTES


def new() -> bytearray:
    """An empty one, sparse."""
    run = REGISTERS - 1
    return bytearray(MAGIC + bytes((SPARSE,)) + bytes(11) + bytes((0x40 | run >> 8, run & 0xFF)))


def invalidate(data: bytearray) -> None:
    """Forget the cached count."""
    data[15] |= 0x80


# -- reading


def registers(data: bytes | bytearray) -> list[int]:
    """The values of all registers.

    Raises:
        CorruptedError: a sparse one that does not cover them.
    """
    if data[4] == DENSE:
        values: list[int] = []
        for at in range(HEADER, len(data), 3):
            packed = data[at] | data[at + 1] << 8 | data[at + 2] << 16
            values += (packed & 63, packed >> 6 & 63, packed >> 12 & 63, packed >> 18)
        return values
    values = []
    for _, run, value in runs(data):
        values += [value] * run
    if len(values) != REGISTERS:
        raise CorruptedError
    return values


def runs(data: bytes | bytearray) -> list[tuple[int, int, int]]:
    """The opcodes of a sparse one: bytes, run length, value.

    Raises:
        CorruptedError: the last one is cut off.
    """
    found: list[tuple[int, int, int]] = []
    at = HEADER
    while at < len(data):
        size, run, value = _opcode(data, at)
        found.append((size, run, value))
        at += size
    return found


def _opcode(data: bytes | bytearray, at: int) -> tuple[int, int, int]:
    first = data[at]
    if first & 0x80:
        return 1, (first & 3) + 1, (first >> 2 & 31) + 1
    if first & 0x40:
        if at + 1 >= len(data):
            raise CorruptedError
        return 2, ((first & 63) << 8 | data[at + 1]) + 1, 0
    return 1, (first & 63) + 1, 0


def count(values: list[int]) -> int:
    """Estimate how many different elements the registers have seen (Ertl's estimator)."""
    histogram = [0] * 64
    for value in values:
        histogram[value] += 1
    z = REGISTERS * _tau((REGISTERS - histogram[Q + 1]) / REGISTERS)
    for at in range(Q, 0, -1):
        z = (z + histogram[at]) * 0.5
    z += REGISTERS * _sigma(histogram[0] / REGISTERS)
    return int(ALPHA * REGISTERS * REGISTERS / z + 0.5) if not isinf(z) else 0


def _tau(x: float) -> float:
    if x in {0.0, 1.0}:
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = x**0.5
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3


def _sigma(x: float) -> float:
    if x == 1.0:
        return float("inf")
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


# -- writing


def to_dense(data: bytearray) -> bytearray:
    """Give the dense one with the same registers.

    Raises:
        CorruptedError: see `registers`.
    """
    values = registers(data)
    made = bytearray(data[:HEADER])
    made[4] = DENSE
    for at in range(0, REGISTERS, 4):
        a, b, c, d = values[at : at + 4]
        made += (a | b << 6 | c << 12 | d << 18).to_bytes(3, "little")
    return made


def set_register(
    data: bytearray, index: int, value: int, sparse_max_bytes: int
) -> tuple[bytearray, bool]:
    """Raise a register to a value.

    Returns:
        The data, another one when it became dense; and whether the register was lower.

    Raises:
        CorruptedError: see `registers`.
    """
    if data[4] == SPARSE:
        outcome = _set_sparse(data, index, value, sparse_max_bytes)
        if outcome is not None:
            return data, outcome
        data = to_dense(data)
    return data, _set_dense(data, index, value)


def _set_dense(data: bytearray, index: int, value: int) -> bool:
    at, shift = HEADER + index * BITS // 8, index * BITS & 7
    packed = data[at] | (data[at + 1] << 8 if at + 1 < len(data) else 0)
    if packed >> shift & 63 >= value:
        return False
    packed = packed & ~(63 << shift) | value << shift
    data[at] = packed & 0xFF
    if at + 1 < len(data):
        data[at + 1] = packed >> 8 & 0xFF
    return True


def _set_sparse(data: bytearray, index: int, value: int, max_bytes: int) -> bool | None:
    """None when it has to become dense."""
    if value > SPARSE_VALUE_MAX:
        return None
    at, before, first = HEADER, -1, 0
    while True:
        if at >= len(data):
            raise CorruptedError
        size, run, old = _opcode(data, at)
        if index < first + run:
            break
        before, at, first = at, at + size, first + run
    if old >= value:
        return False
    pieces = _zeros_or_values(old, index - first)
    pieces.append(0x80 | value - 1 << 2)
    pieces += _zeros_or_values(old, first + run - 1 - index)
    if len(pieces) > size and len(data) + len(pieces) - size > max_bytes + HEADER:
        return None
    data[at : at + size] = pieces
    _merge(data, before if before >= 0 else HEADER)
    return True


def _zeros_or_values(value: int, run: int) -> bytearray:
    if run <= 0:
        return bytearray()
    if value:
        return bytearray((0x80 | value - 1 << 2 | run - 1,))
    if run <= ZERO_MAX:
        return bytearray((run - 1,))
    return bytearray((0x40 | run - 1 >> 8, run - 1 & 0xFF))


def _merge(data: bytearray, at: int) -> None:
    """Join neighbouring runs of the same value, near where something changed."""
    left = MERGE_SCAN
    while at < len(data) and left:
        left -= 1
        size, run, value = _opcode(data, at)
        if value and at + 1 < len(data) and data[at + 1] & 0x80:
            _, next_run, next_value = _opcode(data, at + 1)
            if next_value == value and run + next_run <= VALUE_RUN_MAX:
                data[at + 1] = 0x80 | value - 1 << 2 | run + next_run - 1
                del data[at]
                continue
        at += size
