"""Date and time patterns of to_char, to_date and to_timestamp (9.8), taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dotdo_postgres.engine.functions.number_patterns import literal

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")

_WORDS = (
    "A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "CC", "DAY", "DDD", "DD", "DY", "Day", "Dy", "D", "FF1", "FF2", "FF3", "FF4",
    "FF5", "FF6", "FX", "HH24", "HH12", "HH", "IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I", "J", "MI", "MM", "MONTH", "MON",
    "MS", "Month", "Mon", "OF", "P.M.", "PM", "Q", "RM", "SSSSS", "SSSS", "SS", "TZH", "TZM", "TZ", "US", "WW", "W", "Y,YYY",
    "YYYY", "YYY", "YY", "Y",
)  # fmt: skip
_LOWER_ONLY = tuple(word.lower() for word in _WORDS if word not in {"Day", "Dy", "Month", "Mon"})
_KEYWORDS = _WORDS + _LOWER_ONLY
# Words whose letter case says how the result is written; all others mean the same in either case.
_CASED = frozenset({
    "A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "DAY", "DY", "MONTH", "MON", "P.M.", "PM", "RM", "TZ",
})  # fmt: skip


@dataclass(slots=True, frozen=True)
class Token:
    """A part of a pattern.

    Args:
        kind: `field`, `separator`, `space` or `char`.
        text: The field's name, upper case unless its case matters; or the character.
        is_filled: FM stood before it.
        suffix: `TH` or `th` after it, or empty.
        is_localized: TM stood before it.
    """

    kind: str
    text: str
    is_filled: bool = False
    suffix: str = ""
    is_localized: bool = False


@lru_cache(maxsize=256)
def read_pattern(pattern: str) -> tuple[Token, ...]:
    """Take a pattern apart."""
    found: list[Token] = []
    at = 0
    while at < len(pattern):
        prefix = pattern[at : at + 2] if pattern[at : at + 2] in {"FM", "fm", "TM", "tm"} else ""
        at += len(prefix)
        word = next((word for word in _KEYWORDS if pattern.startswith(word, at)), None)
        if word is not None:
            at += len(word)
            suffix = pattern[at : at + 2] if pattern[at : at + 2] in {"TH", "th"} else ""
            at += 2 if suffix or pattern[at : at + 2] in {"SP", "sp"} else 0
            name = word if word.upper() in _CASED else word.upper()
            is_filled, is_localized = prefix.upper() == "FM", prefix.upper() == "TM"
            found.append(Token("field", name, is_filled, suffix, is_localized))
        elif at < len(pattern):
            is_quoted = pattern[at] == '"'
            text, at = literal(pattern, at)
            found += [Token("char" if is_quoted else kind_of(char), char) for char in text]
    return tuple(found)


def kind_of(char: str) -> str:
    """Return whether a character separates, is space, or is any other."""
    if char.isspace():
        return "space"
    is_separator = "\x20" < char < "\x7f" and not char.isalnum()
    return "separator" if is_separator else "char"
