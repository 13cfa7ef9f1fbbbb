"""tsvector: lexemes with positions and weights, kept as PostgreSQL's text of them; what is no such text is refused."""

import re
import struct
from functools import lru_cache

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping.forms import Codec

MAX_POSITION, MAX_POSITIONS, _MAX_WORD = 16383, 255, 2046
WEIGHTS = {"": 0, "D": 0, "C": 1, "B": 2, "A": 3, "*": 3}
_LETTERS = ("", "C", "B", "A")

Position = tuple[int, int]
Lexemes = dict[str, list[Position]]
"""Lexeme -> its positions, each with its weight from 0 (D) to 3 (A); in order."""


def _malformed(text: str, kind: str) -> PostgresError:
    return error("42601", f'syntax error in {kind}: "{text}"')


def read_word(text: str, at: int, whole: str, *, is_query: bool) -> tuple[str, int]:
    """Read a lexeme, quoted or bare, from a place on.

    Args:
        text: All of the text.
        at: Where the lexeme begins.
        whole: The text that messages show.
        is_query: Operators end a bare lexeme.

    Returns:
        The lexeme, and the place after it.
    """
    kind = "tsquery" if is_query else "tsvector"
    if text[at] == "'":
        return _quoted(text, at + 1, whole, kind)
    out: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "\\":
            if at + 1 >= len(text):
                raise error("42601", f'there is no escaped character: "{whole}"')
            out.append(text[at + 1])
            at += 2
            continue
        if (
            char.isspace()
            or char == ":"
            or (is_query and char in "!&|()")
            or (is_query and char == "<")
        ):
            break
        out.append(char)
        at += 1
    if not out:
        raise _malformed(whole, kind)
    return "".join(out), at


def _quoted(text: str, at: int, whole: str, kind: str) -> tuple[str, int]:
    out: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "\\":
            if at + 1 >= len(text):
                raise error("42601", f'there is no escaped character: "{whole}"')
            out.append(text[at + 1])
            at += 2
        elif char != "'":
            out.append(char)
            at += 1
        elif text[at + 1 : at + 2] == "'":
            out.append("'")
            at += 2
        else:
            if not out:
                raise _malformed(whole, kind)
            return "".join(out), at + 1
    raise _malformed(whole, kind)


_POSITION = re.compile(r"(\d+)[Dd]*([A-Ca-c*]?)")


def _positions(text: str, at: int) -> tuple[list[Position], int]:
    found: list[Position] = []
    while True:
        match = _POSITION.match(text, at)
        if match is None:
            raise _malformed(text, "tsvector")
        number = min(int(match[1]), MAX_POSITION)
        if number == 0:
            raise error("42601", f'wrong position info in tsvector: "{text}"')
        found.append((number, WEIGHTS[match[2].upper()]))
        at = match.end()
        if text[at : at + 1] == ",":
            at += 1
            continue
        if at < len(text) and not text[at].isspace():
            raise _malformed(text, "tsvector")
        return found, at


def from_text(text: str) -> str:
    """Read a tsvector into its canonical text.

    Raises:
        PostgresError: malformed (42601), a lexeme is too long (54000).
    """
    lexemes: Lexemes = {}
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word, at = read_word(text, at, text, is_query=False)
        require_length(word)
        found = lexemes.setdefault(word, [])
        if text[at : at + 1] == ":":
            listed, at = _positions(text, at + 1)
            found += listed
    return to_text(lexemes)


def require_length(word: str) -> None:
    """Refuse a lexeme of more bytes than fit (54000)."""
    size = len(word.encode())
    if size > _MAX_WORD:
        raise error("54000", f"word is too long ({size} bytes, max {_MAX_WORD} bytes)")


def merged(positions: list[Position]) -> list[Position]:
    """Return positions in order, each once with its greatest weight."""
    best: dict[int, int] = {}
    for number, weight in positions:
        best[number] = max(best.get(number, 0), weight)
    return sorted(best.items())[:MAX_POSITIONS]


def quoted(word: str) -> str:
    """Write a lexeme between quotes."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def to_text(lexemes: Lexemes) -> str:
    """Write lexemes in their order, with their positions."""
    parts = []
    for word in sorted(lexemes):
        listed = ",".join(f"{number}{_LETTERS[weight]}" for number, weight in merged(lexemes[word]))
        parts.append(f"{quoted(word)}:{listed}" if listed else quoted(word))
    return " ".join(parts)


_LEXEME = re.compile(r"'((?:[^'\\]|''|\\\\)*)'(?::([0-9A-C,]+))?")


@lru_cache(maxsize=256)
def decode(stored: str) -> Lexemes:
    """Return the lexemes of a stored tsvector; they are shared, not to be changed."""
    found: Lexemes = {}
    for word, listed in _LEXEME.findall(stored):
        plain = (
            word.replace("''", "'").replace("\\\\", "\\") if "'" in word or "\\" in word else word
        )
        found[plain] = [_position(part) for part in listed.split(",")] if listed else []
    return found


def _position(part: str) -> Position:
    return (int(part), 0) if part[-1].isdigit() else (int(part[:-1]), WEIGHTS[part[-1]])


def sort_key(stored: str) -> bytes:
    """Return bytes that order as PostgreSQL orders tsvectors: by size first."""
    lexemes = decode(stored)
    size = 0
    for word, positions in lexemes.items():
        size += len(word.encode())
        if positions:
            size += size % 2 + 2 + 2 * len(positions)
    parts = [struct.pack(">II", 8 + 4 * len(lexemes) + size, len(lexemes))]
    for word, positions in lexemes.items():
        parts += [b"\0" if positions else b"\1", word.encode().replace(b"\0", b"\0\xff") + b"\0\0"]
        if positions:
            parts.append(struct.pack(">H", 0xFFFF - len(positions)))
            parts += [
                struct.pack(">HB", 0xFFFF - number, 3 - weight) for number, weight in positions
            ]
    return b"".join(parts)


def _to_binary(stored: str) -> bytes:
    lexemes = decode(stored)
    parts = [struct.pack(">i", len(lexemes))]
    for word, positions in lexemes.items():
        parts += [word.encode(), b"\0", struct.pack(">H", len(positions))]
        parts += [struct.pack(">H", weight << 14 | number) for number, weight in positions]
    return b"".join(parts)


def _from_binary(data: bytes) -> str:
    (count,) = struct.unpack_from(">i", data)
    at, lexemes = 4, Lexemes()
    for _ in range(count):
        end = data.index(b"\0", at)
        word = data[at:end].decode()
        (size,) = struct.unpack_from(">H", data, end + 1)
        listed = struct.unpack_from(f">{size}H", data, end + 3)
        lexemes[word] = [(packed & MAX_POSITION, packed >> 14) for packed in listed]
        at = end + 3 + 2 * size
    return to_text(lexemes)


CODEC = Codec(from_text, str, _from_binary, _to_binary)
