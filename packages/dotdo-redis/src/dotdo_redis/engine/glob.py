"""Redis' glob patterns, matched without backtracking over more than the last star; it refuses regular expressions."""

from functools import lru_cache

_ANY = 256
"""Token of `?`; below it a literal byte."""


class _Class:
    """A bracket expression: which bytes it takes."""

    __slots__ = ("members",)

    def __init__(self, members: frozenset[int]) -> None:
        self.members = members


Token = int | _Class


def matches(pattern: bytes, text: bytes) -> bool:
    """Whether the whole of `text` follows `pattern` (`*`, `?`, `[a-c]`, `[^x]`, backslash)."""
    if pattern == b"*":
        return True
    return _run(_compile(pattern), text)


def matches_nocase(pattern: bytes, text: bytes) -> bool:
    """The same for ASCII without regard to case."""
    return _run(_compile(pattern.lower()), text.lower())


def is_literal(pattern: bytes) -> bool:
    """Whether the pattern has no special characters, so that it names one text."""
    return not any(special in pattern for special in b"*?[\\")


@lru_cache(1024)
def _compile(pattern: bytes) -> tuple[tuple[Token, ...], ...]:
    """Split at stars: what has to follow each other, the first at the start and the last at the end."""
    segments: list[tuple[Token, ...]] = []
    tokens: list[Token] = []
    at = 0
    while at < len(pattern):
        byte = pattern[at]
        if byte == 0x2A:  # *
            segments.append(tuple(tokens))
            tokens = []
        elif byte == 0x3F:  # ?
            tokens.append(_ANY)
        elif byte == 0x5B:  # [
            members, at = _bracket(pattern, at + 1)
            tokens.append(members)
        elif byte == 0x5C and at + 1 < len(pattern):  # backslash
            at += 1
            tokens.append(pattern[at])
        else:
            tokens.append(byte)
        at += 1
    return (*segments, tuple(tokens))


def _bracket(pattern: bytes, at: int) -> tuple[_Class, int]:
    """Read a bracket expression from behind its `[`; one that is not closed ends with the pattern."""
    members: set[int] = set()
    end = len(pattern)
    negated = at < end and pattern[at] == 0x5E
    at += negated
    while at < end and pattern[at] != 0x5D:
        if pattern[at] == 0x5C and at + 1 < end:
            at += 1
            members.add(pattern[at])
        elif at + 2 < end and pattern[at + 1] == 0x2D:
            low, high = sorted((pattern[at], pattern[at + 2]))
            members.update(range(low, high + 1))
            at += 2
        else:
            members.add(pattern[at])
        at += 1
    at = min(at, end - 1)
    return _Class(frozenset(range(256)) - members if negated else frozenset(members)), at


def _at(tokens: tuple[Token, ...], text: bytes, start: int) -> bool:
    """Whether the tokens match the text from `start` on."""
    for offset, token in enumerate(tokens):
        byte = text[start + offset]
        if token.__class__ is int:
            if token not in {_ANY, byte}:
                return False
        elif byte not in token.members:  # type: ignore[union-attr]  # the class was looked at above
            return False
    return True


def _run(segments: tuple[tuple[Token, ...], ...], text: bytes) -> bool:
    first, last = segments[0], segments[-1]
    if len(segments) == 1:
        return len(first) == len(text) and _at(first, text, 0)
    start, end = len(first), len(text) - len(last)
    if end < start or not _at(first, text, 0) or not _at(last, text, end):
        return False
    for segment in segments[1:-1]:
        stop = end - len(segment)
        while start <= stop and not _at(segment, text, start):
            start += 1
        if start > stop:
            return False
        start += len(segment)
    return True
