"""to_char of numbers (9.8): digits laid out by a pattern, for numeric, integers and floating point."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.number_patterns import NumberPattern, read_pattern
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import floats, numeric

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = Family("9.8")
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
# A place of the pattern past the last digit ends what is shown.
_END = "\0"


class Layout:
    """The writing of one number: where it stands among the digits, what is written so far.

    Args:
        pattern: The pattern.
        digits: The number without sign, `#` for what does not fit.
        sign: `+`, `-`, or empty for Roman numerals, which have none.
        blanks: Places of the pattern that the number does not fill.
    """

    def __init__(self, pattern: NumberPattern, digits: str, sign: str, blanks: int) -> None:
        self.pattern, self.digits, self.sign, self.blanks = pattern, digits, sign, blanks
        self.flags = pattern.flags
        self.out: list[str] = []
        self.at = self.place = 0
        self.has_digit = False
        self.sign_place = pattern.sign_place
        self.is_tight = "FM" in self.flags
        self.zero_start = pattern.first_zero - 1 if pattern.first_zero else 0
        self.is_signed = self._starts_signed()
        self.last = self._last_relevant()
        self.count = pattern.after + pattern.before - 1
        if not self.is_signed and blanks == 0:
            self.count += 1

    def _starts_signed(self) -> bool:
        if self.flags & {"PL", "MI"}:
            return "MI" in self.flags
        if self.sign != "-" and self.is_tight:
            self.flags.discard("PR")
        if self.sign_place == "before" and self.pattern.before == self.pattern.digits_before_sign:
            self.sign_place = "after"
        return self.sign == "+" and self.is_tight and "S" not in self.flags

    def _last_relevant(self) -> int | None:
        if not (self.is_tight and "." in self.flags and "." in self.digits):
            return None
        last = max(len(self.digits.rstrip("0")) - 1, self.digits.index("."))
        if self.pattern.last_zero > self.blanks:
            last = max(last, min(len(self.digits) - 1, self.pattern.last_zero - self.blanks))
        return last

    def write(self) -> str:
        """Return the number as the pattern has it."""
        for kind, text in self.pattern.tokens:
            if kind == "text":
                self.out.append(text)
            elif kind in {"9", "0", ".", "D", "d"}:
                if "RN" not in self.flags:
                    self._digit(kind)
            else:
                self.out.append(self._mark(kind))
        return "".join(self.out).partition(_END)[0]

    def _mark(self, kind: str) -> str:
        upper = kind.upper()
        if upper in {",", "G"}:
            return "," if self.has_digit else "" if self.is_tight else " "
        if upper == "L":
            return " "
        if upper == "RN":
            text = self.digits if kind == "RN" else self.digits.lower()
            return text if self.is_tight else text.rjust(15)
        if upper == "TH":
            return self._ordinal(kind)
        if upper in {"MI", "PL"}:
            wanted = "-" if upper == "MI" else "+"
            return wanted if self.sign == wanted else "" if self.is_tight else " "
        return (self.sign or _END) if upper == "SG" else ""

    def _ordinal(self, kind: str) -> str:
        if self.flags & {"RN", "."} or self.digits.startswith("#") or self.sign == "-":
            return ""
        if not self.digits[-1:].isdigit():
            raise error("22P02", f'"{self.digits}" is not a number')
        number = int(self.digits[-2:])
        word = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return word.upper() if kind == "TH" else word

    @property
    def _is_lone_zero(self) -> bool:
        """Standing at the 0 of 0.5, which a 9 does not show."""
        return (
            "0" not in self.flags
            and self.at == 0
            and self.digits.startswith("0")
            and self.pattern.after != 0
        )

    @property
    def _ends_at_point(self) -> bool:
        return self.last is not None and self.digits[self.last] == "."

    def _digit(self, kind: str) -> None:
        self.has_digit = False
        has_zero = "0" in self.flags
        begins = self.place >= self.blanks or (has_zero and self.zero_start == self.place)
        if not self.is_signed and begins and (not self._is_lone_zero or self._ends_at_point):
            self._write_sign()
        if self.place < self.blanks:
            if has_zero and self.zero_start <= self.place:
                self.out.append("0")
                self.has_digit = True
            elif not self.is_tight:
                self.out.append(" ")
        else:
            self._write_digit(kind)
            self.at = min(self.at + 1, len(self.digits))
        end = self.count + (1 if self.blanks else 0) + (1 if "." in self.flags else 0)
        if self.last is not None and self.last == self.at:
            end = self.place
        if self.place + 1 == end:
            self._close()
        self.place += 1

    def _write_sign(self) -> None:
        if "S" in self.flags:
            if self.sign_place == "before":
                self.out.append(self.sign)
                self.is_signed = True
            return
        if "PR" in self.flags:
            self.out.append(" " if self.sign == "+" else "<")
        elif self.sign == "-":
            self.out.append("-")
        elif not self.is_tight:
            self.out.append(" ")
        self.is_signed = True

    def _write_digit(self, kind: str) -> None:
        char = self.digits[self.at : self.at + 1]
        if char == ".":
            self.out.append(".")
        elif self.last is not None and self.at > self.last and kind != "0":
            return
        elif self._is_lone_zero:
            if not self.is_tight:
                self.out.append(" ")
            elif self._ends_at_point:
                self.out.append("0")
        else:
            self.out.append(char or _END)
            self.has_digit = True

    def _close(self) -> None:
        if self.is_signed and "PR" in self.flags:
            self.out.append(" " if self.sign == "+" else ">")
        elif "S" in self.flags and self.sign_place == "after":
            self.out.append(self.sign)


def _laid_out(pattern: NumberPattern, text: str) -> str:
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("+", text)
    length = len(digits.partition(".")[0])
    blanks = max(pattern.before - length, 0)
    if length > pattern.before:
        digits = "#" * pattern.before + "." + "#" * pattern.after
    return Layout(pattern, digits, sign, blanks).write()


def _roman(pattern: NumberPattern, number: int) -> str:
    digits = "#" * 15
    if 1 <= number <= 3999:
        digits = ""
        for value, letters in _ROMAN:
            count, number = divmod(number, value)
            digits += letters * count
    pattern.flags &= {"FM", "RN"}
    return Layout(pattern, digits, "", 0).write()


def _no_number(pattern: NumberPattern) -> str:
    return " " + "#" * pattern.before + "." + "#" * (pattern.after + 4)


def _exponent_form(pattern: NumberPattern, value: Decimal) -> str:
    if not value.is_finite():
        return _no_number(pattern)
    exponent = 0 if value.is_zero() else value.adjusted()
    shown = numeric.rounded(value.scaleb(-exponent, numeric.WIDE), pattern.after)
    return f"{'' if value < 0 else ' '}{shown:f}e{exponent:+03d}"


@FAMILY.function("to_char(numeric, text)", returns="text")
def write_numeric(value: Decimal, text: str) -> str:
    """Write a number by a pattern.

    Raises:
        PostgresError: a pattern whose parts do not go together (SQLSTATE 42601).
    """
    pattern = read_pattern(text)
    if "RN" in pattern.flags:
        return _roman(pattern, numeric.to_integer(value, 32, "integer"))
    if "EEEE" in pattern.flags:
        return _exponent_form(pattern, value)
    if "V" in pattern.flags:
        value = numeric.CONTEXT.multiply(value, Decimal(10) ** pattern.shift)
        pattern.before += pattern.shift
    return _laid_out(pattern, numeric.to_text(numeric.rounded(value, pattern.after)))


def _write_integer(value: int, text: str, limit: int, name: str) -> str:
    pattern = read_pattern(text)
    if "RN" in pattern.flags:
        return _roman(pattern, value)
    if "EEEE" in pattern.flags:
        return _exponent_form(pattern, Decimal(value))
    if "V" in pattern.flags:
        value *= 10**pattern.shift
        if not -limit <= value < limit:
            raise error("22003", f"{name} out of range")
        pattern.before += pattern.shift
    return _laid_out(pattern, f"{value}.{'0' * pattern.after}" if pattern.after else str(value))


@FAMILY.function("to_char(integer, text)", returns="text")
def write_integer(value: int, text: str) -> str:
    """Write a number by a pattern."""
    return _write_integer(value, text, 1 << 31, "integer")


@FAMILY.function("to_char(bigint, text)", returns="text")
def write_bigint(value: int, text: str) -> str:
    """Write a number by a pattern."""
    return _write_integer(value, text, 1 << 63, "bigint")


def _float_writer(digits: int) -> Callable[[float, str], str]:
    def write(value: float, text: str) -> str:
        pattern = read_pattern(text)
        if "RN" in pattern.flags:
            return _roman(pattern, round(value) if math.isfinite(value) else 0)
        if "EEEE" in pattern.flags:
            if not math.isfinite(value):
                return _no_number(pattern)
            shown = f"{value:+.{pattern.after}e}"
            return " " + shown[1:] if shown.startswith("+") else shown
        if "V" in pattern.flags:
            value *= 10.0**pattern.shift
            pattern.before += pattern.shift
        pattern.after = max(0, min(pattern.after, digits - len(f"{abs(value):.0f}")))
        shown = f"{value:.{pattern.after}f}" if math.isfinite(value) else floats.to_text(value)
        return _laid_out(pattern, shown)

    return write


FAMILY.function("to_char(double precision, text)", returns="text")(_float_writer(15))
FAMILY.function("to_char(real, text)", returns="text")(_float_writer(6))
