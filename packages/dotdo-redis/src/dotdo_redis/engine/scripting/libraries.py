"""The libraries `bit` and `struct` of scripts, in Python; they refuse other numbers and formats than the originals."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

MASK = 0xFFFFFFFF
MAX_BYTES = 8
Argument = bytes | int | float | bool | None
Function = Callable[..., object]


class LibraryError(ValueError):
    """What the library raises in Lua."""


def _bits(value: Argument, at: int = 1, name: str = "") -> int:
    if isinstance(value, bytes):
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise LibraryError(f"bad argument #{at} to '{name}' (number expected)")
    if value != value or value in {float("inf"), float("-inf")}:
        return 0
    return round(value) & MASK


def _signed(value: int) -> int:
    value &= MASK
    return value - (1 << 32) if value >> 31 else value


def _tobit(value: Argument = None) -> int:
    return _signed(_bits(value, 1, "tobit"))


def _bnot(value: Argument = None) -> int:
    return _signed(~_bits(value, 1, "bnot"))


def _folded(name: str, combine: Callable[[int, int], int]) -> Function:
    def fold(*values: Argument) -> int:
        if not values:
            raise LibraryError(f"bad argument #1 to '{name}' (number expected, got no value)")
        result = _bits(values[0], 1, name)
        for at, value in enumerate(values[1:], 2):
            result = combine(result, _bits(value, at, name))
        return _signed(result)

    return fold


def _shift(name: str, move: Callable[[int, int], int]) -> Function:
    def shift(value: Argument = None, by: Argument = None) -> int:
        return _signed(move(_bits(value, 1, name), _bits(by, 2, name) & 31))

    return shift


def _bswap(value: Argument = None) -> int:
    return _signed(int.from_bytes(_bits(value, 1, "bswap").to_bytes(4, "little"), "big"))


def _tohex(value: Argument = None, digits: Argument = 8) -> bytes:
    count = _signed(_bits(digits, 2, "tohex"))
    text = f"{_bits(value, 1, 'tohex'):08x}"
    text = text.upper() if count < 0 else text
    return text[-min(abs(count), 8) or 8 :].encode() if count else b""


BIT: dict[bytes, Function] = {
    b"tobit": _tobit,
    b"bnot": _bnot,
    b"band": _folded("band", lambda a, b: a & b),
    b"bor": _folded("bor", lambda a, b: a | b),
    b"bxor": _folded("bxor", lambda a, b: a ^ b),
    b"lshift": _shift("lshift", lambda a, n: a << n),
    b"rshift": _shift("rshift", lambda a, n: a >> n),
    b"arshift": _shift("arshift", lambda a, n: _signed(a) >> n),
    b"rol": _shift("rol", lambda a, n: a << n | a >> (32 - n)),
    b"ror": _shift("ror", lambda a, n: a >> n | a << (32 - n)),
    b"bswap": _bswap,
    b"tohex": _tohex,
}

# -- struct

_SIZES = {"b": 1, "B": 1, "h": 2, "H": 2, "l": 8, "L": 8, "T": 8, "f": 4, "d": 8, "x": 1}


@dataclass(slots=True)
class _Item:
    kind: str
    size: int
    order: str
    padding: int


def _items(text: bytes) -> list[_Item]:
    """Read a format.

    Raises:
        LibraryError: it makes no sense.
    """
    items: list[_Item] = []
    order, alignment, offset = "little", 1, 0
    letters = text.decode("latin-1")
    at = 0
    while at < len(letters):
        letter = letters[at]
        at += 1
        start = at
        while at < len(letters) and letters[at].isdigit():
            at += 1
        digits = letters[start:at]
        if letter in "<>=":
            order = {"<": "little", ">": "big", "=": "little"}[letter]
        elif letter == "!":
            alignment = int(digits or MAX_BYTES)
            if alignment & (alignment - 1) or not alignment:
                raise LibraryError("alignment is not a power of 2")
        elif letter != " ":
            size = _size(letter, digits)
            padding = _padding(letter, size, alignment, offset)
            offset += size + padding
            items.append(_Item(letter, size, order, padding))
    return items


def _padding(letter: str, size: int, alignment: int, offset: int) -> int:
    unit = min(size, alignment)
    if letter in "csx" or unit <= 1 or unit & (unit - 1):
        return 0
    return -offset % unit


def _size(letter: str, digits: str) -> int:
    if len(digits) > 9:
        raise LibraryError("integral size overflow")
    if letter in "iI":
        size = int(digits or 4)
        if size > 32:
            raise LibraryError(f"integral size {size} is larger than limit of 32")
        return size
    if letter == "c":
        return int(digits or 1)
    if letter == "s":
        return 0
    if letter not in _SIZES:
        raise LibraryError(f"invalid format option '{letter}'")
    return _SIZES[letter]


def _number(value: Argument, at: int) -> float:
    if isinstance(value, bytes):
        try:
            return float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise LibraryError(f"bad argument #{at} to 'pack' (number expected)")
    return value


def _pack(form: Argument = None, *values: Argument) -> bytes:
    if not isinstance(form, bytes):
        raise LibraryError("bad argument #1 to 'pack' (string expected)")
    pieces: list[bytes] = []
    given = iter(enumerate(values, 2))
    for item in _items(form):
        pieces.append(b"\0" * item.padding)
        if item.kind == "x":
            pieces.append(b"\0")
            continue
        at, value = next(given, (len(values) + 2, None))
        pieces.append(_packed(item, value, at))
    return b"".join(pieces)


def _packed(item: _Item, value: Argument, at: int) -> bytes:
    if item.kind in "cs":
        if isinstance(value, int) and not isinstance(value, bool):
            value = b"%d" % value
        if not isinstance(value, bytes):
            raise LibraryError(f"bad argument #{at} to 'pack' (string expected)")
        if item.kind == "s":
            return value + b"\0"
        size = item.size or len(value)
        if len(value) < size:
            raise LibraryError(f"bad argument #{at} to 'pack' (string too short)")
        return value[:size]
    number = _number(value, at)
    if item.kind in "fd":
        sign = "<" if item.order == "little" else ">"
        return struct.pack(f"{sign}{item.kind}", number)
    whole = int(number) & (1 << 8 * item.size) - 1
    return whole.to_bytes(item.size, "little" if item.order == "little" else "big")


def _size_of(form: Argument = None) -> int:
    if not isinstance(form, bytes):
        raise LibraryError("bad argument #1 to 'size' (string expected)")
    items = _items(form)
    for item in items:
        if item.kind == "s" or (item.kind == "c" and not item.size):
            raise LibraryError(
                f"variable-{'size' if item.kind == 's' else 'length'} format in 'size'"
            )
    return sum(item.size + item.padding for item in items)


def unpack(form: Argument = None, data: Argument = None, position: Argument = 1) -> list[object]:
    """Read values by a format; the last one is the position behind them.

    Raises:
        LibraryError: the format makes no sense, or the data is too short.
    """
    if not isinstance(form, bytes) or not isinstance(data, bytes):
        raise LibraryError("bad argument #1 to 'unpack' (string expected)")
    at = int(_number(position, 3)) - 1
    if at < 0:
        raise LibraryError("offset must be 1 or greater")
    found: list[object] = []
    for item in _items(form):
        at += item.padding
        if at + item.size > len(data):
            raise LibraryError("data string too short")
        at = _unpacked(item, data, at, found)
    return [*found, at + 1]


def _unpacked(item: _Item, data: bytes, at: int, found: list[object]) -> int:
    if item.kind == "x":
        return at + 1
    if item.kind == "s":
        end = data.find(b"\0", at)
        if end < 0:
            raise LibraryError("unfinished string in data")
        found.append(data[at:end])
        return end + 1
    size = item.size
    if item.kind == "c" and not size:
        if not found or not isinstance(found[-1], int):
            raise LibraryError("format 'c0' needs a previous size")
        size = found.pop()  # type: ignore[assignment]  # an int, looked at above
        if size < 0 or at + size > len(data):
            raise LibraryError("data string too short")
    piece = data[at : at + size]
    if item.kind == "c":
        found.append(piece)
    elif item.kind in "fd":
        sign = "<" if item.order == "little" else ">"
        found.append(struct.unpack(f"{sign}{item.kind}", piece)[0])
    else:
        order = "little" if item.order == "little" else "big"
        found.append(int.from_bytes(piece, order, signed=item.kind.islower()))  # type: ignore[arg-type]  # one of both
    return at + size


STRUCT: dict[bytes, Function] = {b"pack": _pack, b"unpack": unpack, b"size": _size_of}
MANY = frozenset({unpack})
"""Functions that give several values."""
LIBRARIES = {b"bit": BIT, b"struct": STRUCT}
