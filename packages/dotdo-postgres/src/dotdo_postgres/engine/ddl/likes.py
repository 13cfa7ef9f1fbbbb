"""LIKE in CREATE TABLE: columns of another table, and what else of it INCLUDING names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo_postgres.engine.ddl.soundness import table_liked
from dotdo_postgres.engine.objects.kept import HIDDEN
from dotdo_postgres.engine.relations import EXTRA, relation_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]
COMMENTS, CONSTRAINTS, DEFAULTS, GENERATED, IDENTITY, INDEXES = 1, 4, 8, 16, 32, 64


def with_likes(planner: Planner, noun: Noun, elements: list[Node]) -> tuple[list[Node], Noun]:
    """Put what LIKE stands for in its place.

    Args:
        planner: The statement's.
        noun: The new table.
        elements: As written.

    Returns:
        Elements without LIKE, and the table.

    Raises:
        PostgresError: no such table (42P01).
    """
    found: list[Node] = []
    for element in elements:
        like = element.get("TableLikeClause")
        if like is None:
            found.append(element)
            continue
        source = table_liked(planner, like)
        found += _elements(source, like.get("options", 0))
    return found, noun


def _elements(source: Noun, options: int) -> list[Node]:
    made = [column_node(column, source, options) for column in relation_of(source).columns]
    if options & CONSTRAINTS:
        from dotdo_postgres.engine.catalog.expressions import parse_expression

        made += [
            {
                "Constraint": {
                    "contype": "CONSTR_CHECK",
                    "conname": c.name,
                    "raw_expr": parse_expression(c.source),
                }
            }
            for c in source.checks
            if c.source and not c.name.startswith(HIDDEN)
        ]
    if options & INDEXES:
        names = {column.column: column.name for column in source.columns}
        if source.key:
            keys = [{"String": {"sval": names[c]}} for c in source.key]
            made.append({"Constraint": {"contype": "CONSTR_PRIMARY", "keys": keys}})
        for unique in source.uniques:
            keys = [{"String": {"sval": names[c]}} for c in unique.columns]
            made.append({"Constraint": {"contype": "CONSTR_UNIQUE", "keys": keys}})
    return made


def column_node(column: Any, source: Noun, options: int) -> Node:
    """Write a column of a table as the node of a column definition."""
    pg_type = t.BY_OID[column.domain or column.type]
    array = pg_type.category == "A" and pg_type.element != 0
    base = t.BY_OID[pg_type.element] if array else pg_type
    names = [{"String": {"sval": "pg_catalog"}}] if base.oid < t.FIRST_USER_OID else []
    type_name: Node = {
        "names": [*names, {"String": {"sval": base.name}}],
        "typmods": _modifiers(column),
    }
    if array:
        type_name["arrayBounds"] = [{"Integer": {"ival": -1}}]
    if not type_name["typmods"]:
        del type_name["typmods"]
    constraints: list[Node] = []
    if not column.is_nullable:
        constraints.append({"Constraint": {"contype": "CONSTR_NOTNULL"}})
    if column.default is not None and options & DEFAULTS:
        constraints.append(
            {"Constraint": {"contype": "CONSTR_DEFAULT", "raw_expr": column.default}}
        )
    if column.sequence and not column.identity and options & DEFAULTS:
        constraints.append(
            {
                "Constraint": {
                    "contype": "CONSTR_DEFAULT",
                    "raw_expr": _nextval(source, column.sequence),
                }
            }
        )
    if column.generated is not None and options & GENERATED:
        constraints.append({"Constraint": _generated(column.generated)})
    if column.identity and options & IDENTITY:
        constraints.append(
            {"Constraint": {"contype": "CONSTR_IDENTITY", "generated_when": column.identity}}
        )
    return {
        "ColumnDef": {"colname": column.name, "typeName": type_name, "constraints": constraints}
    }


def _generated(text: str) -> Node:
    from dotdo_postgres.engine.catalog.expressions import parse_expression

    return {
        "contype": "CONSTR_GENERATED",
        "generated_when": "a",
        "raw_expr": parse_expression(text),
    }


def _nextval(source: Noun, sequence: str) -> Node:
    from dotdo_postgres.engine.catalog.expressions import parse_expression, sequence_default
    from dotdo_postgres.engine.naming import split_name

    schema, bare = split_name(sequence)
    return parse_expression(
        sequence_default(schema if "." in sequence else split_name(source.name)[0], bare)
    )


def _modifiers(column: Any) -> list[Node]:
    if column.typmod < 0 or column.domain:
        return []
    values: list[int]
    if column.type == t.NUMERIC:
        values = list(t.numeric_limits(column.typmod))
    elif column.type in {t.VARCHAR, t.BPCHAR}:
        values = [column.typmod - 4]
    else:
        values = [column.typmod]
    return [{"A_Const": {"ival": {"ival": value}}} for value in values]


__all__ = ["EXTRA", "msgspec", "with_likes"]
