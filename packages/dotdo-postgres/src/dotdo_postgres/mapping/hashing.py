"""PostgreSQL's hashes of values, by which hash partitions are chosen; types whose hash is not known here are refused."""

from collections.abc import Callable
from typing import Any

from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

PARTITION_SEED = 0x7A5B22367996DCFD
_MASK, _MASK64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
_START = 0x9E3779B9 + 3923095
_PG_EPOCH_DAYS, _PG_EPOCH_US = 10957, 10957 * 86_400_000_000


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _MASK


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    """Mix three words so that each bit of one reaches the others (Bob Jenkins' lookup3)."""
    for bits in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & _MASK) ^ _rotated(c, bits)
        c = (c + b) & _MASK
        a, b, c = b, c, a
    return a, b, c


def hash_bytes(data: bytes, seed: int) -> int:
    """Hash bytes into 64 bits."""
    a = b = c = (_START + len(data)) & _MASK
    if seed:
        a, b, c = _mixed((a + (seed >> 32)) & _MASK, (b + (seed & _MASK)) & _MASK, c)
    at = 0
    while len(data) - at >= 12:
        words = [int.from_bytes(data[at + n : at + n + 4], "little") for n in (0, 4, 8)]
        a, b, c = _mixed((a + words[0]) & _MASK, (b + words[1]) & _MASK, (c + words[2]) & _MASK)
        at += 12
    rest = data[at:]
    a = (a + int.from_bytes(rest[:4], "little")) & _MASK
    b = (b + int.from_bytes(rest[4:8], "little")) & _MASK
    c = (c + (int.from_bytes(rest[8:], "little") << 8)) & _MASK
    return _joined(a, b, c)


def hash_word(word: int, seed: int) -> int:
    """Hash 32 bits into 64."""
    a = b = c = (_START + 4) & _MASK
    if seed:
        a, b, c = _mixed((a + (seed >> 32)) & _MASK, (b + (seed & _MASK)) & _MASK, c)
    return _joined((a + (word & _MASK)) & _MASK, b, c)


def _joined(a: int, b: int, c: int) -> int:
    for bits, turn in ((14, 0), (11, 1), (25, 2), (16, 0), (4, 1), (14, 2), (24, 0)):
        if turn == 0:
            c = ((c ^ b) - _rotated(b, bits)) & _MASK
        elif turn == 1:
            a = ((a ^ c) - _rotated(c, bits)) & _MASK
        else:
            b = ((b ^ a) - _rotated(a, bits)) & _MASK
    return b << 32 | c


def _long(value: int, seed: int) -> int:
    low, high = value & _MASK, value >> 32 & _MASK
    return hash_word(low ^ (high if value >= 0 else ~high & _MASK), seed)


_HASHES: dict[int, Callable[[Any, int], int]] = {  # type: ignore[explicit-any]  # each type has its own
    **dict.fromkeys((t.INT2, t.INT4, t.OID, t.BOOL), hash_word),
    t.INT8: _long,
    t.DATE: lambda days, seed: hash_word(days - _PG_EPOCH_DAYS, seed),
    **dict.fromkeys((t.TIMESTAMP, t.TIMESTAMPTZ), lambda us, seed: _long(us - _PG_EPOCH_US, seed)),
    t.TIME: _long,
    **dict.fromkeys((t.TEXT, t.VARCHAR, t.NAME), lambda text, seed: hash_bytes(text.encode(), seed)),
    t.BPCHAR: lambda text, seed: hash_bytes(text.rstrip(" ").encode(), seed),
    **dict.fromkeys((t.BYTEA, t.UUID), hash_bytes),
}  # fmt: skip


def can_hash(oid: int) -> bool:
    """Tell whether the hash of a type is known."""
    return oid in _HASHES


def partition_hash(values: list[tuple[int, Any]]) -> int:  # type: ignore[explicit-any]  # each type has its own
    """Hash the key of a row of a table partitioned by hash.

    Args:
        values: Type and storage value of each part of the key; NULL counts for nothing.

    Raises:
        PostgresError: the hash of a type is not known here (0A000).
    """
    found = 0
    for oid, value in values:
        if value is None:
            continue
        if oid not in _HASHES:
            raise not_supported(f"partitions by the hash of {t.format_type(oid)}")
        more = _HASHES[oid](value, PARTITION_SEED)
        found ^= (more + 0x49A0F4DD15E5A8E3 + (found << 54) + (found >> 7)) & _MASK64
        found &= _MASK64
    return found
