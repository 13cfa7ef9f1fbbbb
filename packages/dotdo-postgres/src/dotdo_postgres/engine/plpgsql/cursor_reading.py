"""OPEN, FETCH, MOVE and CLOSE, read from a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.loops import read_arguments, read_list

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql.parts import Sql, Variable
    from dotdo_postgres.engine.plpgsql.reader import Reader


def _cursor(reader: Reader) -> Variable:
    token = reader.token
    parts = reader.parts()
    found = reader.look_up(parts)
    if found is None:
        raise reader.fail(f'"{".".join(parts)}" is not a known variable', token)
    variable = found[0]
    if variable.is_record or variable.type_text.lower() not in {"refcursor", ""}:
        raise reader.fail(
            f'variable "{variable.name}" must be of type cursor or refcursor', token, "42804"
        )
    return variable


def read_open(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read OPEN, after the word."""
    cursor = _cursor(reader)
    made = p.Open(line, cursor)
    if cursor.query is not None:
        made.arguments = read_arguments(reader, cursor)
        reader.require_mark(";")
        return made
    if reader.skip_word("no"):
        reader.require_word("scroll")
        made.scroll = "NO SCROLL"
    elif reader.skip_word("scroll"):
        made.scroll = "SCROLL"
    if not reader.skip_word("for"):
        raise reader.near('syntax error, expected "FOR"', reader.token)
    if reader.skip_word("execute"):
        made.dynamic = reader.expression("using", ";")
        made.using = read_list(reader, ";") if reader.skip_word("using") else []
    else:
        first = reader.at
        reader.skip_to((), (";",))
        made.query = reader.sql(first, reader.at, is_statement=True)
    reader.require_mark(";")
    return made


def read_fetch(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read FETCH and MOVE, after the word."""
    is_move = reader.tokens[reader.at - 1].value == "move"
    direction, count, is_all = _direction(reader)
    cursor = _cursor(reader)
    into = None
    if not is_move:
        reader.require_word("into")
        if is_all:
            raise reader.near("FETCH statement cannot return multiple rows", reader.token)
        into = reader.into()
    reader.require_mark(";")
    return p.Fetch(line, cursor, direction, count, into, is_move, is_all)


_PLACES = {
    "next": ("FETCH_FORWARD", 1), "prior": ("FETCH_BACKWARD", 1), "first": ("FETCH_ABSOLUTE", 1), "last": ("FETCH_ABSOLUTE", -1),
}  # fmt: skip


def _direction(reader: Reader) -> tuple[str, int | Sql, bool]:
    """Read the direction of FETCH: where it leads, how far, whether over several rows."""
    word = reader.token.value if reader.token.kind == "word" else ""
    if word in _PLACES and reader.ahead().kind != "mark":
        reader.take()
        found: tuple[str, int | Sql, bool] = (*_PLACES[word], False)
    elif word in {"absolute", "relative"}:
        reader.take()
        found = f"FETCH_{word.upper()}", reader.expression("from", "in"), False
    elif word in {"forward", "backward"}:
        reader.take()
        way = f"FETCH_{word.upper()}"
        if reader.skip_word("all"):
            found = way, 0, True
        elif reader.is_word("from", "in") or _is_cursor_next(reader):
            found = way, 1, False
        else:
            found = way, reader.expression("from", "in"), True
    elif word == "all":
        reader.take()
        found = "FETCH_FORWARD", 0, True
    elif reader.is_word("from", "in") or _is_cursor_next(reader):
        found = "FETCH_FORWARD", 1, False
    else:
        found = "FETCH_FORWARD", reader.expression("from", "in"), True
    if not (reader.skip_word("from") or reader.skip_word("in")) and not _is_cursor_next(reader):
        raise reader.near("expected FROM or IN", reader.token)
    return found


def _is_cursor_next(reader: Reader) -> bool:
    return reader.token.is_name and (reader.ahead().value == ";" or reader.ahead().value == "into")


def read_close(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read CLOSE, after the word."""
    cursor = _cursor(reader)
    reader.require_mark(";")
    return p.Close(line, cursor)
