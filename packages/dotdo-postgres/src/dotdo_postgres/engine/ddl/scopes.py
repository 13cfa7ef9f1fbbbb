"""Names that PostgreSQL makes up, and scopes over the columns of one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.from_items import scope_item, table_entry
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.relations import relation_of

if TYPE_CHECKING:
    from dotdo.storage import Noun


def make_object_name(table: str, column: str, label: str) -> str:
    """Join table, column and label, shortened to 63 bytes as PostgreSQL does."""
    room = 63 - len(label) - 1 - (1 if column else 0)
    first, second = len(table.encode()), len(column.encode())
    while first + second > room:
        if first > second:
            first -= 1
        else:
            second -= 1
    parts = [table.encode()[:first].decode(errors="ignore")]
    if column:
        parts.append(column.encode()[:second].decode(errors="ignore"))
    return "_".join([*parts, label])


def choose_name(taken: set[str], table: str, column: str, label: str) -> str:
    """Return a constraint name nobody has: `t_a_key`, `t_a_key1` ..."""
    number = 0
    while True:
        name = make_object_name(table, column, f"{label}{number or ''}")
        if name not in taken:
            return name
        number += 1


def persistent_scope(noun: Noun, clause: str) -> tuple[Scope, Any]:
    """Return a scope over the columns of one table, and the table's entry."""
    entry = table_entry(relation_of(noun), split_name(noun.name)[1])
    scope = Scope(items=[scope_item(entry)], clause=clause, entries=[entry])
    return scope, entry
