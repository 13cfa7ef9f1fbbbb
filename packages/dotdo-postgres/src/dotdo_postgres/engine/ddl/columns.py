"""Column definitions: types, defaults, serial and identity, what of them SQLite can keep by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import Column
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.dml.assign import assign, storage_node
from dotdo_postgres.engine.relations import EXTRA, RelationColumn, canonical_type
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]
SERIALS = {
    "serial": t.INT4,
    "serial4": t.INT4,
    "bigserial": t.INT8,
    "serial8": t.INT8,
    "smallserial": t.INT2,
    "serial2": t.INT2,
}


def column_type(node: Node) -> tuple[int, int, bool]:
    """Return OID, type modifier and whether the type is a serial."""
    type_name = node["typeName"]
    name = type_name["names"][-1]["String"]["sval"]
    if len(type_name["names"]) == 1 and name in SERIALS:
        return SERIALS[name], -1, True
    oid, typmod = resolve_type(type_name)
    if oid == t.BPCHAR and typmod < 0 and name == "bpchar" and len(type_name["names"]) > 1:
        typmod = 5
    if t.BY_OID[oid].kind == "p":
        raise error("42P16", f'column "{node["colname"]}" has pseudo-type {t.BY_OID[oid].sql_name}')
    return oid, typmod, False


def make_column(planner: Planner, table: str, node: Node, physical: str, number: int) -> Column:
    """Make a noun's column of a column definition (its constraints of other kinds are read elsewhere)."""
    oid, typmod, is_serial = column_type(node)
    facts: dict[str, Any] = {"oid": oid, "typmod": typmod, "number": number}
    is_nullable = not is_serial
    for item in node.get("constraints", []):
        constraint = item["Constraint"]
        kind = constraint["contype"]
        if kind == "CONSTR_NOTNULL":
            is_nullable = False
        elif kind == "CONSTR_DEFAULT":
            facts["default"] = constraint["raw_expr"]
        elif kind == "CONSTR_IDENTITY":
            facts["identity"] = constraint["generated_when"]
            is_nullable, is_serial = False, True
        elif kind == "CONSTR_GENERATED":
            raise not_supported("a generated column", constraint.get("location"))
    if is_serial:
        facts["sequence"] = sequence_name(table, node["colname"])
    column = Column(
        node["colname"], canonical_type(oid, typmod), physical, is_nullable, extra={EXTRA: facts}
    )
    if "default" in facts:
        return _with_default(planner, column, facts)
    return column


def sequence_name(table: str, column: str) -> str:
    """Return the name PostgreSQL gives to the sequence of a serial column."""
    return make_object_name(table, column, "seq")


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


def relation_column(column: Column) -> RelationColumn:
    """Describe a noun's column that is not in the catalog yet."""
    facts = column.extra[EXTRA]
    return RelationColumn(
        column.name,
        column.column,
        facts["oid"],
        facts["typmod"],
        facts["number"],
        column.is_nullable,
        facts.get("default"),
        facts.get("sequence"),
    )


def _with_default(planner: Planner, column: Column, facts: dict[str, Any]) -> Column:
    """Check a default now; keep it as SQLite text too where SQLite can compute it."""
    import msgspec

    binder = planner.binder()
    expr = assign(
        binder,
        binder.expression(facts["default"], Scope(clause="DEFAULT")),
        relation_column(column),
        "default",
    )
    try:
        compiler = make_compiler(is_persistent=True)
        text: str | None = n.to_text(
            storage_node(compiler, compiler.expression(expr), relation_column(column))
        )
    except PostgresError as failure:
        if failure.sqlstate != "0A000":
            raise
        text = None
    return msgspec.structs.replace(column, default=text)
