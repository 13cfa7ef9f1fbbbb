"""Definitions as SQL text: pg_get_constraintdef, pg_get_indexdef, pg_get_expr, pg_get_viewdef."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog.expressions import (
    default_text,
    key_text,
    sequence_default,
    showing_binder,
    shown_again,
)
from dotdo_postgres.engine.catalog.query_text import query_shown
from dotdo_postgres.engine.naming import quote_ident, split_name
from dotdo_postgres.engine.objects.actor import Actor
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.objects.tables import (
    DESCENDING,
    NULLS_FIRST,
    TableColumn,
    constraint_entries,
    index_entries,
    table_columns,
)
from dotdo_postgres.errors import PostgresError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.objects.tables import ConstraintEntry, IndexEntry, IndexKey

_ACTIONS = {"c": "CASCADE", "r": "RESTRICT", "n": "SET NULL", "d": "SET DEFAULT"}


def shown_relation(facts: Facts, noun: Noun, *, is_qualified: bool = False) -> str:
    """Write the name of a table, with its schema where the search path does not lead there."""
    schema, name = split_name(noun.name)
    if is_qualified or not facts.names.is_visible((schema, name)):
        return f"{quote_ident(schema)}.{quote_ident(name)}"
    return quote_ident(name)


def column_default(
    names: Names, noun: Noun, column: TableColumn, *, is_pretty: bool = False
) -> str | None:
    """Write a column's default or generation expression; None without."""
    if column.generated is not None:
        return shown_again(names, noun, column.generated, is_boolean=False, is_pretty=is_pretty)
    if column.default is not None:
        return default_text(names, column, column.default, is_pretty=is_pretty)
    if column.sequence is not None and not column.identity:
        return sequence_default(split_name(noun.name)[0], column.sequence)
    return None


def _listed(session_columns: Sequence[TableColumn], numbers: Sequence[int]) -> str:
    by_number = {column.number: column.name for column in session_columns}
    return ", ".join(quote_ident(by_number[number]) for number in numbers)


def constraint_definition(
    facts: Facts, noun: Noun, entry: ConstraintEntry, *, is_pretty: bool = False
) -> str:
    """Write a constraint as ALTER TABLE ... ADD CONSTRAINT would take it."""
    columns = table_columns(noun)
    if entry.kind == "c":
        condition = shown_again(
            facts.names, noun, entry.source, is_boolean=True, is_pretty=is_pretty
        )
        text = f"CHECK ({condition})"
    elif entry.kind in "pu":
        word = "PRIMARY KEY" if entry.kind == "p" else "UNIQUE"
        text = f"{word} ({_listed(columns, entry.columns)})"
    else:
        target = facts.names.catalog.noun(entry.target)
        assert target is not None
        there = _listed(table_columns(target), entry.target_columns)
        shown = shown_relation(facts, target)
        text = f"FOREIGN KEY ({_listed(columns, entry.columns)}) REFERENCES {shown}({there})"
        if entry.match == "f":
            text += " MATCH FULL"
        if entry.on_update in _ACTIONS:
            text += f" ON UPDATE {_ACTIONS[entry.on_update]}"
        if entry.on_delete in _ACTIONS:
            text += f" ON DELETE {_ACTIONS[entry.on_delete]}"
    if entry.is_deferrable:
        text += " DEFERRABLE"
    if entry.is_deferred:
        text += " INITIALLY DEFERRED"
    return text if entry.is_validated else f"{text} NOT VALID"


def index_key(
    facts: Facts, noun: Noun, key: IndexKey, *, is_pretty: bool = False, is_alone: bool = False
) -> str:
    """Write one column or expression of an index."""
    if key.physical is not None:
        text = quote_ident(key.name)
    else:
        text = shown_again(facts.names, noun, key.text, is_boolean=False, is_pretty=is_pretty)
        text = key_text(text, is_alone=is_alone)
    return text


def index_definition(
    facts: Facts,
    noun: Noun,
    index: IndexEntry,
    *,
    is_pretty: bool = False,
    is_qualified: bool = True,
) -> str:
    """Write CREATE INDEX."""
    keys = []
    for key in index.keys[: index.key_count]:
        text = index_key(facts, noun, key, is_pretty=is_pretty)
        if key.options & DESCENDING:
            text += " DESC" + ("" if key.options & NULLS_FIRST else " NULLS LAST")
        elif key.options & NULLS_FIRST:
            text += " NULLS FIRST"
        keys.append(text)
    unique = "UNIQUE " if index.is_unique else ""
    table = shown_relation(facts, noun, is_qualified=is_qualified)
    text = f"CREATE {unique}INDEX {quote_ident(index.name)} ON {table} USING {index.method} ({', '.join(keys)})"
    included = index.keys[index.key_count :]
    if included:
        text += f" INCLUDE ({', '.join(quote_ident(key.name) for key in included)})"
    if index.where is not None:
        condition = shown_again(
            facts.names, noun, index.where, is_boolean=True, is_pretty=is_pretty
        )
        text += f" WHERE {condition}"
    return text


def view_definition(facts: Facts, noun: Noun, *, is_pretty: bool = False, width: int = 0) -> str:
    """Return the query of a view; a form that cannot be shown line by line as it is kept."""
    names, columns = facts.names, [column.name for column in noun.columns]
    actor, names.actor = names.actor, Actor("")
    try:
        query = showing_binder(names).query(facts_of(noun)["query"], None)
        return f"{query_shown(names, query, columns, is_pretty=is_pretty, width=width)};"
    except PostgresError:
        return f" {facts_of(noun)['text']};"
    finally:
        names.actor = actor


def stored_expression(facts: Facts, token: str, *, is_pretty: bool = False) -> str | None:  # noqa: PLR0911 -- one form each
    """Write the expression that a column of type pg_node_tree stands for."""
    kind, _, rest = token.partition(" ")
    number, _, name = rest.partition(" ")
    if not number.isdigit():
        return token
    noun = facts.names.catalog.by_id.get(int(number))
    if noun is None:
        return None
    try:
        if kind == "d":
            column = next(c for c in table_columns(noun) if c.number == int(name))
            return column_default(facts.names, noun, column, is_pretty=is_pretty)
        if kind == "c":
            entry = next(e for e in constraint_entries(facts.names.catalog, noun) if e.name == name)
            return shown_again(
                facts.names, noun, entry.source, is_boolean=True, is_pretty=is_pretty
            )
        if kind in "xw":
            index = next(entry for entry in index_entries(noun) if entry.name == name)
            if kind == "w":
                assert index.where is not None
                return shown_again(
                    facts.names, noun, index.where, is_boolean=True, is_pretty=is_pretty
                )
            return ", ".join(
                shown_again(facts.names, noun, key.text, is_boolean=False, is_pretty=is_pretty)
                for key in index.keys
                if key.physical is None
            )
        if kind in "qh":
            policy = facts_of(noun)["policies"][name]
            return policy["using_text" if kind == "q" else "check_text"]  # type: ignore[no-any-return]  # JSON
        if kind == "k":
            check = next(c for c in facts_of(noun)["checks"] if c["name"] == name)
            return check["text"]  # type: ignore[no-any-return]  # JSON
    except (PostgresError, StopIteration):
        return None
    return None
