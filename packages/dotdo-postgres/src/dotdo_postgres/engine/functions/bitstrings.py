"""Bit strings (9.6): operators, parts, single bits, casts from and to whole numbers, aggregates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import bits as forms

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = Family("9.6")


def _combined(name: str, left: str, right: str, hits: frozenset[str]) -> str:
    if len(left) != len(right):
        raise error("22026", f"cannot {name} bit strings of different sizes")
    return "".join("1" if a + b in hits else "0" for a, b in zip(left, right, strict=True))


@FAMILY.operator("bit & bit", returns="bit")
def both(left: str, right: str) -> str:
    """Return the bits set in both (22026 when sizes differ)."""
    return _combined("AND", left, right, frozenset({"11"}))


@FAMILY.operator("bit | bit", returns="bit")
def either(left: str, right: str) -> str:
    """Return the bits set in either (22026 when sizes differ)."""
    return _combined("OR", left, right, frozenset({"11", "10", "01"}))


@FAMILY.operator("bit # bit", returns="bit")
def one_only(left: str, right: str) -> str:
    """Return the bits set in just one (22026 when sizes differ)."""
    return _combined("XOR", left, right, frozenset({"10", "01"}))


@FAMILY.operator("~ bit", returns="bit")
def inverted(bits: str) -> str:
    """Return the other bits."""
    return bits.translate(str.maketrans("01", "10"))


@FAMILY.operator("bit << integer", returns="bit")
def left_shifted(bits: str, count: int) -> str:
    """Move bits to the left, zeros following."""
    if count < 0:
        return right_shifted(bits, -count)
    return bits[count:].ljust(len(bits), "0")


@FAMILY.operator("bit >> integer", returns="bit")
def right_shifted(bits: str, count: int) -> str:
    """Move bits to the right, zeros before."""
    if count < 0:
        return left_shifted(bits, -count)
    return bits[: max(len(bits) - count, 0)].rjust(len(bits), "0")


@FAMILY.operator("bit varying || bit varying", returns="bit varying")
def joined(left: str, right: str) -> str:
    """Join bit strings."""
    return left + right


@FAMILY.function("length(bit)", "bit_length(bit)", returns="integer")
def length(bits: str) -> int:
    """Count the bits."""
    return len(bits)


@FAMILY.function("octet_length(bit)", returns="integer")
def octet_length(bits: str) -> int:
    """Count the bytes that hold them."""
    return (len(bits) + 7) // 8


@FAMILY.function("bit_count(bit)", returns="bigint")
def count_set(bits: str) -> int:
    """Count the bits that are set."""
    return bits.count("1")


@FAMILY.function("substring(bit, integer, integer)", returns="bit")
def substring(bits: str, start: int, count: int) -> str:
    """Return a part; places before the first are skipped (22011 for a negative length)."""
    if count < 0:
        raise error("22011", "negative substring length not allowed")
    return bits[max(start - 1, 0) : max(start - 1 + count, 0)]


@FAMILY.function("substring(bit, integer)", returns="bit")
def substring_from(bits: str, start: int) -> str:
    """Return all from a place on."""
    return bits[max(start - 1, 0) :]


@FAMILY.function("overlay(bit, bit, integer, integer)", returns="bit")
def overlay(bits: str, new: str, start: int, count: int) -> str:
    """Put bits in the place of others (22011 for a place before the first)."""
    if start <= 0:
        raise error("22011", "negative substring length not allowed")
    return bits[: start - 1] + new + bits[max(start - 1 + count, 0) :]


@FAMILY.function("overlay(bit, bit, integer)", returns="bit")
def overlay_whole(bits: str, new: str, start: int) -> str:
    """Put bits in the place of as many."""
    return overlay(bits, new, start, len(new))


@FAMILY.function("position(bit, bit)", returns="integer")
def position(bits: str, wanted: str) -> int:
    """Return where bits are found first, 0 when nowhere."""
    return bits.find(wanted) + 1 if bits or wanted else 0


def _require_index(bits: str, index: int) -> None:
    if not 0 <= index < len(bits):
        last = len(bits) - 1
        raise error("2202E", f"bit index {index} out of valid range (0..{last})")


@FAMILY.function("get_bit(bit, integer)", returns="integer")
def get_bit(bits: str, index: int) -> int:
    """Return a bit, counted from 0 at the left (2202E outside)."""
    _require_index(bits, index)
    return int(bits[index])


@FAMILY.function("set_bit(bit, integer, integer)", returns="bit")
def set_bit(bits: str, index: int, value: int) -> str:
    """Change a bit (2202E outside, 22023 for what is no bit)."""
    _require_index(bits, index)
    if value not in {0, 1}:
        raise error("22023", "new bit must be 0 or 1")
    return f"{bits[:index]}{value}{bits[index + 1 :]}"


@FAMILY.function("bit(integer, integer)", "bit(bigint, integer)", returns="bit")
def of_number(value: int, size: int) -> str:
    """Write the lowest bits of a number."""
    return f"{value & ((1 << size) - 1):0{size}b}"


@FAMILY.cast("bit as integer")
def to_integer(bits: str) -> int:
    """Read at most 32 bits as a number (22003)."""
    return _number(bits, 32, "integer")


@FAMILY.cast("bit as bigint")
def to_bigint(bits: str) -> int:
    """Read at most 64 bits as a number (22003)."""
    return _number(bits, 64, "bigint")


def _number(bits: str, size: int, name: str) -> int:
    if len(bits) > size:
        raise error("22003", f"{name} out of range")
    value = int(bits or "0", 2)
    return value - (1 << size) if len(bits) == size and value >> size - 1 else value


@FAMILY.cast("integer as bit")
def integer_to_bits(value: int) -> str:
    """Write a number as 32 bits."""
    return of_number(value, 32)


@FAMILY.cast("bigint as bit")
def bigint_to_bits(value: int) -> str:
    """Write a number as 64 bits."""
    return of_number(value, 64)


@FAMILY.cast("text as bit", "text as bit varying")
def read(text: str) -> str:
    """Read a bit string (22P02)."""
    return forms.from_text(text)


@FAMILY.cast("bit as text", "bit varying as text")
def write(bits: str) -> str:
    """Write a bit string."""
    return bits


class _Folded:
    """Folds bit strings of one size."""

    fold: Callable[[str, str], str]

    def __init__(self) -> None:
        self.value: str | None = None

    def step(self, bits: str) -> None:
        """Add a value."""
        self.value = bits if self.value is None else type(self).fold(self.value, bits)

    def final(self) -> str | None:
        """Return the fold of all."""
        return self.value


def _fold(name: str, fold: Callable[[str, str], str]) -> None:
    """Declare the aggregate that folds values by an operator."""
    kind = type(name, (_Folded,), {"fold": staticmethod(fold)})
    FAMILY.aggregate(f"{name}(bit)", returns="bit")(kind)


_fold("bit_and", both)
_fold("bit_or", either)
_fold("bit_xor", one_only)
