"""DECLARE: variables, constants, aliases and cursors of a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql.parts import Variable
    from dotdo_postgres.engine.plpgsql.reader import Reader

_TYPE_ENDS = frozenset({"default", "not", "collate"})
REFCURSOR = 1790


def read_declarations(reader: Reader) -> list[Variable]:
    """Read what stands between DECLARE and BEGIN."""
    found: list[Variable] = []
    while not reader.is_word("begin"):
        if reader.is_word("declare"):
            reader.take()
            continue
        if reader.is_mark("<<"):
            raise reader.near("block label must be placed before DECLARE, not after", reader.token)
        made = _declaration(reader)
        if made is not None:
            found.append(made)
    return found


def _declaration(reader: Reader) -> Variable | None:
    token = reader.token
    if not token.is_name:
        raise reader.unexpected()
    name = reader.take().value
    if name in reader.space.names:
        raise reader.near("duplicate declaration", token)
    line = reader.line(token.start)
    if reader.is_word("alias") and reader.ahead().value == "for":
        _alias(reader, name)
        return None
    if _is_cursor(reader):
        return _cursor(reader, name, line)
    made = reader.add(name, "", line)
    made.is_constant = reader.skip_word("constant")
    made.type_text = read_type(reader)
    if reader.skip_word("collate"):
        made.collation = ".".join(reader.parts())
    if reader.is_word("not"):
        reader.take()
        reader.require_word("null")
        made.is_not_null = True
    if reader.is_word("default") or reader.is_mark(":=", "="):
        reader.take()
        made.default = reader.expression(";")
    elif made.is_not_null:
        raise reader.fail(
            f'variable "{name}" must have a default value, since it\'s declared NOT NULL',
            sqlstate="22004",
        )
    reader.require_mark(";")
    made.is_record = looks_like_row(made.type_text)
    reader.declare(made)
    return made


def looks_like_row(text: str) -> bool:
    """Tell whether a type as written is a row's; names of tables show themselves only in the catalog."""
    lowered = text.lower().replace(" ", "")
    return lowered in {"record", "pg_catalog.record"} or lowered.endswith("%rowtype")


def _alias(reader: Reader, name: str) -> None:
    reader.take()
    reader.take()
    token = reader.token
    parts = reader.parts()
    found = reader.look_up(parts)
    if found is None or found[1]:
        raise reader.fail(f'variable "{".".join(parts)}" does not exist', token, "42704")
    reader.require_mark(";")
    reader.declare(found[0], name)


def _is_cursor(reader: Reader) -> bool:
    if reader.is_word("cursor"):
        return True
    if reader.is_word("scroll"):
        return reader.ahead().value == "cursor"
    return reader.is_word("no") and reader.ahead().value == "scroll"


def _cursor(reader: Reader, name: str, line: int) -> Variable:
    made = reader.add(name, "refcursor", line)
    if reader.skip_word("no"):
        made.scroll = "NO SCROLL"
        reader.require_word("scroll")
    elif reader.skip_word("scroll"):
        made.scroll = "SCROLL"
    reader.require_word("cursor")
    before = reader.space
    reader.space = type(before)(before)
    if reader.skip_mark("("):
        while True:
            token = reader.token
            argument = reader.add(reader.name(), "", reader.line(token.start))
            argument.type_text = read_type(reader, ",", ")")
            reader.declare(argument)
            made.arguments.append(argument)
            if not reader.skip_mark(","):
                break
        reader.require_mark(")")
    if not (reader.skip_word("for") or reader.skip_word("is")):
        raise reader.unexpected()
    first = reader.at
    reader.skip_to((), (";",), what="SQL statement")
    made.query = reader.sql(first, reader.at, is_statement=True)
    reader.require_mark(";")
    reader.space = before
    reader.declare(made)
    return made


def read_type(reader: Reader, *marks: str) -> str:
    """Read a type as it is written."""
    first, depth = reader.at, 0
    while True:
        token = reader.token
        if token.kind == "end":
            raise reader.fail("incomplete data type declaration")
        if not depth and (
            (token.kind == "mark" and token.value in {";", ":=", "=", *marks})
            or (token.kind == "word" and token.value in _TYPE_ENDS)
        ):
            break
        if token.kind == "mark":
            depth += (token.value in {"(", "["}) - (token.value in {")", "]"})
        reader.at += 1
    if reader.at == first:
        raise reader.near("missing data type declaration", reader.token)
    start, end = reader.tokens[first].start, reader.tokens[reader.at - 1].end
    return reader.body[start:end]
