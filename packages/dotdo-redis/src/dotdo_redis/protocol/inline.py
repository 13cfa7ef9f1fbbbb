"""Inline commands: a line of words, quoted or not; it refuses quotes that are not closed."""

_ESCAPES = {0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09, 0x62: 0x08, 0x61: 0x07}
_SPACES = frozenset(b" \t\r\n\v\f\0")
_QUOTE, _APOSTROPHE, _BACKSLASH = 0x22, 0x27, 0x5C


class UnbalancedQuotes(ValueError):
    """A quote that is not closed, or one that is followed by something."""


def split_words(line: bytes) -> list[bytes]:
    r"""Split a line: `"..."` knows \n, \r, \t, \b, \a, \xHH and escaped characters, `'...'` only \'.

    Raises:
        UnbalancedQuotes: a quote is not closed, or touches what follows it.
    """
    if b'"' not in line and b"'" not in line:
        return line.split()
    words: list[bytes] = []
    at = 0
    while at < len(line):
        if line[at] in _SPACES:
            at += 1
            continue
        word, at = _word(line, at)
        words.append(word)
    return words


def _word(line: bytes, at: int) -> tuple[bytes, int]:
    word = bytearray()
    while at < len(line) and line[at] not in _SPACES:
        if line[at] in {_QUOTE, _APOSTROPHE}:
            at = _quoted(line, at, word)
            if at < len(line) and line[at] not in _SPACES:
                raise UnbalancedQuotes
            return bytes(word), at
        word.append(line[at])
        at += 1
    return bytes(word), at


def _quoted(line: bytes, at: int, word: bytearray) -> int:
    """Add a quoted stretch to `word`; return where it ends."""
    quote = line[at]
    at += 1
    while at < len(line) and line[at] != quote:
        if line[at] == _BACKSLASH and at + 1 < len(line):
            at = _escaped(line, at, word, quote)
        else:
            word.append(line[at])
            at += 1
    if at >= len(line):
        raise UnbalancedQuotes
    return at + 1


def _escaped(line: bytes, at: int, word: bytearray, quote: int) -> int:
    following = line[at + 1]
    if quote == _APOSTROPHE:
        if following != _APOSTROPHE:
            word.append(_BACKSLASH)
            return at + 1
        word.append(following)
        return at + 2
    if following == 0x78 and at + 3 < len(line):
        try:
            word += bytes.fromhex(line[at + 2 : at + 4].decode("ascii"))
        except ValueError:
            pass
        else:
            return at + 4
    word.append(_ESCAPES.get(following, following))
    return at + 2
