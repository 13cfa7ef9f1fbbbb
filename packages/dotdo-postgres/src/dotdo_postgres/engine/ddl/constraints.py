"""Constraints of tables: keys, uniques, checks, foreign keys, with the names PostgreSQL generates."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Check, ForeignKey, Noun, Unique
from dotdo.storage.names import quoted
from dotdo_postgres.engine.catalog.expressions import expression_text
from dotdo_postgres.engine.coercion import can_coerce
from dotdo_postgres.engine.ddl.conditions import persistent_condition
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.scopes import choose_name
from dotdo_postgres.engine.ddl.soundness import require_key_columns
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import is_partitioned
from dotdo_postgres.engine.objects.kept import HIDDEN, MATCH_FULL, facts_of, kind_of
from dotdo_postgres.engine.objects.temporary import is_temporary
from dotdo_postgres.engine.relations import EXTRA, column_type, relation_of
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.relations import RelationColumn

Node = dict[str, Any]
UNEVEN = frozenset({t.INTERVAL, t.JSONB})
_ACTIONS: dict[str, Any] = {
    "a": "no action",
    "r": "restrict",
    "c": "cascade",
    "n": "set null",
    "d": "set default",
}


def names_in_use(noun: Noun) -> set[str]:
    """Return the names of a table's constraints and indexes."""
    found = {item.name for item in noun.uniques} | {
        item.name for item in noun.checks if not item.name.startswith(HIDDEN)
    }
    found |= {item.name for item in noun.foreign_keys} | {item.name for item in noun.indexes}
    return found | ({noun.key_name} if noun.key_name else set())


def physical(
    noun: Noun, names: list[str], location: int | None = None, message: str = ""
) -> tuple[str, ...]:
    """Return the physical names of columns.

    Raises:
        PostgresError: no such column (42703).
    """
    found = []
    for name in names:
        column = noun.column(name)
        if column is None:
            text = message or f'column "{name}" named in key does not exist'
            raise error("42703", text.format(name=name), position=location)
        found.append(column.column)
    return tuple(found)


def _keys(node: Node, column: str | None) -> list[str]:
    return [part["String"]["sval"] for part in node["keys"]] if "keys" in node else [column or ""]


def add_constraint(
    planner: Planner,
    noun: Noun,
    node: Node,
    column: str | None = None,
    taken: set[str] | None = None,
) -> Noun:
    """Add one constraint to a definition.

    Args:
        planner: The statement's.
        noun: The definition so far.
        node: Parse node of the constraint.
        column: Column it was written at, None for a table constraint.
        taken: Names of relations, which key names must not repeat.

    Returns:
        The new definition.

    Raises:
        PostgresError: 42703, 42P16, 42710, 42830, 0A000 ...
    """
    kind = node["contype"]
    add = _ADDERS.get(kind)
    if add is None:
        if kind in {
            "CONSTR_NOTNULL",
            "CONSTR_NULL",
            "CONSTR_DEFAULT",
            "CONSTR_IDENTITY",
            "CONSTR_GENERATED",
        } or kind.startswith("CONSTR_ATTR_"):
            return noun
        raise not_supported(f"constraint {kind.removeprefix('CONSTR_')}", node.get("location"))
    if "conname" in node and node["conname"] in names_in_use(noun):
        raise error(
            "42710",
            f'constraint "{node["conname"]}" for relation "{split_name(noun.name)[1]}" already exists',
        )
    made: Noun = add(
        planner,
        noun,
        node,
        column,
        taken if taken is not None else planner.names.taken(split_name(noun.name)[0]),
    )
    return made


def _primary(planner: Planner, noun: Noun, node: Node, column: str | None, taken: set[str]) -> Noun:
    if noun.key:
        message = f'multiple primary keys for table "{split_name(noun.name)[1]}" are not allowed'
        raise error("42P16", message, position=node.get("location"))
    columns = _key_columns(noun, node, column, "primary key")
    refuse_uneven(noun, columns, node.get("location"))
    name = node.get("conname") or choose_name(
        taken | names_in_use(noun), split_name(noun.name)[1], "", "pkey"
    )
    if name in taken:
        raise error("42P07", f'relation "{name}" already exists')
    made = tuple(
        msgspec.structs.replace(c, is_nullable=False) if c.column in columns else c
        for c in noun.columns
    )
    rowid = noun.rowid
    if len(columns) == 1 and noun.id == 0:
        (only,) = [c for c in noun.columns if c.column == columns[0]]
        rowid = only.column if only.type in {"smallint", "integer", "bigint"} else "_id"
    return msgspec.structs.replace(noun, key=columns, key_name=name, columns=made, rowid=rowid)


def _key_columns(noun: Noun, node: Node, column: str | None, what: str) -> tuple[str, ...]:
    names = _keys(node, column)
    require_key_columns(names, {c.name for c in noun.columns}, what, node.get("location"))
    return physical(noun, names, node.get("location"))


def refuse_uneven(noun: Noun, columns: tuple[str, ...], location: int | None = None) -> None:
    """Refuse uniqueness over types whose equal values may be kept as different bytes (0A000)."""
    for column in noun.columns:
        oid, _ = column_type(column)
        element = t.BY_OID[oid].element
        if column.column in columns and ({oid, element} & UNEVEN or element == t.NUMERIC):
            raise not_supported(f"a unique index on type {t.format_type(oid)}", location)


def _unique(planner: Planner, noun: Noun, node: Node, column: str | None, taken: set[str]) -> Noun:
    if node.get("nulls_not_distinct"):
        raise not_supported("UNIQUE NULLS NOT DISTINCT")
    names = _keys(node, column)
    columns = _key_columns(noun, node, column, "unique")
    refuse_uneven(noun, columns, node.get("location"))
    name = node.get("conname") or choose_name(
        taken | names_in_use(noun), split_name(noun.name)[1], "_".join(names), "key"
    )
    if name in taken:
        raise error("42P07", f'relation "{name}" already exists')
    return msgspec.structs.replace(noun, uniques=(*noun.uniques, Unique(name, columns)))


def _check(planner: Planner, noun: Noun, node: Node, column: str | None, taken: set[str]) -> Noun:
    text, used = persistent_condition(planner, noun, node["raw_expr"])
    label = column or (used[0] if len(used) == 1 else "")
    name = node.get("conname") or choose_name(
        names_in_use(noun), split_name(noun.name)[1], label, "check"
    )
    source = expression_text(planner.names, noun, node["raw_expr"], is_boolean=True)
    return msgspec.structs.replace(noun, checks=(*noun.checks, Check(name, text, source)))


def _foreign(planner: Planner, noun: Noun, node: Node, column: str | None, taken: set[str]) -> Noun:
    names = [part["String"]["sval"] for part in node.get("fk_attrs", [])] or [column or ""]
    message = 'column "{name}" referenced in foreign key constraint does not exist'
    target = _target(planner, noun, node["pktable"])
    columns = physical(noun, names, None, message)
    if is_documents(target):
        raise not_supported("a foreign key to a table that holds documents")
    target_columns = _target_columns(target, node)
    if is_partitioned(target):
        raise not_supported("a foreign key to a partitioned table")
    if len(columns) != len(target_columns):
        raise error(
            "42830", "number of referencing and referenced columns for foreign key disagree"
        )
    name = node.get("conname") or choose_name(
        names_in_use(noun), split_name(noun.name)[1], "_".join(names), "fkey"
    )
    check_types(noun, target, columns, target_columns, name)
    match = node.get("fk_matchtype", "s")
    if match == "p":
        raise error("0A000", "MATCH PARTIAL not yet implemented")
    if match == "f":
        noun = _whole_or_none(noun, name, columns)
    is_deferrable = bool(node.get("deferrable"))
    made = ForeignKey(
        name, columns, target.name, target_columns, _verb(names), _ACTIONS[node.get("fk_del_action", "a")],
        _ACTIONS[node.get("fk_upd_action", "a")], is_deferrable, bool(node.get("initdeferred")),
    )  # fmt: skip
    return msgspec.structs.replace(noun, foreign_keys=(*noun.foreign_keys, made))


def _whole_or_none(noun: Noun, name: str, columns: tuple[str, ...]) -> Noun:
    """Let MATCH FULL refuse a key of which only a part is NULL; it says which constraint it belongs to."""
    full = [*facts_of(noun).get("match_full", ()), name]
    noun = with_facts(noun, match_full=full)
    if len(columns) == 1:
        return noun
    nulls = " + ".join(f"({quoted(column)} is null)" for column in columns)
    check = Check(MATCH_FULL + name, f"{nulls} in (0, {len(columns)})")
    return msgspec.structs.replace(noun, checks=(*noun.checks, check))


def _verb(names: list[str]) -> str:
    return names[0].removesuffix("_id") if len(names) == 1 else ""


def _target(planner: Planner, noun: Noun, node: Node) -> Noun:
    name, schema = node["relname"], node.get("schemaname")
    own_schema, own = split_name(noun.name)
    target = planner.names.table(node)
    if name == own and (
        schema == own_schema or (schema is None and (target is None or target.id == noun.id))
    ):
        return noun
    if target is None:
        if schema is not None:
            planner.names.require_schema(schema)
        shown = name if schema is None else f"{schema}.{name}"
        raise error("42P01", f'relation "{shown}" does not exist')
    if kind_of(target) != "r":
        raise error("42809", f'referenced relation "{name}" is not a table')
    own_kind, their_kind = (
        "temporary" if is_temporary(split_name(one.name)[0]) else "permanent"
        for one in (noun, target)
    )
    if own_kind != their_kind:
        message = f"constraints on {own_kind} tables may reference only {own_kind} tables"
        raise error("42P16", message)
    return target


def _target_columns(target: Noun, node: Node) -> tuple[str, ...]:
    names = [part["String"]["sval"] for part in node.get("pk_attrs", [])]
    if not names:
        if not target.key:
            raise error(
                "42704",
                f'there is no primary key for referenced table "{split_name(target.name)[1]}"',
            )
        return target.key
    message = 'column "{name}" referenced in foreign key constraint does not exist'
    columns = physical(target, names, None, message)
    unique = [set(target.key), *(set(item.columns) for item in target.uniques)]
    plain = [
        set(_plain_terms(index.terms))
        for index in target.indexes
        if index.is_unique and index.where is None
    ]
    if set(columns) not in unique + plain:
        text = f'there is no unique constraint matching given keys for referenced table "{split_name(target.name)[1]}"'
        raise error("42830", text)
    return columns


def _plain_terms(terms: tuple[str, ...]) -> list[str]:
    return [term.strip('"') for term in terms]


def check_types(
    noun: Noun, target: Noun, columns: tuple[str, ...], target_columns: tuple[str, ...], name: str
) -> None:
    """See that a foreign key's columns can be compared.

    Raises:
        PostgresError: they cannot (42804), or are kept in different forms (0A000).
    """
    here = {c.physical: c for c in relation_of(noun).columns}
    there = {c.physical: c for c in relation_of(target).columns}
    for a, b in zip(columns, target_columns, strict=True):
        one, other = here[a], there[b]
        is_alike = one.type in _COMPARED.get(other.type, ()) or can_coerce(one.type, other.type)
        if is_alike and _form(one) != _form(other):
            types = f"{t.format_type(one.type)} to {t.format_type(other.type)}"
            raise not_supported(f"a foreign key from {types}, which are kept in different forms,")
        if not is_alike:
            raise error(
                "42804",
                f'foreign key constraint "{name}" cannot be implemented',
                detail=f'Key columns "{one.name}" and "{other.name}" are of incompatible types: '
                f"{t.format_type(one.type)} and {t.format_type(other.type)}.",
            )


_COMPARED = {
    t.INT2: {t.INT4, t.INT8},
    t.INT4: {t.INT8},
    t.FLOAT4: {t.FLOAT8},
    t.DATE: {t.TIMESTAMP, t.TIMESTAMPTZ},
    t.TIMESTAMP: {t.TIMESTAMPTZ},
    t.NAME: {t.TEXT},
}
"""Types that a key's index compares with, besides those that are cast to it by themselves."""


def _form(column: RelationColumn) -> object:
    """Return what tells how a column keeps its values: only equal forms of equal values are equal."""
    category = t.BY_OID[column.type].category
    if column.type == t.NUMERIC:
        return "bytes" if column.scale is None else column.scale or "number"
    if category == "D" or column.type == t.BPCHAR:
        return column.type
    return "number" if category == "N" else category


_ADDERS: dict[str, Any] = {
    "CONSTR_PRIMARY": _primary,
    "CONSTR_UNIQUE": _unique,
    "CONSTR_CHECK": _check,
    "CONSTR_FOREIGN": _foreign,
}
__all__ = [
    "EXTRA",
    "add_constraint",
    "names_in_use",
    "persistent_condition",
    "physical",
]
