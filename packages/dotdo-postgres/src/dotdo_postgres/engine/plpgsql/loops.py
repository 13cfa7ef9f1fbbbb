"""LOOP, WHILE, FOR and FOREACH, read from a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.parts import Into, Namespace, Sql, Target, Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.plpgsql.reader import Reader

    ReadBody = Callable[[Reader], list[p.Statement]]


def read_loop(reader: Reader, line: int, label: str, read: ReadBody) -> p.Statement:
    """Read LOOP ... END LOOP, after the word LOOP."""
    return p.Loop(line, label, _body(reader, label, read))


def read_while(reader: Reader, line: int, label: str, read: ReadBody) -> p.Statement:
    """Read WHILE ... LOOP."""
    condition = reader.expression("loop")
    reader.require_word("loop")
    return p.Loop(line, label, _body(reader, label, read), condition)


def _body(reader: Reader, label: str, read: ReadBody) -> list[p.Statement]:
    before = reader.space
    reader.space = Namespace(before, label, is_loop=True)
    body = read(reader)
    reader.space = before
    reader.require_word("end")
    reader.require_word("loop")
    end_label(reader, label)
    reader.require_mark(";")
    return body


def end_label(reader: Reader, label: str) -> None:
    """Read the label after END, which is the one before the block.

    Raises:
        PostgresError: it is another one (SQLSTATE 42601).
    """
    if not reader.token.is_name:
        return
    token = reader.token
    given = reader.take().value
    if not label:
        raise reader.fail(f'end label "{given}" specified for unlabeled block', token)
    if given != label:
        raise reader.fail(f'end label "{given}" differs from block\'s label "{label}"', token)


def read_for(reader: Reader, line: int, label: str, read: ReadBody) -> p.Statement:
    """Read FOR over numbers, rows, EXECUTE or a cursor."""
    names_at = reader.at
    names = [reader.parts()]
    while reader.skip_mark(","):
        names.append(reader.parts())
    reader.require_word("in")
    if reader.is_word("execute"):
        reader.take()
        into = _into_at(reader, names_at)
        dynamic = reader.expression("loop", "using")
        using = read_list(reader, "loop") if reader.skip_word("using") else []
        reader.require_word("loop")
        return p.ForRows(
            line, label, into, _body(reader, label, read), dynamic=dynamic, using=using
        )
    cursor = _cursor_ahead(reader)
    if cursor is not None:
        return _for_cursor(reader, line, label, read, names[0][0], cursor)
    first = reader.at
    is_reverse = reader.is_word("reverse")
    start = first + int(is_reverse)
    reader.at = start
    reader.skip_to(("loop",), ("..",))
    if reader.is_mark(".."):
        return _for_integer(reader, line, label, read, names[0][0], start, is_reverse)
    if is_reverse:
        raise reader.near("cannot specify REVERSE in query FOR loop", reader.tokens[first])
    end = reader.at
    reader.at = names_at
    into = _loop_into(reader)
    reader.at = end
    query = reader.sql(first, end, is_statement=True)
    reader.require_word("loop")
    return p.ForRows(line, label, into, _body(reader, label, read), query=query)


def _into_at(reader: Reader, at: int) -> Into:
    here, reader.at = reader.at, at
    into = _loop_into(reader)
    reader.at = here
    return into


def _loop_into(reader: Reader) -> Into:
    token = reader.token
    parts = reader.parts()
    found = reader.look_up(parts)
    if found is None:
        message = (
            "loop variable of loop over rows must be a record variable or list of scalar variables"
        )
        raise reader.near(message, token)
    targets = [Target(*found)]
    while reader.skip_mark(","):
        targets.append(reader.target())
    return Into(targets)


def _cursor_ahead(reader: Reader) -> Variable | None:
    token = reader.token
    if not token.is_name:
        return None
    found = reader.space.find(token.value)
    after = reader.ahead()
    is_over = after.value == "loop" or (after.kind == "mark" and after.value == "(")
    if found is None or not is_over or found.type_text.lower() != "refcursor":
        return None
    if found.query is None:
        raise reader.near("cursor FOR loop must use a bound cursor variable", token)
    return found


def _for_cursor(  # noqa: PLR0917 -- the parts of a loop
    reader: Reader, line: int, label: str, read: ReadBody, name: str, cursor: Variable
) -> p.Statement:
    reader.take()
    arguments = read_arguments(reader, cursor)
    reader.require_word("loop")
    before = reader.space
    reader.space = Namespace(before)
    made = reader.add(name, "record", line)
    made.is_record = True
    reader.declare(made)
    into = Into([Target(made)])
    body = _body(reader, label, read)
    reader.space = before
    return p.ForRows(line, label, into, body, cursor=cursor, arguments=arguments)


def _for_integer(  # noqa: PLR0917 -- the parts of a loop
    reader: Reader, line: int, label: str, read: ReadBody, name: str, start: int, is_reverse: bool
) -> p.Statement:
    lower = reader.sql(start, reader.at)
    reader.require_mark("..")
    upper = reader.expression("loop", "by")
    step = reader.expression("loop") if reader.skip_word("by") else None
    reader.require_word("loop")
    before = reader.space
    reader.space = Namespace(before, label, is_loop=True)
    made = reader.declare(reader.add(name, "integer", line))
    body = _body(reader, label, read)
    reader.space = before
    return p.ForInteger(line, label, made, lower, upper, step, is_reverse, body)


def read_foreach(reader: Reader, line: int, label: str, read: ReadBody) -> p.Statement:
    """Read FOREACH ... IN ARRAY."""
    into = _loop_into(reader)
    slice_ = 0
    if reader.skip_word("slice"):
        slice_ = int(reader.take().value)
    reader.require_word("in")
    reader.require_word("array")
    array = reader.expression("loop")
    reader.require_word("loop")
    return p.Foreach(line, label, into, slice_, array, _body(reader, label, read))


def read_list(reader: Reader, *ends: str) -> list[Sql]:
    """Read expressions between commas."""
    found = [reader.expression(",", *ends)]
    while reader.skip_mark(","):
        found.append(reader.expression(",", *ends))
    return found


def read_arguments(  # noqa: C901 -- by place and by name
    reader: Reader, cursor: Variable
) -> list[tuple[str, Sql]]:
    """Read the arguments of a bound cursor, by place or name.

    Raises:
        PostgresError: too many or too few (SQLSTATE 42601).
    """
    token = reader.token
    if not reader.is_mark("("):
        if cursor.arguments:
            raise reader.near(f'cursor "{cursor.name}" has arguments', token)
        return []
    if not cursor.arguments:
        raise reader.near(f'cursor "{cursor.name}" has no arguments', token)
    reader.take()
    found: list[tuple[str, Sql]] = []
    while True:
        here = reader.token
        name = ""
        if here.is_name and reader.ahead().value in {":=", "=>"}:
            name = reader.take().value
            reader.take()
            if all(argument.name != name for argument in cursor.arguments):
                raise reader.near(f'cursor "{cursor.name}" has no argument named "{name}"', here)
        elif len(found) < len(cursor.arguments):
            name = cursor.arguments[len(found)].name
        if any(name == other for other, _ in found):
            message = (
                f'value for parameter "{name}" of cursor "{cursor.name}" specified more than once'
            )
            raise reader.near(message, here)
        if not name:
            raise reader.near(f'too many arguments for cursor "{cursor.name}"', here)
        found.append((name, reader.expression(",", ")")))
        if not reader.skip_mark(","):
            break
    reader.require_mark(")")
    if len(found) < len(cursor.arguments):
        raise reader.near(
            f'not enough arguments for cursor "{cursor.name}"', reader.tokens[reader.at - 1]
        )
    return found
