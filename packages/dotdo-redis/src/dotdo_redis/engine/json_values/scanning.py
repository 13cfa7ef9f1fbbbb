"""A JSON reader that says what it expected where, in RedisJSON's words; it refuses to be fast."""

import re
from math import isinf
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_redis.engine.json_values.texts import Json

_SPACE = b" \t\n\r"
_DIGITS = b"0123456789"
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_ESCAPES = {
    0x22: '"', 0x5C: "\\", 0x2F: "/", 0x62: "\b", 0x66: "\f", 0x6E: "\n", 0x72: "\r", 0x74: "\t",
}  # fmt: skip
_IDENTIFIERS: dict[int, tuple[bytes, bool | None]] = {
    0x74: (b"true", True),
    0x66: (b"false", False),
    0x6E: (b"null", None),
}
HIGHEST_UNSIGNED, LOWEST_SIGNED = (1 << 64) - 1, -(1 << 63)


class JsonError(ValueError):
    """A text that is no JSON; the message is RedisJSON's own."""


class Scanner:
    """Reads one value of a text; what stands behind it does not matter."""

    def __init__(self, text: bytes, deepest: int) -> None:
        self.text = text
        self.at = 0
        self.left = deepest

    def read(self) -> "Json":
        """Read the value.

        Raises:
            JsonError: there is none.
        """
        self._skip()
        first = self._peek("EOF while parsing a value")
        if first == 0x22:
            self.at += 1
            return self._string()
        if first == 0x7B:
            return self._nested(self._object)
        if first == 0x5B:
            return self._nested(self._array)
        if first == 0x2D or first in _DIGITS:
            return self._number()
        known = _IDENTIFIERS.get(first)
        if known is None:
            self._fail("expected value", 1)
        return self._identifier(*known)

    def _nested(self, read: "Callable[[], Json]") -> "Json":
        self.left -= 1
        self.at += 1
        if self.left == 0:
            self._fail("recursion limit exceeded")
        value = read()
        self.left += 1
        return value

    def _fail(self, message: str, ahead: int = 0) -> NoReturn:
        """Tell line and column, those of the next byte or of the one behind it."""
        before = self.text[: self.at + ahead]
        line = before.count(b"\n") + 1
        column = len(before) - (before.rfind(b"\n") + 1)
        raise JsonError(f"{message} at line {line} column {column}")

    def _skip(self) -> None:
        text, end = self.text, len(self.text)
        while self.at < end and text[self.at] in _SPACE:
            self.at += 1

    def _peek(self, otherwise: str) -> int:
        if self.at >= len(self.text):
            self._fail(otherwise)
        return self.text[self.at]

    def _identifier(self, word: bytes, value: "Json") -> "Json":
        for byte in word:
            if self._peek("EOF while parsing a value") != byte:
                self._fail("expected ident", 1)
            self.at += 1
        return value

    def _number(self) -> "Json":
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            self.at += 1
            self._peek("EOF while parsing a value")
            self._fail("invalid number", 1)
        self.at = found.end()
        rest = self.text[self.at : self.at + 1]
        if found.group() in {b"0", b"-0"} and rest and rest in _DIGITS:
            self._fail("invalid number", 1)
        if (rest == b"." and not found.group(1)) or (
            rest in {b"e", b"E"} and not found.group(2) and rest
        ):
            self.at += 1
            if rest != b"." and self.text[self.at : self.at + 1] in {b"+", b"-"}:
                self.at += 1
            self._peek("EOF while parsing a value")
            self._fail("invalid number", 1)
        return self._number_of(found)

    def _number_of(self, found: "re.Match[bytes]") -> "Json":
        if not found.group(1) and not found.group(2):
            whole = int(found.group())
            if LOWEST_SIGNED <= whole <= HIGHEST_UNSIGNED and found.group() != b"-0":
                return whole
        number = float(found.group())
        if isinf(number):
            self._fail("number out of range")
        return number

    def _string(self) -> str:
        pieces: list[str] = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            assert plain is not None
            try:
                pieces.append(plain.group().decode())
            except UnicodeDecodeError:
                self._fail("invalid unicode code point", len(plain.group()))
            self.at = plain.end()
            byte = self._peek("EOF while parsing a string")
            self.at += 1
            if byte == 0x22:
                return "".join(pieces)
            if byte != 0x5C:
                self._fail("control character (\\u0000-\\u001F) found while parsing a string")
            pieces.append(self._escape())

    def _escape(self) -> str:
        byte = self._peek("EOF while parsing a string")
        self.at += 1
        if byte in _ESCAPES:
            return _ESCAPES[byte]
        if byte != 0x75:
            self._fail("invalid escape")
        unit = self._hexadecimal()
        if 0xDC00 <= unit <= 0xDFFF:
            self._fail("lone leading surrogate in hex escape")
        if not 0xD800 <= unit <= 0xDBFF:
            return chr(unit)
        for expected in b"\\u":
            if self._peek("EOF while parsing a string") != expected:
                self._fail("unexpected end of hex escape", 1)
            self.at += 1
        low = self._hexadecimal()
        if not 0xDC00 <= low <= 0xDFFF:
            self._fail("lone leading surrogate in hex escape")
        return chr(0x10000 + ((unit - 0xD800) << 10) + low - 0xDC00)

    def _hexadecimal(self) -> int:
        digits = self.text[self.at : self.at + 4]
        if len(digits) < 4:
            self.at = len(self.text)
            self._fail("EOF while parsing a string")
        self.at += 4
        try:
            return int(digits.decode(), 16)
        except ValueError:
            self._fail("invalid escape")

    def _array(self) -> "Json":
        items: list[Json] = []
        while True:
            self._skip()
            byte = self._peek("EOF while parsing a list")
            if byte == 0x5D:
                if items:
                    self._fail("trailing comma", 1)
                self.at += 1
                return items
            items.append(self.read())
            self._skip()
            byte = self._peek("EOF while parsing a list")
            if byte not in b",]":
                self._fail("expected `,` or `]`", 1)
            self.at += 1
            if byte == 0x5D:
                return items

    def _object(self) -> "Json":
        fields: dict[str, Json] = {}
        while True:
            self._skip()
            byte = self._peek("EOF while parsing an object")
            if byte == 0x7D and not fields:
                self.at += 1
                return fields
            if byte != 0x22:
                self._fail("trailing comma" if byte == 0x7D else "key must be a string", 1)
            self.at += 1
            name = self._string()
            self._skip()
            if self._peek("EOF while parsing an object") != 0x3A:
                self._fail("expected `:`", 1)
            self.at += 1
            fields[name] = self.read()
            self._skip()
            byte = self._peek("EOF while parsing an object")
            if byte not in b",}":
                self._fail("expected `,` or `}`", 1)
            self.at += 1
            if byte == 0x7D:
                return fields
