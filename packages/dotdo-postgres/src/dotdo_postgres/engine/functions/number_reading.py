"""to_number (9.8): a number read by a pattern, one character of text for each part of the pattern."""

from __future__ import annotations

from decimal import Decimal

from dotdo_postgres.engine.functions.number_patterns import NumberPattern, read_pattern
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import numeric

FAMILY = Family("9.8")
_DATA = "0123456789.,+-"


class _Reader:
    """The reading of one number: the place in the text, digits and sign found so far."""

    def __init__(self, pattern: NumberPattern, text: str) -> None:
        self.pattern, self.text, self.flags = pattern, text, pattern.flags
        self.at = 0
        self.sign = ""
        self.whole: list[str] = []
        self.fraction: list[str] = []
        self.has_point = False
        self.has_digit = False

    @property
    def _is_over(self) -> bool:
        return self.at >= len(self.text)

    @property
    def _char(self) -> str:
        return self.text[self.at : self.at + 1]

    def read(self) -> str:
        """Return the digits with sign and point."""
        for kind, _ in self.pattern.tokens:
            if self._is_over:
                break
            if kind == "text":
                self.at += 1
            elif kind in {"9", "0", ".", "D", "d"}:
                self._digit(kind)
                self.at += 1
            else:
                self._mark(kind.upper())
        fraction = "".join(self.fraction)
        return self.sign + "".join(self.whole) + (f".{fraction}" if fraction else "")

    def _mark(self, kind: str) -> None:
        if kind in {",", "G"}:
            if not (not self.has_digit and "FM" in self.flags) and self._char == ",":
                self.at += 1
        elif kind == "L":
            self._skip(1)
        elif kind == "TH":
            if not (self.flags & {"RN", "."} or self.sign == "-"):
                self._skip(2)
        elif kind in {"MI", "PL", "SG"}:
            if self._char and self._char in {"MI": "-", "PL": "+", "SG": "+-"}[kind]:
                self.sign = self._char
                self.at += 1
            else:
                self._skip(1)

    def _skip(self, count: int) -> None:
        while count and not self._is_over and self._char not in _DATA:
            self.at += 1
            count -= 1

    def _digit(self, kind: str) -> None:
        if self._char == " ":
            self.at += 1
        if not self.sign and kind in {"9", "0"} and not (self.whole or self.fraction):
            self._leading_sign()
        if self._is_over:
            return
        is_read = False
        if self._char in "0123456789":
            if self.has_point and len(self.fraction) == self.pattern.after:
                return
            (self.fraction if self.has_point else self.whole).append(self._char)
            is_read = True
        elif "." in self.flags and not self.has_point and self._char == ".":
            self.has_point = is_read = True
        if not self.sign and (self.whole or self.fraction):
            self._trailing_sign(is_read)

    def _leading_sign(self) -> None:
        if "S" in self.flags and self.pattern.sign_place == "before":
            if self._char and self._char in "+-":
                self.sign = self._char
                self.at += 1
        elif self._char == "-" or ("PR" in self.flags and self._char == "<"):
            self.sign = "-"
            self.at += 1
        elif self._char == "+":
            self.sign = "+"
            self.at += 1

    def _trailing_sign(self, is_read: bool) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if "S" in self.flags and is_read and following and not following.isdigit():
            if following in "+-":
                self.sign = following
                self.at += 1
        elif (
            not is_read
            and "S" not in self.flags
            and self.flags & {"PL", "MI"}
            and self._char
            and self._char in "+-"
        ):
            self.sign = self._char


@FAMILY.function("to_number(text, text)", returns="numeric")
def to_number(text: str, pattern_text: str) -> Decimal | None:
    """Read a number by a pattern.

    Raises:
        PostgresError: no number (22P02), too many digits (22003), EEEE and RN (0A000).
    """
    if not pattern_text:
        return None
    pattern = read_pattern(pattern_text)
    for word in ("EEEE", "RN"):
        if word in pattern.flags:
            raise not_supported_for_input(word)
    reader = _Reader(pattern, text)
    digits = reader.read()
    scale = len(reader.fraction)
    precision = pattern.before + pattern.shift + scale
    value = numeric.fit(numeric.from_text(digits or " "), precision, scale)
    if "V" in pattern.flags:
        shift = (
            Decimal(1).scaleb(-pattern.shift).quantize(Decimal(1).scaleb(-max(16, pattern.shift)))
        )
        value = numeric.CONTEXT.multiply(value, shift)
    return value


def not_supported_for_input(word: str) -> Exception:
    """Make the error for a pattern that PostgreSQL only writes (0A000)."""
    failure = not_supported(word)
    failure.message = f'"{word}" not supported for input'
    return failure
