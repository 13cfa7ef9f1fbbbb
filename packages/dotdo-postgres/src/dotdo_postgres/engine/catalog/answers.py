"""Answers to functions that write definitions: pg_get_expr, pg_get_constraintdef, pg_get_indexdef, pg_get_viewdef and their kin."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import ddl
from dotdo_postgres.engine.bind.domains import value_scope
from dotdo_postgres.engine.bind.make import make_binder
from dotdo_postgres.engine.bind.updatable import updatability, updatable_columns
from dotdo_postgres.engine.catalog import privileges
from dotdo_postgres.engine.catalog.definitions import (
    constraint_definition,
    index_definition,
    index_key,
    stored_expression,
    view_definition,
)
from dotdo_postgres.engine.catalog.deparse import Deparser
from dotdo_postgres.engine.catalog.expressions import (
    expression_text,
    parse_expression,
    showing_binder,
)
from dotdo_postgres.engine.catalog.pg_relations import descriptions
from dotdo_postgres.engine.catalog.regtypes import find_type, role_name
from dotdo_postgres.engine.catalog.routine_text import (
    argument_text,
    function_definition,
    result_text,
    trigger_definition,
)
from dotdo_postgres.engine.naming import quote_ident, split_definition
from dotdo_postgres.engine.objects.descent import bound_of, is_partitioned, parents_of
from dotdo_postgres.engine.objects.kept import derived_oid, facts_of, kind_of
from dotdo_postgres.engine.objects.lookup import index_of, relation_key, table_of
from dotdo_postgres.engine.objects.tables import constraint_entries
from dotdo_postgres.engine.partitioning import condition_text, key_text
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo.storage import Noun
    from dotdo_postgres.engine.facts import Facts


def get_expression(facts: Facts, tree: str, relation: int) -> str | None:
    """Write the expression of a default, check, index or policy."""
    return stored_expression(facts, tree)


def get_pretty_expression(facts: Facts, tree: str, relation: int, is_pretty: int) -> str | None:
    """Write the expression, without needless parentheses when asked for."""
    return stored_expression(facts, tree, is_pretty=bool(is_pretty))


def get_constraint(facts: Facts, oid: int) -> str | None:
    """Write a constraint."""
    return get_pretty_constraint(facts, oid, 0)


def get_pretty_constraint(facts: Facts, oid: int, is_pretty: int) -> str | None:
    """Write a constraint, without needless parentheses when asked for."""
    for noun in facts.names.objects.relations.values():
        for entry in constraint_entries(facts.names.catalog, noun):
            if entry.oid == oid:
                return constraint_definition(facts, noun, entry, is_pretty=bool(is_pretty))
    return _domain_constraint(facts, oid, is_pretty=bool(is_pretty))


def check_text(facts: Facts, noun: Noun, check: dict[str, Any], *, is_pretty: bool) -> str:
    """Write the condition of a domain's check."""
    if not is_pretty:
        return str(check["text"])
    told = facts_of(noun)
    binder = showing_binder(facts.names)
    expr = binder.boolean(check["tree"], value_scope(told["base"], told["typmod"]), "CHECK")
    return Deparser(is_pretty=True, qualify=lambda _: "VALUE").shown(expr)


def _domain_constraint(facts: Facts, oid: int, *, is_pretty: bool) -> str | None:
    for number in facts.names.objects.types.values():
        noun = facts.names.catalog.by_id.get(number - FIRST_OID)
        if noun is None:
            continue
        for check in facts_of(noun).get("checks", ()):
            if derived_oid(noun, "c", check["name"]) == oid:
                return f"CHECK ({check_text(facts, noun, check, is_pretty=is_pretty)})"
    return None


def get_index(facts: Facts, oid: int) -> str | None:
    """Write CREATE INDEX."""
    found = index_of(facts.names, oid)
    return None if found is None else index_definition(facts, *found)


def get_index_part(facts: Facts, oid: int, column: int, is_pretty: int) -> str | None:
    """Write CREATE INDEX, or one column of the index."""
    found = index_of(facts.names, oid)
    if found is None:
        return None
    noun, index = found
    if column == 0:
        return index_definition(
            facts, noun, index, is_pretty=bool(is_pretty), is_qualified=not is_pretty
        )
    if not 0 < column <= len(index.keys):
        return ""
    return index_key(facts, noun, index.keys[column - 1], is_pretty=bool(is_pretty), is_alone=True)


def get_view(facts: Facts, oid: int) -> str | None:
    """Write the query of a view."""
    noun = table_of(facts.names, oid)
    return None if noun is None or kind_of(noun) == "r" else view_definition(facts, noun)


def get_pretty_view(facts: Facts, oid: int, how: int) -> str | None:
    """Write the query of a view, without needless parentheses where asked for."""
    noun = table_of(facts.names, oid)
    if noun is None or kind_of(noun) == "r":
        return None
    return view_definition(facts, noun, is_pretty=bool(how))


def get_wrapped_view(facts: Facts, oid: int, width: int) -> str | None:
    """Write the query of a view, on lines of so many letters."""
    noun = table_of(facts.names, oid)
    if noun is None or kind_of(noun) == "r":
        return None
    return view_definition(facts, noun, is_pretty=True, width=width)


def get_view_named(facts: Facts, name: str) -> str | None:
    """Write the query of the view of that name."""
    return get_view(facts, facts.names.read_reg(t.REGCLASS, name))


def get_pretty_view_named(facts: Facts, name: str, is_pretty: int) -> str | None:
    """Write the query of the view of that name."""
    return get_pretty_view(facts, facts.names.read_reg(t.REGCLASS, name), is_pretty)


def get_rule(facts: Facts, oid: int) -> str | None:
    """Write the rule that makes a view; there are no others."""
    return get_pretty_rule(facts, oid, 0)


def get_pretty_rule(facts: Facts, oid: int, is_pretty: int) -> str | None:
    """Write the rule that makes a view; there are no others."""
    for (schema, name), noun in facts.names.objects.relations.items():
        if kind_of(noun) in "vm" and derived_oid(noun, "r", "") == oid:
            shown = f"{quote_ident(schema)}.{quote_ident(name)}"
            return f'CREATE RULE "_RETURN" AS\n    ON SELECT TO {shown} DO INSTEAD {view_definition(facts, noun)}'
    return None


def get_trigger(facts: Facts, oid: int) -> str | None:
    """Write CREATE TRIGGER."""
    return get_pretty_trigger(facts, oid, 0)


def get_pretty_trigger(facts: Facts, oid: int, is_pretty: int) -> str | None:
    """Write CREATE TRIGGER."""
    for noun in facts.names.objects.relations.values():
        for name in facts_of(noun).get("triggers", {}):
            if derived_oid(noun, "g", name) == oid:
                return trigger_definition(facts, noun, name, is_pretty=bool(is_pretty))
    return None


def get_partition_key(facts: Facts, oid: int) -> str | None:
    """Write the partition key of a table, NULL when it has none."""
    noun = table_of(facts.names, oid)
    return key_text(noun) if noun is not None and is_partitioned(noun) else None


def get_partition_constraint(facts: Facts, oid: int) -> str | None:
    """Write what the rows of a partition keep, NULL for any other table."""
    noun = table_of(facts.names, oid)
    bound = None if noun is None else bound_of(noun)
    if noun is None or bound is None:
        return None
    catalog = facts.names.catalog
    text = condition_text(catalog, parents_of(catalog, noun)[0], bound, noun.id)
    if text is None:
        return None
    return expression_text(facts.names, noun, parse_expression(text), is_boolean=True)


def get_statistics_columns(facts: Facts, oid: int) -> str | None:
    """Return nothing: there are no extended statistics."""
    return None


def _function(facts: Facts, oid: int) -> Noun | None:
    noun = facts.names.catalog.by_id.get(oid - FIRST_OID)
    return noun if noun is not None and split_definition(noun.name)[0] == "function" else None


def get_function(facts: Facts, oid: int) -> str | None:
    """Write CREATE FUNCTION."""
    noun = _function(facts, oid)
    return None if noun is None else function_definition(noun)


def get_arguments(facts: Facts, oid: int) -> str | None:
    """Write a function's arguments with their defaults."""
    noun = _function(facts, oid)
    return _own_arguments(oid) if noun is None else argument_text(noun, with_defaults=True)


def get_identity_arguments(facts: Facts, oid: int) -> str | None:
    """Write a function's arguments as they identify it."""
    noun = _function(facts, oid)
    return _own_arguments(oid) if noun is None else argument_text(noun, with_defaults=False)


def get_result(facts: Facts, oid: int) -> str | None:
    """Write a function's result type."""
    noun = _function(facts, oid)
    if noun is not None:
        return result_text(noun)
    row = _own_function(oid)
    return None if row is None else ("SETOF " if row[5] else "") + t.format_type(row[2])


def _own_function(oid: int) -> tuple[int, tuple[int, ...], int, int, str, bool, int, str] | None:
    from dotdo_postgres.spec.functions import FUNCTIONS

    return next((row for rows in FUNCTIONS.values() for row in rows if row[0] == oid), None)


def _own_arguments(oid: int) -> str | None:
    row = _own_function(oid)
    return None if row is None else ", ".join(t.format_type(kind) for kind in row[1])


def get_serial_sequence(facts: Facts, table: str, column: str) -> str | None:
    """Return the name of the sequence of a column.

    Raises:
        PostgresError: no such table (42P01) or column (42703).
    """
    noun = table_of(facts.names, facts.names.read_reg(t.REGCLASS, table))
    if noun is None or noun.column(column) is None:
        from dotdo_postgres.engine.objects.search_path import split_qualified

        shown = split_qualified(table)[1]
        raise error("42703", f'column "{column}" of relation "{shown}" does not exist')
    for (schema, name), sequence in facts.names.objects.sequences.items():
        if sequence.owner == (noun.id, column):
            return f"{quote_ident(schema)}.{quote_ident(name)}"
    return None


def find_type_named(facts: Facts, text: str) -> int | None:
    """Return the type of that name, NULL when there is none."""
    return find_type(facts.names, text)


def describe(facts: Facts, oid: int, catalog: int | None, part: int) -> str | None:
    """Return a comment; any catalog's when none is named."""
    derived = facts.names.catalog.derived
    found = derived.get(describe)
    if not isinstance(found, dict):
        found = derived[describe] = {
            (row["objoid"], row["classoid"], row["objsubid"]): row["description"]
            for row in descriptions(facts.names)
        }
    if catalog is not None:
        return found.get((oid, catalog, part))
    texts = [text for (number, _, place), text in found.items() if (number, place) == (oid, part)]
    return texts[0] if texts else None


def describe_shared(facts: Facts, oid: int, catalog: str) -> str | None:
    """Return the comment of a role or of the database."""
    name = role_name(facts.names, oid) if catalog == "pg_authid" else facts.database
    kind = {"pg_authid": "role", "pg_database": "database"}.get(catalog, "")
    noun = facts.names.catalog.by_name.get(f"$shared {kind}.{name}")
    return None if noun is None else facts_of(noun).get("comment")


def role_of(facts: Facts, oid: int) -> str | None:
    """Return the name of a role."""
    return role_name(facts.names, oid)


def is_relation_updatable(facts: Facts, oid: int) -> int:
    """Return which statements can write to a relation."""
    noun = facts.names.catalog.by_id.get(oid - FIRST_OID)
    return 0 if noun is None else updatability(make_binder(facts.names), noun)


def is_column_updatable(facts: Facts, oid: int, number: int) -> int:
    """Tell whether a column of a relation can be written."""
    noun = facts.names.catalog.by_id.get(oid - FIRST_OID)
    columns = None if noun is None else updatable_columns(make_binder(facts.names), noun)
    if noun is None or columns is None or not 0 < number <= len(noun.columns):
        return 0
    return int(noun.columns[number - 1].name in columns)


ANSWERS: dict[str, Callable[..., Any]] = {
    **privileges.ANSWERS,
    "is_relation_updatable": is_relation_updatable,
    "is_column_updatable": is_column_updatable,
    "describe": describe,
    "describe_shared": describe_shared,
    "find_type_named": find_type_named,
    "get_arguments": get_arguments,
    "get_constraint": get_constraint,
    "get_expression": get_expression,
    "get_function": get_function,
    "get_identity_arguments": get_identity_arguments,
    "get_index": get_index,
    "get_index_part": get_index_part,
    "get_partition_constraint": get_partition_constraint,
    "get_partition_key": get_partition_key,
    "get_pretty_constraint": get_pretty_constraint,
    "get_pretty_expression": get_pretty_expression,
    "get_pretty_rule": get_pretty_rule,
    "get_pretty_trigger": get_pretty_trigger,
    "get_pretty_view": get_pretty_view,
    "get_pretty_view_named": get_pretty_view_named,
    "get_result": get_result,
    "get_rule": get_rule,
    "get_serial_sequence": get_serial_sequence,
    "get_statistics_columns": get_statistics_columns,
    "get_trigger": get_trigger,
    "get_view": get_view,
    "get_wrapped_view": get_wrapped_view,
    "get_view_named": get_view_named,
    "role_of": role_of,
}


class Answers:
    """Answers what functions ask of the catalog.

    Args:
        facts: The session's.
        read: Runs a reading statement of the kernel.
    """

    def __init__(self, facts: Facts, read: Callable[[str, tuple[str, ...]], list[Any]]) -> None:
        self._facts = facts
        self._read = read

    def ask(self, name: str, *arguments: Any) -> Any:
        """Return the answer; NULL is None."""
        if name == "size_of":
            return self._size(*arguments)
        return ANSWERS[name](self._facts, *arguments)

    def _size(self, oid: int) -> int | None:
        """Return the bytes that a relation takes in the file, all of it for 0."""
        if oid == 0:
            ((pages, page_bytes),) = self._read(
                "select * from pragma_page_count, pragma_page_size", ()
            )
            return int(pages) * int(page_bytes)
        noun = table_of(self._facts.names, oid)
        index = index_of(self._facts.names, oid)
        if noun is not None:
            name = noun.table
        elif index is not None:
            name = ddl.index_name(index[0], index[1].name)
        else:
            return None if relation_key(self._facts.names, oid) is None else 0
        ((found,),) = self._read("select sum(pgsize) from dbstat where name = ?", (name,))
        return int(found or 0)
