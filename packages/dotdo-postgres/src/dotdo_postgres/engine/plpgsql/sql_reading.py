"""The reader of PL/pgSQL statements that hold SQL or give something back: RETURN, EXECUTE, PERFORM, CALL, diagnostics, COMMIT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.loops import (
    read_list,
)

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql.parts import Into, Sql, Target, Variable
    from dotdo_postgres.engine.plpgsql.reader import Reader


def read_return(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read RETURN, RETURN NEXT or RETURN QUERY."""
    if reader.is_word("next"):
        reader.take()
        variable, value = _returned(reader)
        return p.ReturnNext(line, value, variable)
    if reader.is_word("query"):
        reader.take()
        return _return_query(reader, line)
    variable, value = _returned(reader)
    return p.Return(line, value, variable)


def _returned(reader: Reader) -> tuple[Variable | None, Sql | None]:
    if reader.skip_mark(";"):
        return None, None
    variable = None
    if reader.token.is_name and reader.ahead().value == ";":
        variable = reader.space.find(reader.token.value)
    value = reader.expression(";")
    reader.require_mark(";")
    return variable, value


def _return_query(reader: Reader, line: int) -> p.Statement:
    if reader.skip_word("execute"):
        dynamic = reader.expression("using", ";")
        using = read_list(reader, ";") if reader.skip_word("using") else []
        reader.require_mark(";")
        return p.ReturnQuery(line, None, dynamic, using)
    first = reader.at
    reader.skip_to((), (";",))
    query = reader.sql(first, reader.at, is_statement=True)
    reader.require_mark(";")
    return p.ReturnQuery(line, query)


def read_sql(reader: Reader, line: int) -> p.Statement:
    """Read a statement of SQL; INTO is cut out of it."""
    token = reader.token
    if not token.is_name and not (token.kind == "mark" and token.value == "("):
        raise reader.unexpected()
    if (
        token.is_name
        and reader.ahead().value in {"=", ":=", "[", "."}
        and token.value not in _VERBS
    ):
        name = reader.parts()
        raise reader.fail(f'"{".".join(name)}" is not a known variable', token)
    first, into, cut = reader.at, None, (0, 0)
    while not reader.is_mark(";"):
        here = reader.token
        if here.kind == "end":
            raise reader.unexpected()
        before = reader.tokens[reader.at - 1].value if reader.at > first else ""
        if reader.is_word("into") and before not in {"insert", "merge"} and token.value != "import":
            if into is not None:
                raise reader.near("INTO specified more than once", here)
            start = here.start
            reader.take()
            into = reader.into()
            cut = start, reader.tokens[reader.at - 1].end
            continue
        reader.take()
    start, end = token.start, reader.tokens[reader.at - 1].end
    text = reader.body[start:end]
    if into is not None:
        text = text[: cut[0] - start] + " " * (cut[1] - cut[0]) + text[cut[1] - start :]
    query = reader.make_sql(text.rstrip(), reader.line(start), is_statement=True)
    query.start = start
    reader.require_mark(";")
    return p.RunSql(line, query, into)


_VERBS = frozenset({"select", "insert", "update", "delete", "with", "values", "table", "merge"})


def read_call(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read CALL or DO."""
    word = reader.tokens[reader.at - 1].value
    reader.at -= 1
    first = reader.at
    reader.skip_to((), (";",))
    query = reader.sql(first, reader.at, is_statement=True)
    reader.require_mark(";")
    reader.ends_transactions = True
    return p.RunSql(line, query, None, word.upper())


def read_perform(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read PERFORM: a query whose rows nobody wants."""
    query = reader.expression(";")
    query.text, query.is_statement, query.start = f"SELECT {query.text}", True, -1
    reader.require_mark(";")
    return p.Perform(line, query)


def read_execute(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read EXECUTE with its INTO and USING, in either order."""
    command = reader.expression("into", "using", ";")
    into: Into | None = None
    using: list[Sql] = []
    while not reader.is_mark(";"):
        if reader.is_word("into") and into is None:
            reader.take()
            into = reader.into()
        elif reader.is_word("using") and not using:
            reader.take()
            using = read_list(reader, "into", ";")
        else:
            raise reader.unexpected()
    reader.require_mark(";")
    return p.Execute(line, command, into, using)


def read_get(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read GET DIAGNOSTICS.

    Raises:
        PostgresError: no such item, or not of this kind (42601).
    """
    is_stacked = reader.skip_word("stacked")
    if not is_stacked:
        reader.skip_word("current")
    reader.require_word("diagnostics")
    items: list[tuple[Target, str]] = []
    while True:
        target = reader.target()
        if not (reader.skip_mark(":=") or reader.skip_mark("=")):
            raise reader.unexpected()
        token = reader.token
        item = reader.name()
        if item not in _ITEMS:
            raise reader.near("unrecognized GET DIAGNOSTICS item", token)
        if _ITEMS[item] is not is_stacked and _ITEMS[item] is not None:
            word = "STACKED" if is_stacked else "CURRENT"
            message = f"diagnostics item {item.upper()} is not allowed in GET {word} DIAGNOSTICS"
            raise reader.fail(message)
        items.append((target, item))
        if not reader.skip_mark(","):
            break
    reader.require_mark(";")
    return p.GetDiagnostics(line, is_stacked, items)


_ITEMS: dict[str, bool | None] = {
    "row_count": False, "pg_context": False, "pg_routine_oid": False, "pg_exception_context": True, "pg_exception_detail": True,
    "pg_exception_hint": True, "returned_sqlstate": True, "column_name": True, "constraint_name": True,
    "pg_datatype_name": True, "message_text": True, "table_name": True, "schema_name": True,
}  # fmt: skip


def read_end(reader: Reader, line: int, label: str) -> p.Statement:  # noqa: ARG001 -- read as its kin
    """Read COMMIT or ROLLBACK."""
    is_commit = reader.tokens[reader.at - 1].value == "commit"
    is_chained = False
    if reader.skip_word("and"):
        is_chained = not reader.skip_word("no")
        reader.require_word("chain")
    reader.require_mark(";")
    reader.ends_transactions = True
    return p.EndTransaction(line, is_commit, is_chained)
