"""String functions and operators (9.4, 9.5)."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from pglast.keywords import COL_NAME_KEYWORDS, RESERVED_KEYWORDS, TYPE_FUNC_NAME_KEYWORDS

from dotdo.storage.collations import lowered
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping.scalar_codecs import bytea_from_text

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

_QUOTED_KEYWORDS = RESERVED_KEYWORDS | COL_NAME_KEYWORDS | TYPE_FUNC_NAME_KEYWORDS
FAMILY = Family("9.4")
_MAX_BYTES = 1 << 30


@FAMILY.native_operator("text || text", "bytea || bytea", returns="text")
def concatenate(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Join two strings."""
    left, right = args[0].node, args[1].node
    joined = n.binary("||", left, right)
    return Sql(n.cast(joined, "blob") if expr.type == 17 else joined)


@FAMILY.operator("text || anynonarray", "anynonarray || text", returns="text", is_text_form=True)
def concatenate_any(left: str, right: str) -> str:
    """Join a string and anything else's text."""
    return left + right


@FAMILY.native("length(text)", "char_length(text)", "character_length(text)", returns="integer")
def length(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Count characters."""
    return Sql(n.call("length", args[0].node))


@FAMILY.native(
    "length(bpchar)", "char_length(bpchar)", "character_length(bpchar)", returns="integer"
)
def length_padded(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Count characters before the padding."""
    return Sql(n.call("length", n.call("rtrim", args[0].node, n.string(" "))))


@FAMILY.native(
    "octet_length(text)",
    "octet_length(bpchar)",
    "octet_length(bytea)",
    "length(bytea)",
    returns="integer",
)
def octet_length(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Count bytes."""
    return Sql(n.call("octet_length", args[0].node))


@FAMILY.native("bit_length(text)", "bit_length(bytea)", returns="integer")
def bit_length(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Count bits."""
    return Sql(n.binary("*", n.call("octet_length", args[0].node), n.integer(8)))


def _one_to_one(char: str, mapped: str) -> str:
    return mapped if len(mapped) == 1 else char


def lower_text(text: str) -> str:
    """Change to lower case, one character for one."""
    return lowered(text)


def upper_text(text: str) -> str:
    """Change to upper case, one character for one."""
    return (
        text.upper()
        if text.isascii()
        else "".join([_one_to_one(char, char.upper()) for char in text])
    )


FAMILY.function("lower(text)", returns="text")(lower_text)
FAMILY.function("upper(text)", returns="text")(upper_text)


@FAMILY.function("initcap(text)", returns="text")
def initcap(text: str) -> str:
    """Capitalise each word."""
    out, in_word = [], False
    for char in text:
        out.append(lower_text(char) if in_word else upper_text(char))
        in_word = char.isalnum()
    return "".join(out)


def _slice(text: str, start: int, count: int) -> str:
    if count < 0:
        raise error("22011", "negative substring length not allowed")
    end = start + count
    return text[max(start - 1, 0) : max(end - 1, 0)]


@FAMILY.function(
    "substr(text, integer, integer)", "substring(text, integer, integer)", returns="text"
)
def substring(text: str, start: int, count: int) -> str:
    """Return characters from a position on, counted from 1.

    Raises:
        PostgresError: negative length (22011).
    """
    return _slice(text, start, count)


@FAMILY.function("substr(text, integer)", "substring(text, integer)", returns="text")
def substring_from(text: str, start: int) -> str:
    """Return characters from a position to the end."""
    return text[max(start - 1, 0) :]


@FAMILY.function(
    "substr(bytea, integer, integer)", "substring(bytea, integer, integer)", returns="bytea"
)
def substring_bytes(data: bytes, start: int, count: int) -> bytes:
    """Return bytes from a position on."""
    if count < 0:
        raise error("22011", "negative substring length not allowed")
    return data[max(start - 1, 0) : max(start + count - 1, 0)]


@FAMILY.function("left(text, integer)", returns="text")
def left(text: str, count: int) -> str:
    """Return the first characters, or all but the last -count."""
    return text[:count]


@FAMILY.function("right(text, integer)", returns="text")
def right(text: str, count: int) -> str:
    """Return the last characters, or all but the first -count."""
    if count == 0:
        return ""
    return text[-count:]


@FAMILY.native("strpos(text, text)", "position(text, text)", returns="integer")
def position(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return where a string begins in another, 0 when it does not."""
    return Sql(n.call("instr", args[0].node, args[1].node))


@FAMILY.function("replace(text, text, text)", returns="text")
def replace(text: str, old: str, new: str) -> str:
    """Replace every occurrence."""
    return text.replace(old, new) if old else text


def _trim(name: str, sqlite: str) -> None:
    @FAMILY.native(f"{name}(text, text)", returns="text")
    def trim_characters(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        return Sql(n.call(sqlite, args[0].node, args[1].node))

    @FAMILY.native(f"{name}(text)", returns="text")
    def trim_spaces(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        return Sql(n.call(sqlite, args[0].node, n.string(" ")))


for _name, _sqlite in (("btrim", "trim"), ("ltrim", "ltrim"), ("rtrim", "rtrim")):
    _trim(_name, _sqlite)


def _padding(text: str, length: int, fill: str) -> str:
    missing = max(length - len(text), 0)
    if missing > _MAX_BYTES:
        raise error("54000", "requested length too large")
    return (fill * (missing // len(fill) + 1))[:missing] if fill else ""


@FAMILY.function("lpad(text, integer, text)", returns="text")
def lpad(text: str, length: int, fill: str) -> str:
    """Fill up on the left, or cut."""
    return (
        (_padding(text, length, fill) + text)[: max(length, 0)]
        if len(text) < length
        else text[: max(length, 0)]
    )


@FAMILY.function("lpad(text, integer)", returns="text")
def lpad_spaces(text: str, length: int) -> str:
    """Fill up on the left with spaces, or cut."""
    return lpad(text, length, " ")


@FAMILY.function("rpad(text, integer, text)", returns="text")
def rpad(text: str, length: int, fill: str) -> str:
    """Fill up on the right, or cut."""
    return (text + _padding(text, length, fill))[: max(length, 0)]


@FAMILY.function("rpad(text, integer)", returns="text")
def rpad_spaces(text: str, length: int) -> str:
    """Fill up on the right with spaces, or cut."""
    return rpad(text, length, " ")


@FAMILY.function("split_part(text, text, integer)", returns="text")
def split_part(string: str, delimiter: str, n: int) -> str:
    """Return the n-th field of `string`, counting from 1, from the end when negative.

    A field out of range is the empty string.

    Raises:
        PostgresError: n is 0 (SQLSTATE 22023).
    """
    if n == 0:
        raise error("22023", "field position must not be zero")
    fields = string.split(delimiter) if delimiter else [string]
    index = n - 1 if n > 0 else n
    return fields[index] if -len(fields) <= index < len(fields) else ""


@FAMILY.function("reverse(text)", returns="text")
def reverse(text: str) -> str:
    """Reverse the characters."""
    return text[::-1]


@FAMILY.function("repeat(text, integer)", returns="text")
def repeat(text: str, count: int) -> str:
    """Repeat a string.

    Raises:
        PostgresError: the result is too large (54000).
    """
    if count > 0 and len(text) * count > _MAX_BYTES:
        raise error("54000", "requested length too large")
    return text * count


@FAMILY.function("concat(variadic any)", returns="text", is_strict=False, is_text_form=True)
def concat(*parts: str | None) -> str:
    """Join everything that is not NULL."""
    return "".join([part for part in parts if part is not None])


@FAMILY.function(
    "concat_ws(text, variadic any)", returns="text", is_strict=False, is_text_form=True
)
def concat_with_separator(separator: str | None, *parts: str | None) -> str | None:
    """Join everything that is not NULL by a separator."""
    return (
        None if separator is None else separator.join([part for part in parts if part is not None])
    )


_FORMAT = re.compile(r"%(?:(\d+)\$)?(-)?(\d+|\*)?([sIL%])|%")


@FAMILY.function(
    "format(text, variadic any)", "format(text)", returns="text", is_strict=False, is_text_form=True
)
def format_text(template: str | None, *args: str | None) -> str | None:
    """Fill %s, %I and %L.

    Raises:
        PostgresError: too few arguments (22023), unknown conversion (22023).
    """
    if template is None:
        return None
    used = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal used
        kind = match[4]
        if kind is None:
            raise error(
                "22023", "unrecognized format() type specifier", hint='For a single "%" use "%%".'
            )
        if kind == "%":
            return "%"
        width = int(match[3]) if match[3] and match[3] != "*" else 0
        if match[3] == "*":
            width, used = int(_argument(args, used) or 0), used + 1
        if match[1]:
            used = int(match[1]) - 1
        value, used = _argument(args, used), used + 1
        text = _converted(kind, value)
        return text.ljust(width) if match[2] or width < 0 else text.rjust(width)

    return _FORMAT.sub(fill, template)


def _argument(args: tuple[str | None, ...], at: int) -> str | None:
    if at >= len(args):
        raise error("22023", "too few arguments for format()")
    return args[at]


def _converted(kind: str, value: str | None) -> str:
    if kind == "s":
        return value or ""
    if kind == "L":
        return "NULL" if value is None else quote_literal(value)
    if value is None:
        raise error("22004", "null values cannot be formatted as an SQL identifier")
    return quote_identifier(value)


@FAMILY.function("quote_literal(text)", returns="text")
def quote_literal(value: str) -> str:
    """Write a string literal."""
    quoted = value.replace("'", "''")
    return "E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in value else f"'{quoted}'"


@FAMILY.function("quote_nullable(text)", returns="text", is_strict=False)
def quote_nullable(value: str | None) -> str:
    """Write a string literal or NULL."""
    return "NULL" if value is None else quote_literal(value)


@FAMILY.function("quote_ident(text)", returns="text")
def quote_identifier(value: str) -> str:
    """Quote an identifier where it needs it."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", value) and value not in _QUOTED_KEYWORDS:
        return value
    return '"' + value.replace('"', '""') + '"'


@FAMILY.function("ascii(text)", returns="integer")
def ascii_code(text: str) -> int:
    """Return the code point of the first character."""
    return ord(text[0]) if text else 0


@FAMILY.function("chr(integer)", returns="text")
def character(code: int) -> str:
    """Return the character of a code point.

    Raises:
        PostgresError: none or out of range (54000), negative (22023).
    """
    if code == 0:
        raise error("54000", "null character not permitted")
    if code < 0:
        raise error("22023", "character number must be positive")
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise error("54000", f"requested character too large for encoding: {code}")
    return chr(code)


@FAMILY.function("md5(text)", returns="text")
def md5_text(text: str) -> str:
    """Return the MD5 in hexadecimal."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@FAMILY.function("md5(bytea)", returns="text")
def md5_bytes(data: bytes) -> str:
    """Return the MD5 in hexadecimal."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


for _name in ("sha224", "sha256", "sha384", "sha512"):

    def _digest(data: bytes, algorithm: str = _name) -> bytes:
        return hashlib.new(algorithm, data).digest()

    FAMILY.function(f"{_name}(bytea)", returns="bytea")(_digest)


@FAMILY.function("translate(text, text, text)", returns="text")
def translate(text: str, characters: str, replacements: str) -> str:
    """Replace characters one by one; those without a partner go."""
    table: dict[int, str | None] = {}
    for at, char in enumerate(characters):
        table.setdefault(ord(char), replacements[at] if at < len(replacements) else None)
    return text.translate(table)


@FAMILY.function("starts_with(text, text)", returns="boolean")
@FAMILY.operator("text ^@ text", returns="boolean")
def starts_with(text: str, prefix: str) -> int:
    """Return whether a string begins with another."""
    return int(text.startswith(prefix))


@FAMILY.function("overlay(text, text, integer, integer)", returns="text")
def overlay(text: str, new: str, start: int, count: int) -> str:
    """Replace characters from a position on."""
    if start <= 0:
        raise error("22011", "negative substring length not allowed")
    return text[: start - 1] + new + text[max(start - 1 + count, 0) :]


@FAMILY.function("overlay(text, text, integer)", returns="text")
def overlay_same_length(text: str, new: str, start: int) -> str:
    """Replace as many characters as the new text has."""
    return overlay(text, new, start, len(new))


@FAMILY.function("to_hex(integer)", returns="text")
def to_hex(value: int) -> str:
    """Write in hexadecimal, two's complement."""
    return f"{value & 0xFFFFFFFF:x}"


@FAMILY.function("to_hex(bigint)", returns="text")
def to_hex_long(value: int) -> str:
    """Write in hexadecimal, two's complement."""
    return f"{value & 0xFFFFFFFFFFFFFFFF:x}"


@FAMILY.function("encode(bytea, text)", returns="text")
def encode(data: bytes, form: str) -> str:
    """Write bytes as hex, base64 or escape.

    Raises:
        PostgresError: unknown form (22023).
    """
    if form == "hex":
        return data.hex()
    if form == "base64":
        text = b64encode(data).decode()
        return "\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    if form == "escape":
        return "".join(
            "\\\\" if byte == 0x5C else f"\\{byte:03o}" if byte == 0 or byte > 127 else chr(byte)
            for byte in data
        )
    raise error("22023", f'unrecognized encoding: "{form}"')


@FAMILY.function("decode(text, text)", returns="bytea")
def decode(text: str, form: str) -> bytes:
    """Read bytes from hex, base64 or escape.

    Raises:
        PostgresError: unknown form or bad input (22023).
    """
    if form == "hex":
        return bytea_from_text("\\x" + text)
    if form == "base64":
        try:
            return b64decode(text, validate=False)
        except ValueError:
            raise error("22023", "invalid base64 end sequence") from None
    if form == "escape":
        return bytea_from_text(text)
    raise error("22023", f'unrecognized encoding: "{form}"')
