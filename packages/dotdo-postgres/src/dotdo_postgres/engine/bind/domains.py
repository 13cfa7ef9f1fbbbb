"""Domains in expressions: a value made one is held against NOT NULL and the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.query import Entry, OutputColumn
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.compile.compiler import Compiler


def base_of(pg_type: t.PgType) -> tuple[int, int]:
    """Return what a domain is made of in the end: OID and type modifier."""
    oid, typmod = pg_type.base, pg_type.base_typmod
    while t.BY_OID[oid].kind == "d":
        pg_type = t.BY_OID[oid]
        oid, typmod = pg_type.base, pg_type.base_typmod if typmod < 0 else typmod
    return oid, typmod


def base_type(oid: int, typmod: int = -1) -> tuple[int, int, int]:
    """Return what values of a type are kept as: OID, type modifier, and the domain, 0 without."""
    found = t.BY_OID.get(oid)
    if found is not None and found.kind == "d":
        base, modifier = base_of(found)
        return base, modifier, oid
    return oid, typmod, 0


def value_scope(base: int, typmod: int) -> Scope:
    """Return a scope in which VALUE is the only column."""
    entry = Entry("", [OutputColumn("value", base, typmod)])
    item = ScopeItem(
        "", [("value", ir.Column(base, typmod, -1, entry, 0))], is_named=False, entry=entry
    )
    return Scope(items=[item], entries=[entry], clause="CHECK")


def as_domain(binder: Binder, expr: ir.Expr, domain: int) -> ir.Expr:
    """Hold a value of a domain's base type against the domain."""
    pg_type = t.BY_OID[domain]
    if t.BY_OID[pg_type.base].kind == "d":
        expr = as_domain(binder, expr, pg_type.base)
    noun = binder.names.catalog.by_id[domain - FIRST_OID]
    facts = facts_of(noun)
    for check in facts.get("checks", ()):
        expr = _checked(binder, expr, pg_type, check)
    if facts.get("not_null"):
        expr = _not_null(expr, pg_type)
    return expr


def _checked(binder: Binder, expr: ir.Expr, pg_type: t.PgType, check: dict[str, Any]) -> ir.Expr:
    scope = value_scope(expr.type, expr.typmod)
    condition = binder.boolean(check["tree"], scope, "CHECK")
    message = f'value for domain {pg_type.sql_name} violates check constraint "{check["name"]}"'
    entry = scope.entries[0]

    def refuse() -> None:
        raise error("23514", message, constraint=check["name"], datatype=pg_type.name)

    def build(compiler: Compiler, args: list[Sql], _: ir.Expr) -> Sql:
        value = args[0]
        compiler.columns[id(entry), 0] = Sql(value.node, value.scale, value.digits)
        test = compiler.node(condition)
        routine = Routine(
            "function", "domain_check", (), t.VOID, body=refuse, is_volatile=True,
            sql_name=f"pg_domain_{pg_type.oid}_{abs(hash((check['name'], message)))}",
        )  # fmt: skip
        failed = compiler.python(routine, [], [])
        keeps = n.call("ifnull", test, n.integer(1))
        return Sql(n.call("iif", keeps, value.node.copy(), failed), value.scale, value.digits)

    routine = Routine("function", "domain", (expr.type,), expr.type, build=build)
    return ir.Call(expr.type, expr.typmod, expr.location, routine, [expr])


def _not_null(expr: ir.Expr, pg_type: t.PgType) -> ir.Expr:
    def refuse() -> None:
        raise error(
            "23502", f"domain {pg_type.sql_name} does not allow null values", datatype=pg_type.name
        )

    def build(compiler: Compiler, args: list[Sql], _: ir.Expr) -> Sql:
        value = args[0]
        routine = Routine(
            "function",
            "domain_not_null",
            (),
            t.VOID,
            body=refuse,
            is_volatile=True,
            sql_name=f"pg_domain_null_{pg_type.oid}",
        )
        failed = compiler.python(routine, [], [])
        return Sql(n.call("ifnull", value.node, failed), value.scale, value.digits)

    routine = Routine("function", "domain", (expr.type,), expr.type, build=build, is_strict=False)
    return ir.Call(expr.type, expr.typmod, expr.location, routine, [expr])
