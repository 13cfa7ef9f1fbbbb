"""Reading words of a command as numbers and options, as strictly as Redis does; it refuses what Redis refuses."""

import re
from math import isnan

from dotdo_redis.errors import ReplyError, not_a_float, not_an_integer, syntax

LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1

_FLOAT = re.compile(
    rb"[+-]?(?:inf(?:inity)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)\Z", re.IGNORECASE
)
_HEXADECIMAL = re.compile(
    rb"[+-]?0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?\Z", re.IGNORECASE
)


def integer(word: bytes | bytearray, error: str = "") -> int:
    """Read a decimal integer of 64 bits in its one spelling.

    Raises:
        ReplyError: with `error`, or the usual text.
    """
    try:
        number = int(word)
        if b"%d" % number == word and LOWEST <= number <= HIGHEST:
            return number
    except ValueError:
        pass
    raise ReplyError(error) if error else not_an_integer()


def is_integer(word: bytes | bytearray) -> bool:
    """Whether `integer` would read it."""
    if not word or len(word) > 20 or not (word[-1:].isdigit()):
        return False
    try:
        number = int(word)
    except ValueError:
        return False
    return LOWEST <= number <= HIGHEST and b"%d" % number == word


def bounded(word: bytes, low: int, high: int, error: str) -> int:
    """Read an integer between `low` and `high`.

    Raises:
        ReplyError: not an integer (the usual text), or beyond the bounds (`error`).
    """
    number = integer(word)
    if not low <= number <= high:
        raise ReplyError(error)
    return number


def negatable(word: bytes) -> int:
    """Read an integer of 64 bits whose opposite is one, too.

    Raises:
        ReplyError: not an integer, or the lowest.
    """
    return bounded(
        word,
        -HIGHEST,
        HIGHEST,
        f"value is out of range, value must between {-HIGHEST} and {HIGHEST}",
    )


def small_integer(word: bytes, error: str = "") -> int:
    """Read an integer of 32 bits.

    Raises:
        ReplyError: not an integer, or beyond; with `error`, or the usual texts.
    """
    if error:
        number = integer(word, error)
        if not -(1 << 31) <= number < 1 << 31:
            raise ReplyError(error)
        return number
    return bounded(
        word,
        -(1 << 31),
        (1 << 31) - 1,
        "value is out of range, value must between -2147483648 and 2147483647",
    )


def floating(word: bytes | bytearray, error: str = "") -> float:
    """Read a number as strtod does, the whole word, infinities but no NaN.

    Raises:
        ReplyError: with `error`, or the usual text.
    """
    if word.isdigit() and len(word) < 16:
        return float(word)
    try:
        if _FLOAT.match(word):
            return float(word)
        if _HEXADECIMAL.match(word):
            number = float.fromhex(word.decode())
            if not isnan(number):
                return number
    except (ValueError, OverflowError):
        pass
    raise ReplyError(error) if error else not_a_float()


def timeout_ms(word: bytes, *, milliseconds: bool = False) -> int | None:
    """Read how long a command may wait, in seconds with a fraction; None for ever.

    Raises:
        ReplyError: not a number, negative, or out of range.
    """
    if milliseconds:
        wait = integer(word, "timeout is not an integer or out of range")
    else:
        seconds = floating(word, "timeout is not a float or out of range")
        if seconds * 1000 > HIGHEST:
            raise ReplyError("timeout is out of range")
        if seconds < 0:
            raise ReplyError("timeout is negative")
        wait = -(-int(seconds * 1000000) // 1000)
    if wait < 0:
        raise ReplyError("timeout is negative")
    return wait or None


def pop_count(words: list[bytes]) -> int:
    """Read `[COUNT count]`, all that may follow in LMPOP and ZMPOP; 1 without.

    Raises:
        ReplyError: something else stands there, or the count is below 1.
    """
    if not words:
        return 1
    if len(words) < 2 or words[0].upper() != b"COUNT":
        raise syntax()
    error = "count should be greater than 0"
    count = integer(words[1], error)
    if count < 1:
        raise ReplyError(error)
    if len(words) > 2:
        raise syntax()
    return count


def counted_keys(args: list[bytes], at: int, error: str = "") -> tuple[list[bytes], int]:
    """Read `numkeys key [key ...]` from `at`; return the keys and where they end.

    Raises:
        ReplyError: numkeys is below 1 or there are fewer words than that.
    """
    count = integer(args[at], error)
    if count < 1:
        raise ReplyError(error or "numkeys should be greater than 0")
    end = at + 1 + count
    if end > len(args):
        raise syntax()
    return args[at + 1 : end], end
