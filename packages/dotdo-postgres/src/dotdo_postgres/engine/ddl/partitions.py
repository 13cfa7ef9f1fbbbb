"""PARTITION BY and FOR VALUES: keys and bounds read, held against the other partitions, and kept as a condition on rows."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Check, Noun
from dotdo.storage.names import quoted
from dotdo_postgres.engine.catalog.expressions import expression_text, parse_expression
from dotdo_postgres.engine.ddl.conditions import persistent_condition
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.scopes import persistent_scope
from dotdo_postgres.engine.naming import quote_ident, split_name
from dotdo_postgres.engine.objects.descent import (
    DEFAULT,
    HASH,
    LIST,
    RANGE,
    Bound,
    ancestors_of,
    bound_of,
    children_of,
)
from dotdo_postgres.engine.objects.kept import PARTITION
from dotdo_postgres.engine.partitioning import (
    Key,
    compare_edges,
    condition_text,
    keys_of,
    lower_edge,
    read_datum,
    strategy_of,
    upper_edge,
)
from dotdo_postgres.engine.relations import column_type
from dotdo_postgres.engine.type_nodes import type_name
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.hashing import can_hash

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_STRATEGIES = {
    "PARTITION_STRATEGY_LIST": LIST,
    "PARTITION_STRATEGY_RANGE": RANGE,
    "PARTITION_STRATEGY_HASH": HASH,
}


def partition_facts(planner: Planner, noun: Noun, node: Node) -> dict[str, Any]:
    """Read PARTITION BY.

    Raises:
        PostgresError: no such column (42703), several columns for a list (42P17), a type that is not ordered (42704).
    """
    strategy = _STRATEGIES[node["strategy"]]
    elements = [item["PartitionElem"] for item in node["partParams"]]
    if strategy == LIST and len(elements) > 1:
        message = 'cannot use "list" partition strategy with more than one column'
        raise error("42P17", message)
    return {
        "strategy": strategy,
        "keys": [_key(planner, noun, element, strategy) for element in elements],
    }


def _key(planner: Planner, noun: Noun, element: Node, strategy: str) -> dict[str, Any]:
    if element.get("opclass"):
        raise not_supported("an operator class of a partition key", element.get("location"))
    if "name" in element:
        column = noun.column(element["name"])
        if column is None:
            message = f'column "{element["name"]}" named in partition key does not exist'
            raise error("42703", message, position=element.get("location"))
        if column.generated is not None:
            detail = f'Column "{column.name}" is a generated column.'
            message = "cannot use generated column in partition key"
            raise error("42P17", message, detail=detail, position=element.get("location"))
        oid, typmod = column_type(column)
        found: dict[str, Any] = {"column": column.name, "text": quote_ident(column.name)}
    else:
        binder = planner.binder()
        scope, _ = persistent_scope(noun, "partition key expression")
        expr = binder.known(binder.expression(element["expr"], scope))
        oid, typmod = expr.type, expr.typmod
        text = expression_text(planner.names, noun, element["expr"], is_boolean=False)
        found = {"text": text, "tree": element["expr"]}
    _require_order(oid, strategy)
    return found | {"type": oid, "typmod": typmod}


def _require_order(oid: int, strategy: str) -> None:
    method = "hash" if strategy == HASH else "btree"
    if oid in {t.JSON, 600, 603, 718, 142}:
        shown = t.format_type(oid)
        message = f'data type {shown} has no default operator class for access method "{method}"'
        hint = (
            f"You must specify a {method} operator class or define a default {method}"
            " operator class for the data type."
        )
        raise error("42704", message, hint=hint)
    if strategy == HASH and not can_hash(oid):
        raise not_supported(f"partitions by the hash of {t.format_type(oid)}")
    if t.BY_OID[oid].category in {"A", "R", "C"} or oid in {t.INTERVAL, t.JSONB}:
        raise not_supported(f"partitions by type {t.format_type(oid)}")


# --- bounds --------------------------------------------------------------------------------


def read_bound(session: Session, parent: Noun, node: Node, name: str) -> Bound:
    """Read FOR VALUES.

    Raises:
        PostgresError: it does not fit the way the parent is divided (42P16), an empty range (42P17).
    """
    strategy, keys = strategy_of(parent), keys_of(parent)
    if node.get("is_default"):
        if strategy == HASH:
            message = "a hash-partitioned table may not have a default partition"
            raise error("42P16", message)
        return {"kind": DEFAULT}
    given = {"l": LIST, "r": RANGE, "h": HASH}[node["strategy"]]
    if given != strategy:
        message = f"invalid bound specification for a {strategy} partition"
        raise error("42P16", message, position=node.get("location"))
    if strategy == HASH:
        return _hash_bound(node)
    if strategy == LIST:
        values: list[Any] = []
        for item in node["listdatums"]:
            datum = _value(session, keys[0], item)
            if datum not in values:
                values.append(datum)
        return {"kind": LIST, "values": values}
    return _range_bound(session, keys, node, name)


def _hash_bound(node: Node) -> Bound:
    modulus, remainder = node.get("modulus", 0), node.get("remainder", 0)
    if modulus <= 0:
        raise error(
            "42P16", "modulus for hash partition must be an integer value greater than zero"
        )
    if remainder < 0:
        message = (
            "remainder for hash partition must be an integer value greater than or equal to zero"
        )
        raise error("42P16", message)
    if remainder >= modulus:
        raise error("42P16", "remainder for hash partition must be less than modulus")
    return {"kind": HASH, "modulus": modulus, "remainder": remainder}


def _range_bound(session: Session, keys: list[Key], node: Node, name: str) -> Bound:
    for side, word in (("lowerdatums", "FROM"), ("upperdatums", "TO")):
        if len(node[side]) != len(keys):
            message = f"{word} must specify exactly one value per partitioning column"
            raise error("42P16", message)
    bound: Bound = {
        "kind": RANGE,
        "lower": _edge(session, keys, node["lowerdatums"]),
        "upper": _edge(session, keys, node["upperdatums"]),
    }
    if compare_edges(lower_edge(bound, keys), upper_edge(bound, keys)) >= 0:
        message = f'empty range bound specified for partition "{name}"'
        raise error("42P17", message, position=node.get("location"))
    return bound


def _edge(session: Session, keys: list[Key], items: list[Node]) -> list[Any]:
    found: list[Any] = []
    for key, item in zip(keys, items, strict=True):
        fields = item.get("ColumnRef", {}).get("fields", [])
        word = fields[0].get("String", {}).get("sval") if len(fields) == 1 else None
        if word in {"minvalue", "maxvalue"}:
            found.append({"kind": word})
            continue
        before = found[-1].get("kind") if found else None
        if before:
            message = f"every bound following {before.upper()} must also be {before.upper()}"
            raise error("42804", message)
        datum = _value(session, key, item)
        if datum.get("is_null"):
            raise error("42P17", "cannot specify NULL in range bound")
        found.append(datum)
    for one, after in itertools.pairwise(found):
        if "kind" in one and one != after:
            word = one["kind"].upper()
            raise error("42804", f"every bound following {word} must also be {word}")
    return found


def _value(session: Session, key: Key, node: Node) -> dict[str, Any]:
    """Compute a value of a bound now."""
    if "ColumnRef" in node:
        message = "cannot use column reference in partition bound expression"
        raise error("42P10", message, position=node["ColumnRef"].get("location"))
    cast = {"TypeCast": {"arg": node, "typeName": type_name(t.BY_OID[key.type])}}
    query = {
        "targetList": [{"ResTarget": {"val": cast, "name": "bound"}}],
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }
    result = session.run_inside(session.plan_inside({"SelectStmt": query}))
    assert result.columns is not None
    value = result.rows[0][0]
    return {"is_null": True} if value is None else {"text": result.columns[0].codec.to_text(value)}


def require_free(session: Session, parent: Noun, bound: Bound, name: str) -> None:
    """See that no other partition holds what a new one is to hold.

    Raises:
        PostgresError: one does (42P17).
    """
    catalog, keys = session.kernel.catalog, keys_of(parent)
    for child in children_of(catalog, parent):
        other = bound_of(child)
        if other is None:
            continue
        label = split_name(child.name)[1]
        if bound["kind"] == other["kind"] == DEFAULT:
            message = f'partition "{name}" conflicts with existing default partition "{label}"'
            raise error("42P17", message)
        if _overlap(keys, bound, other):
            raise error("42P17", f'partition "{name}" would overlap partition "{label}"')
        if bound["kind"] == HASH:
            _require_factor(bound["modulus"], other["modulus"], label)


def _require_factor(modulus: int, other: int, label: str) -> None:
    larger, smaller = max(modulus, other), min(modulus, other)
    if larger % smaller:
        word = "a factor of" if modulus < other else "divisible by"
        detail = (
            f"The new modulus {modulus} is not {word} {other}, the modulus of existing"
            f' partition "{label}".'
        )
        message = "every hash partition modulus must be a factor of the next larger modulus"
        raise error("42P17", message, detail=detail)


def _overlap(keys: list[Key], one: Bound, other: Bound) -> bool:
    if DEFAULT in {one["kind"], other["kind"]}:
        return False
    if one["kind"] == HASH:
        shared = min(one["modulus"], other["modulus"])
        return bool(one["remainder"] % shared == other["remainder"] % shared)
    if one["kind"] == LIST:
        first, second = (
            [None if d.get("is_null") else read_datum(keys[0].type, d["text"]) for d in b["values"]]
            for b in (one, other)
        )
        return any(value in second for value in first)
    return (
        compare_edges(lower_edge(one, keys), upper_edge(other, keys)) < 0
        and compare_edges(lower_edge(other, keys), upper_edge(one, keys)) < 0
    )


# --- the condition on rows -----------------------------------------------------------------


def with_condition(session: Session, noun: Noun, *, but: int = 0) -> Noun:
    """Return a partition with the check that its rows are within its bound, and those of what it is a part of."""
    catalog = session.kernel.catalog
    texts = []
    for one in [noun, *(a for a in ancestors_of(catalog, noun) if bound_of(a) is not None)]:
        bound, parents = bound_of(one), ancestors_of(catalog, one)
        assert bound is not None
        if bound["kind"] == HASH:
            continue
        text = condition_text(catalog, parents[0], bound, but or one.id)
        texts += [text] if text else []
    checks = tuple(check for check in noun.checks if check.name != PARTITION)
    if texts:
        tree = parse_expression(" AND ".join(f"({text})" for text in texts))
        try:
            compiled, _ = persistent_condition(session.planner(), noun, tree)
        except PostgresError as failure:
            if failure.sqlstate != "0A000":
                raise
            raise not_supported("partitions by a key that SQLite cannot compute itself") from None
        checks = (*checks, Check(PARTITION, compiled))
    return msgspec.structs.replace(noun, checks=checks)


def require_default_free(session: Session, parent: Noun, bound: Bound) -> None:
    """See that the default partition holds no rows of a new one, and that it never will.

    Raises:
        PostgresError: it does (23514).
    """
    from dotdo.errors import CheckViolation
    from dotdo.storage import alter_noun

    for child in children_of(session.kernel.catalog, parent):
        if (bound_of(child) or bound)["kind"] != DEFAULT:
            continue
        for keeper in [child]:
            changed = with_condition(session, keeper)
            try:
                alter_noun(session.kernel, changed)
            except CheckViolation:
                label = split_name(child.name)[1]
                message = (
                    f'updated partition constraint for default partition "{label}"'
                    " would be violated by some row"
                )
                raise error("23514", message, table=label) from None


def require_rows(session: Session, noun: Noun) -> None:
    """See that the rows of a table that becomes a partition are within its bound.

    Raises:
        PostgresError: one is not (23514).
    """
    check = next((one for one in noun.checks if one.name == PARTITION), None)
    if check is None:
        return
    sql = f"select 1 from {quoted(noun.table)} where not ({check.sql}) limit 1"  # noqa: S608 -- quoted, the catalog's own text
    if session.kernel.read(sql):
        label = split_name(noun.name)[1]
        message = f'partition constraint of relation "{label}" is violated by some row'
        raise error("23514", message, table=label)


__all__ = ["Bound", "partition_facts", "read_bound", "with_condition", "with_facts"]
