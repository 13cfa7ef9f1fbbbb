"""Privileges: what the acting role may touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.grantable import of_schema
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.objects.names import Names

SELECT, INSERT, UPDATE, DELETE = "r", "a", "w", "d"
_LOCKS = {SELECT: 1, INSERT: 3, UPDATE: 3, DELETE: 3}  # ACCESS SHARE, ROW EXCLUSIVE
_WORDS = {SELECT: "SELECT", INSERT: "INSERT", UPDATE: "UPDATE", DELETE: "DELETE"}


def require_privilege(
    binder: Binder, noun: Noun, command: str, columns: Collection[str] = ()
) -> None:
    """See that the acting role has a privilege on a table or view, or on every column that is written, or on any that may be read.

    Raises:
        PostgresError: it has not (42501).
    """
    mode = _LOCKS[command]
    if noun.id and binder.touched.get(noun.id, 0) < mode:
        binder.touched[noun.id] = mode
    actor = binder.names.actor
    if actor.is_superuser or noun.id == 0 or binder.is_trusted:
        return
    is_view = noun.layout == "definition"
    schema, name = split_definition(noun.name)[1:] if is_view else split_name(noun.name)
    require_usage(binder.names, schema)
    word = _WORDS[command]
    if actor.may(noun, word):
        return
    if command == SELECT:
        is_allowed = any(actor.may_column(noun, column, word) for column in noun.columns)
    else:
        wanted = [column for column in noun.columns if column.name in columns]
        is_allowed = bool(wanted) and all(actor.may_column(noun, column, word) for column in wanted)
    if not is_allowed:
        raise error("42501", f"permission denied for {'view' if is_view else 'table'} {name}")


def readable_columns(binder: Binder, noun: Noun) -> frozenset[int] | None:
    """Return the places of the columns that the acting role may read, None for all."""
    actor = binder.names.actor
    if actor.is_superuser or noun.id == 0 or binder.is_trusted or actor.may(noun, "SELECT"):
        return None
    return frozenset(
        at for at, column in enumerate(noun.columns) if actor.may_column(noun, column, "SELECT")
    )


def require_readable(binder: Binder, exprs: Iterable[ir.Expr]) -> None:
    """See that the acting role may read the columns that a statement names.

    Raises:
        PostgresError: it may not (42501).
    """
    for expr in exprs:
        if not isinstance(expr, ir.Column) or expr.entry.readable is None:
            continue
        entry = expr.entry
        origin = entry.columns[expr.index]
        if origin.column_number > 0 and expr.index not in (entry.readable or ()):
            noun = binder.names.catalog.by_id[origin.table_oid - FIRST_OID]
            is_view = noun.layout == "definition"
            name = split_definition(noun.name)[2] if is_view else split_name(noun.name)[1]
            raise error("42501", f"permission denied for {'view' if is_view else 'table'} {name}")


def require_usage(names: Names, schema: str) -> None:
    """See that the acting role may look into a schema.

    Raises:
        PostgresError: it may not (42501).
    """
    actor = names.actor
    if actor.is_superuser or schema == names.temporary:
        return
    if not actor.holds(of_schema(names.catalog, names.objects, schema), "USAGE"):
        raise error("42501", f"permission denied for schema {schema}")
