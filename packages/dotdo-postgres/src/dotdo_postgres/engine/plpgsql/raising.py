"""RAISE and ASSERT, read from a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.conditions import CONDITIONS

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql.reader import Reader

_LEVELS = frozenset({"exception", "warning", "notice", "info", "log", "debug"})
OPTIONS = frozenset({
    "message", "detail", "hint", "errcode", "column", "constraint", "datatype", "table", "schema",
})  # fmt: skip


def read_raise(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read RAISE, after the word."""
    made = p.Raise(line, "EXCEPTION")
    if reader.skip_mark(";"):
        made.is_again = True
        return made
    if reader.is_word(*_LEVELS):
        made.level = reader.take().value.upper()
    token = reader.token
    if token.kind == "text":
        made.message = string_value(reader.take().value)
        while reader.skip_mark(","):
            made.parameters.append(reader.expression(",", "using", ";"))
        _check_parameters(reader, made)
    elif token.is_name and not reader.is_word("using"):
        made.condition = _condition(reader)
    if reader.skip_word("using"):
        _options(reader, made)
    reader.require_mark(";")
    return made


def _condition(reader: Reader) -> str:
    token = reader.token
    name = reader.name()
    if name == "sqlstate" and reader.token.kind == "text":
        code = string_value(reader.take().value)
        if len(code) != 5 or not all(c.isdigit() or "A" <= c <= "Z" for c in code):
            raise reader.fail("invalid SQLSTATE code", token)
        return code
    if name not in CONDITIONS:
        raise reader.fail(f'unrecognized exception condition "{name}"', token, "42704")
    return name


def _options(reader: Reader, made: p.Raise) -> None:
    while True:
        token = reader.token
        name = reader.name()
        if name not in OPTIONS:
            raise reader.near("unrecognized RAISE statement option", token)
        if not (reader.skip_mark("=") or reader.skip_mark(":=")):
            raise reader.near('syntax error, expected "="', reader.token)
        made.options.append((name, reader.expression(",", ";")))
        if not reader.skip_mark(","):
            return


def _check_parameters(reader: Reader, made: p.Raise) -> None:
    wanted = (made.message or "").replace("%%", "").count("%")
    if len(made.parameters) > wanted:
        raise reader.fail("too many parameters specified for RAISE", sqlstate="42601")
    if len(made.parameters) < wanted:
        raise reader.fail("too few parameters specified for RAISE", sqlstate="42601")


def string_value(text: str) -> str:
    """Return what a string literal stands for."""
    if text[0] == "$":
        end = text.index("$", 1) + 1
        return text[end:-end]
    if text[0] in "eE":
        from dotdo_postgres.engine.parse import parse

        (statement,) = parse(f"select {text}")
        target = statement["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
        found: str = target["A_Const"]["sval"].get("sval", "")
        return found
    return text[1:-1].replace("''", "'")


def read_assert(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read ASSERT, after the word."""
    condition = reader.expression(",", ";")
    message = reader.expression(";") if reader.skip_mark(",") else None
    reader.require_mark(";")
    return p.Assert(line, condition, message)
