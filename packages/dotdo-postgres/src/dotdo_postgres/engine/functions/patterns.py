"""Pattern matching (9.7): LIKE and ILIKE by GLOB or Python, POSIX regular expressions by Python's where they mean the same."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.functions.strings import lower_text
from dotdo_postgres.engine.routines.declare import Family, Routine
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("9.7")


def _tokens(pattern: str, escape: str = "\\") -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if char == escape and escape:
            at += 1
            if at >= len(pattern):
                raise error("22025", "LIKE pattern must not end with escape character")
            found.append(("char", pattern[at]))
        else:
            found.append(("any" if char == "%" else "one" if char == "_" else "char", char))
        at += 1
    return found


def glob_of(pattern: str) -> str | None:
    """Return the GLOB pattern that means the same as a LIKE pattern, None when LIKE fails on it."""
    try:
        tokens = _tokens(pattern)
    except PostgresError:  # the error belongs to the moment of matching
        return None
    parts = {"any": "*", "one": "?"}
    return "".join(
        [parts.get(kind) or (f"[{char}]" if char in "*?[" else char) for kind, char in tokens]
    )


@lru_cache(maxsize=512)
def _like_matcher(pattern: str, is_folded: bool) -> re.Pattern[str]:
    parts = {"any": ".*", "one": "."}
    text = "".join(
        [
            parts.get(kind) or re.escape(lower_text(char) if is_folded else char)
            for kind, char in _tokens(pattern)
        ]
    )
    return re.compile(text, re.DOTALL)


def _like(text: str, pattern: str) -> int:
    if _ends_escaping(pattern):
        return _like_unfinished(text, pattern)
    return int(_like_matcher(pattern, False).fullmatch(text) is not None)


def ilike(text: str, pattern: str) -> int:
    """Tell whether a text is like a pattern, whatever the case."""
    if _ends_escaping(pattern):
        return _like_unfinished(lower_text(text), lower_text(pattern))
    return int(_like_matcher(pattern, True).fullmatch(lower_text(text)) is not None)


def _ends_escaping(pattern: str) -> bool:
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1


def _like_unfinished(text: str, pattern: str) -> int:
    """Match a pattern that ends in an escape: an error only when the text reaches that place.

    Raises:
        PostgresError: there is text left where the pattern ends (SQLSTATE 22025).
    """
    if not text:
        return 0
    begun = _like_matcher(pattern[:-1], False).pattern
    if re.match(begun + ("" if pattern[:-1].endswith("%") else "."), text, re.DOTALL):
        raise error("22025", "LIKE pattern must not end with escape character")
    return 0


_LIKE = Routine("operator", "~~", (t.TEXT, t.TEXT), t.BOOL, body=_like, sql_name="pg__like")


def _declare_like(op: str, negated: bool) -> None:
    @FAMILY.native_operator(
        f"text {op} text", f"bpchar {op} text", f"name {op} text", returns="boolean"
    )
    def like(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        text, pattern = args
        glob = glob_of(pattern.value) if isinstance(pattern.value, str) else None
        if glob is not None:
            found = n.binary("glob", text.node, n.string(glob))
        else:
            found = compiler.python(_LIKE, args, [t.TEXT, t.TEXT])
        return Sql(n.negate(found) if negated else found)

    body = (lambda text, pattern: 1 - ilike(text, pattern)) if negated else ilike
    FAMILY.operator(
        f"text {op}* text", f"bpchar {op}* text", f"name {op}* text", returns="boolean"
    )(body)


_declare_like("~~", negated=False)
_declare_like("!~~", negated=True)


@FAMILY.function("like_escape(text, text)", returns="text")
def like_escape(pattern: str, escape: str) -> str:
    """Rewrite a pattern so that backslash is its escape character."""
    if len(escape) > 1:
        raise error(
            "22025", "invalid escape string", hint="Escape string must be empty or one character."
        )
    if escape in {"", "\\"}:
        return pattern if escape else pattern.replace("\\", "\\\\")
    out, is_escaped = [], False
    for char in pattern:
        if char == escape and not is_escaped:
            out.append("\\")
            is_escaped = True
            continue
        out.append("\\\\" if char == "\\" and not is_escaped else char)
        is_escaped = False
    return "".join(out)


# --- regular expressions -------------------------------------------------------------------

_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r" \t\n\r\f\v",
    "punct": r"!-/:-@\[-`{-~", "blank": r" \t", "xdigit": "0-9A-Fa-f", "cntrl": r"\x00-\x1f\x7f", "print": " -~", "graph": "!-~",
}  # fmt: skip


@lru_cache(maxsize=512)
def compile_regex(pattern: str, flags: str = "") -> re.Pattern[str]:
    """Translate a PostgreSQL regular expression.

    Raises:
        PostgresError: invalid (2201B), or what Python reads differently (0A000).
    """
    if re.match(r"\*\*\*[:=]", pattern):
        return compile_regex(pattern[4:], flags + ("q" if pattern[3] == "=" else ""))
    if re.match(r"\(\?[a-z]+\)", pattern):
        letters, _, rest = pattern[2:].partition(")")
        return compile_regex(rest, flags + letters)
    options, is_literal = _options(flags)
    if re.search(r"[*+?}][+*]", re.sub(r"\\.|\[\^?\]?[^]]*\]", "", pattern)) and not is_literal:
        raise error("2201B", "invalid regular expression: quantifier operand invalid")
    text = re.escape(pattern) if is_literal else _translated(pattern, bool(options & re.MULTILINE))
    try:
        return re.compile(text, options)
    except (re.error, OverflowError):
        raise error("2201B", f"invalid regular expression: {_regex_fault(pattern)}") from None


def _options(flags: str) -> tuple[int, bool]:
    """Return Python's options, and whether the pattern is plain text.

    Raises:
        PostgresError: no such option (22023), basic regular expressions (0A000).
    """
    options, has_lines, is_literal = re.DOTALL, False, False
    for flag in flags:
        if flag in {"i", "c"}:
            options = options | re.IGNORECASE if flag == "i" else options & ~re.IGNORECASE
        elif flag in {"n", "m", "s", "p", "w"}:
            has_lines = flag in {"n", "m", "w"}
            options = options & ~re.DOTALL if flag in {"n", "m", "p"} else options | re.DOTALL
        elif flag in {"x", "t"}:
            options = options | re.VERBOSE if flag == "x" else options & ~re.VERBOSE
        elif flag == "q":
            is_literal = True
        elif flag == "b":
            raise not_supported("a basic regular expression")
        elif flag not in {"g", "e"}:
            raise error("22023", f'invalid regular expression option: "{flag}"')
    return options | (re.MULTILINE if has_lines else 0), is_literal


def _regex_fault(pattern: str) -> str:
    if pattern.count("(") != pattern.count(")"):
        return "parentheses () not balanced"
    if pattern.count("[") != pattern.count("]"):
        return "brackets [] not balanced"
    return "quantifier operand invalid"


def _translated(pattern: str, has_lines: bool = False) -> str:
    out, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[":
            text, at = _bracket(pattern, at)
            out.append(text)
            continue
        if char == "\\" and at + 1 < len(pattern):
            follower = pattern[at + 1]
            special = {
                "b": r"\x08",
                "B": r"\\",
                "e": r"\x1b",
                "m": r"\b(?=\w)",
                "M": r"\b(?<=\w)",
                "y": r"\b",
                "Y": r"\B",
                "Z": r"\Z",
                "A": r"\A",
            }
            if follower.isalpha() and follower not in "dDwWsSnrtfvbBemMyYAZ":
                raise not_supported(f"\\{follower} in a regular expression")
            out.append(special.get(follower, "\\" + follower))
            at += 2
            continue
        end = r"(?=\n|\Z)" if has_lines else r"\Z"
        out.append(end if char == "$" else char)
        at += 1
    return "".join(out)


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    out, at = ["["], at + 1
    if pattern[at : at + 1] == "^":
        out.append("^")
        at += 1
    if pattern[at : at + 1] == "]":
        out.append(r"\]")
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        named = re.match(r"\[:(\w+):\]", pattern[at:])
        if named:
            if named[1] not in _CLASSES:
                raise error("2201B", "invalid regular expression: invalid character class")
            out.append(_CLASSES[named[1]])
            at += named.end()
        elif pattern[at] == "[":
            out.append(r"\[")
            at += 1
        elif pattern[at] == "\\" and at + 1 < len(pattern):
            out.append(pattern[at : at + 2])
            at += 2
        else:
            out.append(re.escape(pattern[at]) if pattern[at] in "&~|" else pattern[at])
            at += 1
    if at >= len(pattern):
        raise error("2201B", "invalid regular expression: brackets [] not balanced")
    return "".join([*out, "]"]), at + 1


def _search(text: str, pattern: str) -> int:
    return int(compile_regex(pattern).search(text) is not None)


def _search_folded(text: str, pattern: str) -> int:
    return int(compile_regex(pattern, "i").search(text) is not None)


for _op, _body in (
    ("~", _search), ("~*", _search_folded),
    ("!~", lambda text, pattern: 1 - _search(text, pattern)), ("!~*", lambda text, pattern: 1 - _search_folded(text, pattern)),
):  # fmt: skip
    FAMILY.operator(
        f"text {_op} text", f"bpchar {_op} text", f"name {_op} text", returns="boolean"
    )(_body)


@FAMILY.function("similar_to_escape(text)", returns="text")
def similar_to_escape(pattern: str) -> str:
    """Turn a SIMILAR TO pattern into a regular expression."""
    return _similar(pattern, "\\")


@FAMILY.function("similar_to_escape(text, text)", returns="text")
def similar_to_escape_by(pattern: str, escape: str) -> str:
    """Turn a SIMILAR TO pattern with an escape character into a regular expression."""
    return _similar(pattern, escape)


_SEPARATORS = ("){1,1}?(", "){1,1}(?:")


def _similar(pattern: str, escape: str) -> str:
    """Rewrite by the rules of SQL:2008: `%` and `_` as in LIKE, the rest as in regular expressions."""
    if len(escape) > 1:
        hint = "Escape string must be empty or one character."
        raise error("22025", "invalid escape string", hint=hint)
    out: list[str] = []
    separators = iter(_SEPARATORS)
    is_escaped = in_bracket = False
    for char in pattern:
        if is_escaped:
            is_escaped = False
            if char == '"' and not in_bracket:
                part = next(separators, None)
                if part is None:
                    message = "SQL regular expression may not contain more than two escape-double-quote separators"
                    raise error("2200C", message)
                out.append(part)
            else:
                out.append("\\" + char)
        elif char == escape:
            is_escaped = True
        elif in_bracket:
            in_bracket = char != "]"
            out.append("\\\\" if char == "\\" else char)
        else:
            in_bracket = char == "["
            out.append(_SIMILAR.get(char, char))
    return "^(?:" + "".join(out) + ")$"


_SIMILAR = {
    "%": ".*", "_": ".", "(": "(?:", ".": r"\.", "^": r"\^", "$": r"\$", "\\": "\\\\",
}  # fmt: skip


@FAMILY.function("substring(text, text, text)", returns="text")
def substring_similar(text: str, pattern: str, escape: str) -> str | None:
    """Return what stands between the two separators of a SIMILAR pattern, all of it without them."""
    return substring_regex(text, _similar(pattern, escape))


@FAMILY.function("substring(text, text)", returns="text")
def substring_regex(text: str, pattern: str) -> str | None:
    """Return what a regular expression matches, its first group if it has one."""
    match = compile_regex(pattern).search(text)
    if match is None:
        return None
    return match[1] if match.re.groups else match[0]


def expanded(replacement: str) -> str:
    r"""Return a replacement in Python's form: `\1` and `\&` are its only escapes."""
    return re.sub(
        r"\\(.|$)",
        lambda m: (
            f"\\g<{0 if m[1] == '&' else m[1]}>"
            if m[1] and m[1] in "&0123456789"
            else "\\\\"
            if m[1] == "\\"
            else "\\\\" + m[1]
        ),
        replacement,
    )


@FAMILY.function("regexp_replace(text, text, text)", returns="text")
def regexp_replace(text: str, pattern: str, replacement: str) -> str:
    """Replace the first match."""
    return regexp_replace_flags(text, pattern, replacement, "")


@FAMILY.function("regexp_replace(text, text, text, text)", returns="text")
def regexp_replace_flags(text: str, pattern: str, replacement: str, flags: str) -> str:
    """Replace the first match, with flag g every one."""
    count = 0 if "g" in flags else 1
    return compile_regex(pattern, flags).sub(expanded(replacement), text, count=count)


@FAMILY.function("regexp_match(text, text)", returns="text[]")
def regexp_match(text: str, pattern: str) -> str | None:
    """Return the groups of the first match."""
    return regexp_match_flags(text, pattern, "")


@FAMILY.function("regexp_match(text, text, text)", returns="text[]")
def regexp_match_flags(text: str, pattern: str, flags: str) -> str | None:
    """Return the groups of the first match."""
    match = compile_regex(pattern, flags).search(text)
    if match is None:
        return None
    return arrays.pack(list(match.groups()) if match.re.groups else [match[0]])


@FAMILY.series("regexp_matches(text, text)", returns="text[]")
def regexp_matches(text: str, pattern: str) -> list[str]:
    """Return the groups of the first match, no row without one."""
    found = regexp_match(text, pattern)
    return [] if found is None else [found]


@FAMILY.series("regexp_matches(text, text, text)", returns="text[]")
def regexp_matches_flags(text: str, pattern: str, flags: str) -> list[str]:
    """Return the groups of each match with flag g, else of the first."""
    if "g" not in flags:
        found = regexp_match_flags(text, pattern, flags)
        return [] if found is None else [found]
    matches = compile_regex(pattern, flags).finditer(text)
    return [arrays.pack(list(m.groups()) if m.re.groups else [m[0]]) for m in matches]
