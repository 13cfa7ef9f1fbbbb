"""The parser `default` of full text search: a text cut into tokens of its kinds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ASCII_WORD, WORD, NUM_WORD, EMAIL, URL, HOST, SFLOAT, VERSION = range(1, 9)
(
    HWORD_NUM_PART,
    HWORD_PART,
    HWORD_ASCII_PART,
    BLANK,
    TAG,
    PROTOCOL,
    NUM_HWORD,
    ASCII_HWORD,
    HWORD,
) = range(9, 18)
URL_PATH, FILE, FLOAT, INT, UINT, ENTITY = range(18, 24)
TOKEN_TYPES = (
    (ASCII_WORD, "asciiword", "Word, all ASCII"), (WORD, "word", "Word, all letters"),
    (NUM_WORD, "numword", "Word, letters and digits"), (EMAIL, "email", "Email address"), (URL, "url", "URL"),
    (HOST, "host", "Host"), (SFLOAT, "sfloat", "Scientific notation"), (VERSION, "version", "Version number"),
    (HWORD_NUM_PART, "hword_numpart", "Hyphenated word part, letters and digits"),
    (HWORD_PART, "hword_part", "Hyphenated word part, all letters"),
    (HWORD_ASCII_PART, "hword_asciipart", "Hyphenated word part, all ASCII"), (BLANK, "blank", "Space symbols"),
    (TAG, "tag", "XML tag"), (PROTOCOL, "protocol", "Protocol head"),
    (NUM_HWORD, "numhword", "Hyphenated word, letters and digits"),
    (ASCII_HWORD, "asciihword", "Hyphenated word, all ASCII"), (HWORD, "hword", "Hyphenated word, all letters"),
    (URL_PATH, "url_path", "URL path"), (FILE, "file", "File or path name"), (FLOAT, "float", "Decimal notation"),
    (INT, "int", "Signed integer"), (UINT, "uint", "Unsigned integer"), (ENTITY, "entity", "XML entity"),
)  # fmt: skip
"""Number, name and description of each kind of token."""


_HYPHENATED_KINDS = frozenset({NUM_HWORD, ASCII_HWORD, HWORD})


class Token(NamedTuple):
    """A piece of a text and its kind."""

    kind: int
    text: str


_LETTER = r"[A-Za-z\x80-\U0010ffff]"
_ANY = r"[A-Za-z0-9\x80-\U0010ffff]"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)+[A-Za-z]{2}[A-Za-z0-9_-]*(?<![-_])(?:\.[A-Za-z0-9][A-Za-z0-9_-]*(?<![-_]))*"
_PATH = r"/[!#-;=?-\[\]_a-z~]+"
_TAG = re.compile(
    r"<(?:/?[A-Za-z_:][A-Za-z0-9_:.-]*(?:[/\s](?:[A-Za-z0-9=\-_#/:.&?%~\\\s]|\"[^\"]*\"|'[^']*')*)?|!--[\s\S]*?--|\?[xX][mM][lL][^>]*\?)>"
)
_ENTITY = re.compile(r"&(?:[A-Za-z_:][A-Za-z0-9_:.-]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")
_PROTOCOL = re.compile(r"[A-Za-z]+://")
_EMAIL = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?@{_HOST}")
_HOST_TOKEN = re.compile(rf"({_HOST})(:\d+)?({_PATH})?")
_FILE = re.compile(
    r"/[A-Za-z0-9_][A-Za-z0-9_.+/~-]*(?<![.+~/-])|[A-Za-z][A-Za-z0-9_]*(?:[./][A-Za-z0-9_~-]+)+(?<![~-])"
)
_SFLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d+)?)[eE][+-]?\d+")
_VERSION = re.compile(r"\d+(?:\.\d+){2,}")
_FLOAT = re.compile(r"[+-]?\d+\.\d+")
_INT = re.compile(r"[+-]\d+")
_UINT = re.compile(r"\d+")
_HYPHENATED = re.compile(
    rf"(?:{_LETTER}{_ANY}*|\d+{_LETTER}{_ANY}*)(?:-(?:{_LETTER}{_ANY}*|\d+{_LETTER}{_ANY}*))+"
)
_WORD = re.compile(rf"{_ANY}+")


def _word_kind(text: str, kinds: tuple[int, int, int]) -> int:
    if any(char in "0123456789" for char in text):
        return kinds[2]
    return kinds[0] if text.isascii() else kinds[1]


def _plain(text: str, at: int) -> tuple[list[Token], int] | None:
    """Return the longest token of a plain kind."""
    found: list[tuple[int, int]] = []
    for kind, pattern in (
        (EMAIL, _EMAIL), (VERSION, _VERSION), (SFLOAT, _SFLOAT), (FLOAT, _FLOAT), (INT, _INT), (UINT, _UINT),
        (FILE, _FILE),
    ):  # fmt: skip
        match = pattern.match(text, at)
        if match is not None:
            found.append((match.end(), kind))
    hyphenated, word = _HYPHENATED.match(text, at), _WORD.match(text, at)
    if hyphenated is not None:
        found.append((hyphenated.end(), HWORD))
    if word is not None and not word[0].isdecimal():
        found.append((word.end(), WORD))
    if not found:
        return None
    end = max(end for end, _ in found)
    kind = next(kind for at_end, kind in found if at_end == end)
    piece = text[at:end]
    if kind == HWORD:
        return _hyphenated(piece), end
    if kind == WORD:
        kind = _word_kind(piece, (ASCII_WORD, WORD, NUM_WORD))
    return [Token(kind, piece)], end


def _hyphenated(piece: str) -> list[Token]:
    tokens = [Token(_word_kind(piece, (ASCII_HWORD, HWORD, NUM_HWORD)), piece)]
    for number, part in enumerate(piece.split("-")):
        if number:
            tokens.append(Token(BLANK, "-"))
        tokens.append(Token(_word_kind(part, (HWORD_ASCII_PART, HWORD_PART, HWORD_NUM_PART)), part))
    return tokens


def _step(text: str, at: int) -> tuple[list[Token], int] | None:
    for kind, pattern in ((TAG, _TAG), (ENTITY, _ENTITY), (PROTOCOL, _PROTOCOL)):
        match = pattern.match(text, at)
        if match is not None:
            return [Token(kind, match[0])], match.end()
    host, plain = _HOST_TOKEN.match(text, at), _plain(text, at)
    if host is not None and (plain is None or host.end() >= plain[1]):
        name = host[1] + (host[2] or "")
        tokens = [Token(HOST, name)]
        if host[3]:
            tokens = [Token(URL, host[0]), *tokens, Token(URL_PATH, host[3])]
        return tokens, host.end()
    return plain


_BLANKS = re.compile(r"[-+]?[^-+]*")


def _blanks(text: str) -> Iterator[Token]:
    """Cut what is blank before each sign, which might have begun a number."""
    for piece in _BLANKS.findall(text):
        if piece:
            yield Token(BLANK, piece)


def tokens(text: str) -> Iterator[Token]:
    """Cut a text into tokens; what is no word of any kind is blank."""
    at, blank = 0, 0
    while at < len(text):
        found = _step(text, at)
        if found is None:
            at += 1
            continue
        if blank < at:
            yield from _blanks(text[blank:at])
        pieces, at = found
        blank = at
        yield from pieces
        if pieces[0].kind in _HYPHENATED_KINDS and text[at : at + 1] == "-":
            at += 1  # no sign of a number
    if blank < at:
        yield from _blanks(text[blank:at])
