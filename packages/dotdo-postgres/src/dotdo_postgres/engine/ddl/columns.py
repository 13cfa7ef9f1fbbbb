"""Column definitions: types, defaults, serial, identity, generated; what of them SQLite can keep by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Column, Noun
from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.domains import base_of
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.catalog.expressions import expression_text
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.ddl.functions import require_immutable
from dotdo_postgres.engine.ddl.scopes import choose_name, persistent_scope
from dotdo_postgres.engine.ddl.sequence_options import serial_options
from dotdo_postgres.engine.dml.assign import assign, storage_node
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.relations import EXTRA, RelationColumn, canonical_type
from dotdo_postgres.engine.stored import storable_text
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


@dataclass(slots=True, frozen=True)
class ColumnType:
    """A column's type: OID and type modifier of what is kept, the domain it was declared as (0 without), whether it is a serial."""

    oid: int
    typmod: int
    is_serial: bool = False
    domain: int = 0


def column_type(planner: Planner, node: Node) -> ColumnType:
    """Read the type of a column definition.

    Raises:
        PostgresError: no such type (42704), a pseudo-type (42P16).
    """
    type_name = node["typeName"]
    name = type_name["names"][-1]["String"]["sval"]
    if len(type_name["names"]) == 1 and name in SERIALS and planner.names.type(None, name) is None:
        if type_name.get("arrayBounds"):
            raise error(
                "0A000", "array of serial is not implemented", position=type_name.get("location")
            )
        return ColumnType(SERIALS[name], -1, is_serial=True)
    oid, typmod = resolve_type(type_name, planner.names)
    if oid == t.BPCHAR and typmod < 0 and name == "bpchar" and len(type_name["names"]) > 1:
        typmod = 5
    pg_type = t.BY_OID[oid]
    if pg_type.kind == "p":
        raise error("42P16", f'column "{node["colname"]}" has pseudo-type {pg_type.sql_name}')
    if pg_type.kind == "d":
        base, base_typmod = base_of(pg_type)
        return ColumnType(base, base_typmod, domain=oid)
    return ColumnType(oid, typmod)


def make_column(  # noqa: C901 -- one clause for each kind of constraint
    planner: Planner, noun: Noun, node: Node, physical: str, number: int
) -> Column:
    """Make a noun's column of a column definition (its constraints of other kinds are read elsewhere).

    Args:
        planner: The statement's.
        noun: The table as far as it is made: generated columns read the others.
        node: Parse node of the definition.
        physical: Name in the file.
        number: `attnum`.

    Raises:
        PostgresError: whatever is wrong with type, default or generation expression.
    """
    kind = column_type(planner, node)
    facts: dict[str, Any] = {"oid": kind.oid, "typmod": kind.typmod, "number": number}
    if kind.domain:
        facts["domain"] = kind.domain
    is_nullable, is_serial, generated = not kind.is_serial, kind.is_serial, None
    for item in node.get("constraints", []):
        constraint = item["Constraint"]
        what = constraint["contype"]
        if what == "CONSTR_NOTNULL":
            is_nullable = False
        elif what == "CONSTR_DEFAULT":
            if "default" in facts or is_serial:
                bare = split_name(noun.name)[1]
                message = f'multiple default values specified for column "{node["colname"]}" of table "{bare}"'
                raise error("42601", message, position=constraint.get("location"))
            if not constraint["raw_expr"].get("A_Const", {}).get("isnull"):
                facts["default"] = constraint["raw_expr"]
        elif what == "CONSTR_IDENTITY":
            _identity(planner, noun, node, facts, constraint)
            is_nullable, is_serial = False, True
        elif what == "CONSTR_GENERATED":
            generated = constraint
    if is_serial and "sequence" not in facts:
        facts["sequence"] = sequence_name(planner, noun, node["colname"])
    column = Column(
        node["colname"],
        canonical_type(kind.oid, kind.typmod),
        physical,
        is_nullable,
        extra={EXTRA: facts},
    )
    if generated is not None:
        return _generated(planner, noun, column, facts, generated)
    if "default" in facts:
        return with_default(planner, column, facts)
    if kind.domain:
        return _domain_default(planner, column, facts, kind.domain)
    return column


def require_identity(oid: int) -> None:
    """See that a type can be an identity's (22023)."""
    if oid not in t.INTEGERS:
        raise error("22023", "identity column type must be smallint, integer, or bigint")


def _identity(
    planner: Planner, noun: Noun, node: Node, facts: dict[str, Any], constraint: Node
) -> None:
    bare = split_name(noun.name)[1]
    require_identity(facts["oid"])
    if "default" in facts:
        message = (
            f'both default and identity specified for column "{node["colname"]}" of table "{bare}"'
        )
        raise error("42601", message, position=constraint.get("location"))
    name, options = serial_options(planner, facts["oid"], constraint.get("options", []))
    facts["identity"] = constraint["generated_when"]
    facts["sequence"] = name or sequence_name(planner, noun, node["colname"])
    if options:
        facts["options"] = options


def _generated(
    planner: Planner, noun: Noun, column: Column, facts: dict[str, Any], constraint: Node
) -> Column:
    if "default" in facts:
        bare = split_name(noun.name)[1]
        message = f'both default and generation expression specified for column "{column.name}" of table "{bare}"'
        raise error("42601", message, position=constraint.get("location"))
    whole = msgspec.structs.replace(noun, columns=(*noun.columns, column))
    binder = planner.binder()
    scope, entry = persistent_scope(whole, "column generation expressions")
    require_immutable(planner, constraint["raw_expr"], "generation expression is not immutable")
    expr = assign(
        binder, binder.expression(constraint["raw_expr"], scope), relation_column(column), "default"
    )
    compiler = make_compiler(is_persistent=True)
    table_columns(compiler, entry, "")
    try:
        kept = storage_node(compiler, compiler.expression(expr), relation_column(column))
        text = storable_text(compiler, kept)
    except PostgresError as failure:
        if failure.sqlstate != "0A000":
            raise
        raise not_supported("a generated column that SQLite cannot compute by itself") from None
    if f'"{column.column}"' in text:
        message = f'cannot use generated column "{column.name}" in column generation expression'
        detail = "A generated column cannot reference another generated column."
        raise error("42P17", message, detail=detail)
    facts["generated"] = expression_text(
        planner.names, whole, constraint["raw_expr"], is_boolean=False
    )
    return msgspec.structs.replace(column, generated=text, extra={EXTRA: facts})


def sequence_name(planner: Planner, noun: Noun, column: str) -> str:
    """Return the name that PostgreSQL gives to the sequence of a serial column."""
    schema, bare = split_name(noun.name)
    own = {
        facts["sequence"] for c in noun.columns if (facts := c.extra.get(EXTRA, {})).get("sequence")
    }
    return choose_name(planner.names.taken(schema) | own, bare, column, "seq")


def relation_column(column: Column) -> RelationColumn:
    """Describe a noun's column that is not in the catalog yet."""
    facts = column.extra[EXTRA]
    return RelationColumn(
        column.name, column.column, facts["oid"], facts["typmod"], facts["number"], column.is_nullable, facts.get("default"),
        facts.get("sequence"), domain=facts.get("domain", 0),
    )  # fmt: skip


def with_default(planner: Planner, column: Column, facts: dict[str, Any]) -> Column:
    """Check a default now; keep it as SQLite text too where SQLite can compute it."""
    binder = planner.binder()
    target = relation_column(msgspec.structs.replace(column, extra={EXTRA: facts}))
    scope = Scope(clause="DEFAULT")
    expr = assign(binder, binder.expression(facts["default"], scope), target, "default")
    if _has_subquery(expr):
        raise error("0A000", "cannot use subquery in DEFAULT expression", position=expr.location)
    try:
        compiler = make_compiler(is_persistent=True)
        kept = storage_node(compiler, compiler.expression(expr), target)
        text: str | None = storable_text(compiler, kept)
    except PostgresError as failure:
        is_of_value = failure.sqlstate.startswith("22")  # told when a row takes the default
        if not is_of_value and failure.sqlstate != "0A000":
            raise
        text = None
    return msgspec.structs.replace(column, default=text, extra={**column.extra, EXTRA: facts})


def _has_subquery(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Subquery) or any(map(_has_subquery, ir.children(expr)))


def _domain_default(planner: Planner, column: Column, facts: dict[str, Any], domain: int) -> Column:
    noun = planner.names.catalog.by_id.get(domain - t.FIRST_USER_OID)
    default = None if noun is None else noun.extra[EXTRA].get("default")
    if default is None:
        return column
    inner = with_default(planner, column, facts | {"default": default})
    return msgspec.structs.replace(inner, extra={EXTRA: facts | {"domain_default": default}})
