"""The parser of PL/pgSQL: a body becomes its statements, one reader for each kind of statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.conditions import CONDITIONS
from dotdo_postgres.engine.plpgsql.cursor_reading import read_close, read_fetch, read_open
from dotdo_postgres.engine.plpgsql.declarations import read_declarations
from dotdo_postgres.engine.plpgsql.loops import (
    end_label,
    read_for,
    read_foreach,
    read_loop,
    read_while,
)
from dotdo_postgres.engine.plpgsql.parts import Namespace, Sql, Variable
from dotdo_postgres.engine.plpgsql.raising import read_assert, read_raise
from dotdo_postgres.engine.plpgsql.sql_reading import (
    read_call,
    read_end,
    read_execute,
    read_get,
    read_perform,
    read_return,
    read_sql,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.plpgsql.reader import Reader

_ENDS = frozenset({"end", "exception", "else", "elsif", "elseif", "when"})


def read_statements(reader: Reader) -> list[p.Statement]:
    """Read statements up to a word that ends them."""
    found: list[p.Statement] = []
    while not reader.is_word(*_ENDS):
        if reader.token.kind == "end":
            raise reader.unexpected()
        statement = _statement(reader)
        if statement is not None:
            found.append(statement)
    return found


def _statement(reader: Reader) -> p.Statement | None:
    token = reader.token
    line = reader.line(token.start)
    label = ""
    if reader.skip_mark("<<"):
        label = reader.name()
        reader.require_mark(">>")
        token = reader.token
        line = reader.line(token.start)
    if _is_assignment(reader):
        return _assignment(reader, line)
    read = _READERS.get(token.value) if token.kind == "word" else None
    if label and (read is None or token.value not in _LABELLED):
        raise reader.unexpected()
    if read is None:
        return read_sql(reader, line)
    reader.take()
    return read(reader, line, label)


def _is_assignment(reader: Reader) -> bool:
    """Tell whether a name and what may follow it in an assignment are next."""
    token = reader.token
    if not (token.is_name or token.kind == "param"):
        return False
    after = reader.ahead()
    if after.kind != "mark" or after.value not in {":=", "=", ".", "["}:
        return False
    if after.value in {":=", "="}:
        return True
    return reader.look_up([token.value]) is not None or _names_block(reader)


def _names_block(reader: Reader) -> bool:
    return reader.space.labelled(reader.token.value) is not None and reader.ahead().value == "."


def _assignment(reader: Reader, line: int) -> p.Statement:
    target = reader.target()
    if not (reader.skip_mark(":=") or reader.skip_mark("=")):
        raise reader.unexpected()
    value = reader.expression(";")
    reader.require_mark(";")
    return p.Assign(line, target, value)


# --- blocks ----------------------------------------------------------------------------------


def read_block(reader: Reader, line: int, label: str) -> p.Block:
    """Read a block, from DECLARE or BEGIN, which has been taken."""
    before = reader.space
    reader.space = Namespace(before, label)
    variables: list[Variable] = []
    if reader.tokens[reader.at - 1].value == "declare":
        variables = read_declarations(reader)
        line = reader.line(reader.token.start)
        reader.require_word("begin")
    body = read_statements(reader)
    block = p.Block(line, label, variables, body, [])
    if reader.skip_word("exception"):
        _handlers(reader, block, line)
    reader.space = before
    reader.require_word("end")
    end_label(reader, label)
    return block


def _inner_block(reader: Reader, line: int, label: str) -> p.Statement:
    block = read_block(reader, line, label)
    reader.require_mark(";")
    return block


def _handlers(reader: Reader, block: p.Block, line: int) -> None:
    block.sqlstate = reader.declare(reader.add("sqlstate", "text", line))
    block.sqlerrm = reader.declare(reader.add("sqlerrm", "text", line))
    block.sqlstate.is_constant = block.sqlerrm.is_constant = True
    while reader.skip_word("when"):
        conditions = _condition(reader)
        while reader.skip_word("or"):
            conditions += _condition(reader)
        reader.require_word("then")
        block.handlers.append(p.Handler(conditions, read_statements(reader)))
    if not block.handlers:
        raise reader.unexpected()


def _condition(reader: Reader) -> list[str]:
    token = reader.token
    name = reader.name()
    if name == "sqlstate" and reader.token.kind == "text":
        code = reader.take().value[1:-1]
        if len(code) != 5 or not all(c.isdigit() or "A" <= c <= "Z" for c in code):
            raise reader.fail("invalid SQLSTATE code", token)
        return [code]
    if name == "others":
        return ["others"]
    if name not in CONDITIONS:
        raise reader.fail(f'unrecognized exception condition "{name}"', token, "42704")
    return list(CONDITIONS[name])


# --- conditions ------------------------------------------------------------------------------


def _if(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    branches = [_branch(reader)]
    otherwise: list[p.Statement] = []
    while reader.skip_word("elsif") or reader.skip_word("elseif"):
        branches.append(_branch(reader))
    if reader.skip_word("else"):
        otherwise = read_statements(reader)
    reader.require_word("end")
    reader.require_word("if")
    reader.require_mark(";")
    return p.If(line, branches, otherwise)


def _branch(reader: Reader) -> tuple[Sql, list[p.Statement]]:
    condition = reader.expression("then")
    reader.require_word("then")
    return condition, read_statements(reader)


def _case(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    operand, variable = None, None
    before = reader.space
    if not reader.is_word("when"):
        operand = reader.expression("when")
        reader.space = Namespace(before)
        variable = reader.declare(reader.add("__case__variable_", "", line))
    whens: list[tuple[Sql, list[p.Statement]]] = []
    while reader.skip_word("when"):
        condition = reader.expression("then")
        if variable is not None:
            condition.start = -1
            condition.text = f'"{variable.name}" IN ({condition.text})'
        reader.require_word("then")
        whens.append((condition, read_statements(reader)))
    otherwise = read_statements(reader) if reader.skip_word("else") else None
    reader.space = before
    reader.require_word("end")
    reader.require_word("case")
    reader.require_mark(";")
    return p.Case(line, operand, variable, whens, otherwise)


def _exit(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    word = reader.tokens[reader.at - 1]
    is_exit = word.value == "exit"
    wanted = ""
    if reader.token.is_name and not reader.is_word("when"):
        token = reader.token
        wanted = reader.take().value
        space = reader.space.labelled(wanted)
        if space is None:
            message = f'there is no label "{wanted}" attached to any block or loop enclosing this statement'
            raise reader.near(message, token)
        if not is_exit and not space.is_loop:
            raise reader.near(f'block label "{wanted}" cannot be used in CONTINUE', token)
    elif not _in_loop(reader.space):
        if is_exit:
            raise reader.fail("EXIT cannot be used outside a loop, unless it has a label", word)
        raise reader.fail("CONTINUE cannot be used outside a loop", word)
    condition = reader.expression(";") if reader.skip_word("when") else None
    reader.require_mark(";")
    return p.Exit(line, is_exit, wanted, condition)


def _in_loop(space: Namespace | None) -> bool:
    while space is not None:
        if space.is_loop:
            return True
        space = space.parent
    return False


# --- the rest --------------------------------------------------------------------------------


def _null(reader: Reader, line: int, label: str) -> None:  # noqa: ARG001 -- read as its kin
    reader.require_mark(";")


def _loop(reader: Reader, line: int, label: str) -> p.Statement:
    return read_loop(reader, line, label, read_statements)


def _while(reader: Reader, line: int, label: str) -> p.Statement:
    return read_while(reader, line, label, read_statements)


def _for(reader: Reader, line: int, label: str) -> p.Statement:
    return read_for(reader, line, label, read_statements)


def _foreach(reader: Reader, line: int, label: str) -> p.Statement:
    return read_foreach(reader, line, label, read_statements)


_LABELLED = frozenset({"declare", "begin", "loop", "while", "for", "foreach"})
_READERS: dict[str, Callable[[Reader, int, str], p.Statement | None]] = {
    "declare": _inner_block, "begin": _inner_block, "if": _if, "case": _case, "loop": _loop, "while": _while,
    "for": _for, "foreach": _foreach, "exit": _exit, "continue": _exit, "return": read_return, "raise": read_raise,
    "assert": read_assert, "execute": read_execute, "perform": read_perform, "call": read_call, "do": read_call, "get": read_get,
    "open": read_open, "fetch": read_fetch, "move": read_fetch, "close": read_close, "commit": read_end,
    "rollback": read_end, "null": _null,
}  # fmt: skip
