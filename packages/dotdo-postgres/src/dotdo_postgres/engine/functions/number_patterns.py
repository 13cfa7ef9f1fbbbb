"""Number patterns of to_char and to_number (9.8): read once, checked as PostgreSQL does; what it refuses is refused alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from dotdo_postgres.errors import error

_WORDS = ("EEEE", "FM", "MI", "PL", "PR", "RN", "SG", "SP", "TH")
_SINGLE = ",.09BCDGLSV"
_LOWER = "bcdglsv"


@dataclass(slots=True)
class NumberPattern:
    """A pattern taken apart.

    Args:
        tokens: `("9", "")`, `("text", "abc")` ... in order.
        before: Digits before the point.
        after: Digits after it.
        shift: Digits after V.
        first_zero: Place of the first 0 before the point, from 1; 0 without.
        last_zero: Place of the last 0 among all digits.
        flags: Words and letters seen: `FM`, `PR`, `MI`, `PL`, `RN`, `V`, `EEEE`, `.`, `0`, `S`.
        sign_place: `before` or `after` the number, for S.
        digits_before_sign: Digits that stand before S.
    """

    tokens: list[tuple[str, str]] = field(default_factory=list)
    before: int = 0
    after: int = 0
    shift: int = 0
    first_zero: int = 0
    last_zero: int = 0
    flags: set[str] = field(default_factory=set)
    sign_place: str = ""
    digits_before_sign: int = 0


@lru_cache(maxsize=256)
def _read(pattern: str) -> NumberPattern:
    found = NumberPattern(tokens=list(_tokens(pattern)))
    for kind, _ in found.tokens:
        if kind != "text":
            _note(found, kind.upper() if kind not in {"rn", "th"} else kind)
    return found


def read_pattern(pattern: str) -> NumberPattern:
    """Read a pattern; the result may be changed.

    Raises:
        PostgresError: parts that do not go together (SQLSTATE 42601).
    """
    found = _read(pattern)
    return replace(found, flags=set(found.flags))


def _tokens(pattern: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(pattern):
        word = next((w for w in _WORDS if pattern[at : at + len(w)] in {w, w.lower()}), None)
        if word is not None:
            found.append((pattern[at : at + len(word)], ""))
            at += len(word)
        elif pattern[at] in _SINGLE + _LOWER:
            found.append((pattern[at], ""))
            at += 1
        else:
            text, at = literal(pattern, at)
            found += [("text", char) for char in text]
    return found


def literal(pattern: str, at: int) -> tuple[str, int]:
    """Return what is meant literally at a place of a pattern, and where it ends."""
    if pattern[at] == '"':
        match = re.compile(r'"((?:[^"\\]|\\.)*)\\?("|$)', re.DOTALL).match(pattern, at)
        assert match is not None  # whatever follows a quote matches
        return re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL), match.end()
    if pattern[at] == "\\" and pattern[at + 1 : at + 2] == '"':
        return '"', at + 2
    return pattern[at], at + 1


def _fail(message: str, detail: str | None = None) -> Exception:
    return error("42601", message, detail=detail)


def _note(found: NumberPattern, kind: str) -> None:
    if "EEEE" in found.flags and kind != "EEEE":
        raise _fail('"EEEE" must be the last pattern used')
    if kind in {"9", "0"}:
        _note_digit(found, kind)
    elif kind in {"D", ".", "V"}:
        _note_point(found, "V" if kind == "V" else ".")
    elif kind == "EEEE":
        _note_exponent(found)
    elif kind in {"S", "MI", "PL", "SG", "PR"}:
        _note_sign(found, kind)
    elif kind in {"FM", "RN", "rn"}:
        found.flags.add(kind.upper())
    elif kind == "B" and not (found.before or found.after or "0" in found.flags):
        found.flags.add("B")


def _note_point(found: NumberPattern, kind: str) -> None:
    if kind == "." and "." in found.flags:
        raise _fail("multiple decimal points")
    if found.flags & {".", "V"} - {kind}:
        raise _fail('cannot use "V" and decimal point together')
    found.flags.add(kind)


def _note_digit(found: NumberPattern, kind: str) -> None:
    if "PR" in found.flags:
        raise _fail(f'"{kind}" must be ahead of "PR"')
    if kind == "9" and "V" in found.flags:
        found.shift += 1
        return
    is_after = "." in found.flags
    if kind == "0" and "0" not in found.flags and not is_after:
        found.flags.add("0")
        found.first_zero = found.before + 1
    if is_after:
        found.after += 1
    else:
        found.before += 1
    if kind == "0":
        found.last_zero = found.before + found.after


def _note_exponent(found: NumberPattern) -> None:
    if "EEEE" in found.flags:
        raise _fail('cannot use "EEEE" twice')
    if found.flags & {"B", "FM", "S", "PR", "MI", "PL", "RN", "V"}:
        detail = '"EEEE" may only be used together with digit and decimal point patterns.'
        raise _fail('"EEEE" is incompatible with other formats', detail)
    found.flags.add("EEEE")


def _note_sign(found: NumberPattern, kind: str) -> None:
    if kind == "S":
        if "S" in found.flags:
            raise _fail('cannot use "S" twice')
        if found.flags & {"PL", "MI", "PR"}:
            raise _fail('cannot use "S" and "PL"/"MI"/"SG"/"PR" together')
        found.flags.add("S")
        found.sign_place = "after" if "." in found.flags else "before"
        found.digits_before_sign = found.before
    elif kind == "PR":
        if found.flags & {"S", "PL", "MI"}:
            raise _fail('cannot use "PR" and "S"/"PL"/"MI"/"SG" together')
        found.flags.add("PR")
    else:
        if "S" in found.flags:
            raise _fail(f'cannot use "S" and "{kind}" together')
        found.flags |= {"MI", "PL"} if kind == "SG" else {kind}
