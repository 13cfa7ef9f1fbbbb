"""Parsing by PostgreSQL's own grammar; syntax errors are PostgreSQL's."""

from __future__ import annotations

import re
from typing import Any

import orjson
from pglast.parser import ParseError, parse_sql_json, scan

from dotdo_postgres.errors import PostgresError, error

Node = dict[str, Any]
_EXOTIC_CODES = {"unterminated": "42601"}


def parse(sql: str) -> list[Node]:
    """Parse statements.

    Args:
        sql: One or several statements.

    Returns:
        For each `{"stmt": {kind: body}, "stmt_location": n, "stmt_len": n}`.

    Raises:
        PostgresError: syntax error (42601) with its position.
    """
    if "\0" in sql:
        raise error("22021", 'invalid byte sequence for encoding "UTF8": 0x00')
    try:
        text = parse_sql_json(sql)
    except ParseError as failure:
        message, *where = failure.args
        position = where[0] + 1 if where and isinstance(where[0], int) and where[0] >= 0 else None
        if position is None and str(message).endswith("at end of input"):
            position = len(sql) + 1
        raise error(_code(str(message)), str(message), position=position) from None
    if _NEWER_NUMBER.search(sql):
        _refuse_newer_numbers(sql)
    try:
        statements: list[Node] = orjson.loads(text).get("stmts", [])
    except orjson.JSONDecodeError:  # the only way in which the parser's own tree cannot be read
        raise error("54001", "stack depth limit exceeded") from None
    return statements


_NEWER_NUMBER = re.compile(r"(?<![\w$])\d+_\d|(?<![\w$])0[xXoObB][0-9a-fA-F]")


def _refuse_newer_numbers(sql: str) -> None:
    """Refuse 1_000 and 0x1F, which PostgreSQL 16 learned.

    Raises:
        PostgresError: such a number is there (SQLSTATE 42601).
    """
    for token in scan(sql):
        text = sql.encode()[token.start : token.end + 1].decode()
        if token.name in {"ICONST", "FCONST"} and (
            "_" in text or text[:2].lower() in {"0x", "0o", "0b"}
        ):
            shown = text if "_" in text else text[:2]
            message = f'trailing junk after numeric literal at or near "{shown}"'
            raise error("42601", message, position=len(sql.encode()[: token.start].decode()) + 1)


def _code(message: str) -> str:
    if message.startswith("invalid Unicode"):
        return "22025"
    if "nonstandard use" in message:
        return "22P06"
    return "42601"


def place(failure: PostgresError, sql: str) -> PostgresError:
    """Turn the byte offset a binder left in `position` into characters from 1."""
    offset = failure.position
    if offset is None or offset < 0:
        failure.position = None
    elif sql.isascii():
        failure.position = offset + 1
    else:
        failure.position = len(sql.encode()[:offset].decode(errors="ignore")) + 1
    return failure
