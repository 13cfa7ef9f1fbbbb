"""Row-level security: which rows policies let the acting role see and write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem
from dotdo_postgres.engine.bind.security import SELECT, UPDATE
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.query import Entry, OutputColumn, Select, Target
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.objects.actor import Actor


def is_guarded(binder: Binder, noun: Noun) -> bool:
    """Tell whether policies concern the acting role on a table."""
    return concerns(binder.names.actor, noun)


def concerns(actor: Actor, noun: Noun) -> bool:
    """Tell whether the policies of a table concern a role."""
    facts = facts_of(noun)
    if not facts.get("row_security") or actor.is_above_rows:
        return False
    return not actor.owns(noun) or bool(facts.get("force_row_security"))


def visible(binder: Binder, noun: Noun, entry: Entry, commands: str) -> ir.Expr | None:
    """Return the condition that rows must keep to be seen by commands; None when every row is."""
    if not is_guarded(binder, noun):
        return None
    if noun.id in binder.policing:
        bare = split_name(noun.name)[1]
        raise error("42P17", f'infinite recursion detected in policy for relation "{bare}"')
    binder.policing.append(noun.id)
    parts = [_joined(*_policies(binder, noun, entry, command, "using")) for command in commands]
    binder.policing.pop()
    return parts[0] if len(parts) == 1 else ir.Bool(t.BOOL, -1, -1, "and", parts)


def secured(binder: Binder, noun: Noun, entry: Entry) -> Entry:
    """Return an entry of FROM with only the rows that the acting role may read."""
    where = visible(binder, noun, entry, SELECT)
    if where is None:
        return entry
    targets = []
    for at, column in enumerate(entry.columns):
        output = OutputColumn(
            column.name, column.type, column.typmod, column.table_oid, column.column_number
        )
        targets.append(Target(ir.Column(column.type, column.typmod, -1, entry, at), output))
    query = Select(
        [target.column for target in targets], targets=targets, from_items=[entry], where=where
    )
    columns = [
        OutputColumn(c.name, c.type, c.typmod, c.table_oid, c.column_number) for c in query.columns
    ]
    return Entry(entry.name, columns, query=query, schema=entry.schema, hidden=entry.hidden)


def new_row_check(
    binder: Binder, noun: Noun, entry: Entry, command: str, *, is_reading: bool = False
) -> ir.Expr | None:
    """Return what a written row must keep: an expression that fails when it does not; None when anything may be written.

    Args:
        binder: The statement's.
        noun: The table whose policies hold.
        entry: Where the row is.
        command: What is done.
        is_reading: The statement reads rows too, so that the new ones must be visible.

    Raises (when it runs):
        PostgresError: the row violates the policies (42501).
    """
    if not is_guarded(binder, noun):
        return None
    checks = _checks(binder, noun, entry, command, "check")
    if is_reading:
        checks += _checks(binder, noun, entry, SELECT, "using")
    return ir.Bool(t.BOOL, -1, -1, "and", checks)


def old_row_check(binder: Binder, noun: Noun, entry: Entry) -> ir.Expr | None:
    """Return what a row that ON CONFLICT DO UPDATE meets must keep: it must be visible, and may be changed.

    Raises (when it runs):
        PostgresError: it violates the policies (42501).
    """
    if not is_guarded(binder, noun):
        return None
    where = " (USING expression)"
    checks = _checks(binder, noun, entry, UPDATE, "using", where)
    return ir.Bool(
        t.BOOL, -1, -1, "and", checks + _checks(binder, noun, entry, SELECT, "using", where)
    )


def _checks(  # noqa: PLR0917 -- what a check is made of
    binder: Binder, noun: Noun, entry: Entry, command: str, part: str, where: str = ""
) -> list[ir.Expr]:
    """Return expressions that fail when a row breaks the policies: one for the permissive, one for each restrictive one."""
    permissive, restrictive = _policies(binder, noun, entry, command, part)
    table = split_name(noun.name)[1]
    general = f'new row violates row-level security policy{where} for table "{table}"'
    found = [_refusing(f"{noun.id}{command}{part}", general, _any(permissive))]
    for name, condition in restrictive:
        message = f'new row violates row-level security policy "{name}"{where} for table "{table}"'
        found.append(_refusing(f"{noun.id}{command}{part}_{len(found)}", message, condition))
    return found


def _refusing(label: str, message: str, condition: ir.Expr) -> ir.Expr:
    """Return an expression that is true where a condition holds, and fails where it does not."""

    def refuse() -> None:
        raise error("42501", message)

    def build(compiler: Compiler, args: list[Sql], _: ir.Expr) -> Sql:
        routine = Routine(
            "function", "row_security", (), t.VOID, body=refuse, is_volatile=True, sql_name=f"pg_row_security_{label}",
        )  # fmt: skip
        failed = compiler.python(routine, [], [])
        return Sql(
            n.call("iif", n.call("ifnull", args[0].node, n.integer(0)), n.integer(1), failed)
        )

    routine = Routine("function", "row_security_check", (t.BOOL,), t.BOOL, build=build)
    return ir.Call(t.BOOL, -1, -1, routine, [condition])


def _joined(permissive: list[ir.Expr], restrictive: list[tuple[str, ir.Expr]]) -> ir.Expr:
    allowed = _any(permissive)
    if not restrictive:
        return allowed
    return ir.Bool(t.BOOL, -1, -1, "and", [allowed, *(condition for _, condition in restrictive)])


def _any(conditions: list[ir.Expr]) -> ir.Expr:
    if not conditions:
        return ir.Const(t.BOOL, -1, -1, 0)
    return conditions[0] if len(conditions) == 1 else ir.Bool(t.BOOL, -1, -1, "or", conditions)


def _policies(
    binder: Binder, noun: Noun, entry: Entry, command: str, part: str
) -> tuple[list[ir.Expr], list[tuple[str, ir.Expr]]]:
    """Bind the policies that concern a command: permissive ones, and restrictive ones with their names."""
    permissive: list[ir.Expr] = []
    restrictive: list[tuple[str, ir.Expr]] = []
    actor = binder.names.actor
    for name, policy in sorted(facts_of(noun).get("policies", {}).items()):
        if policy["command"] not in {"*", command} or not (
            set(policy["roles"] or ["public"]) & actor.roles
        ):
            continue
        tree = policy.get("using")
        if part == "check":
            tree = policy.get("check") or tree
        found = _condition(binder, noun, entry, tree)
        if policy["permissive"]:
            permissive.append(found)
        else:
            restrictive.append((name, found))
    return permissive, restrictive


def _condition(binder: Binder, noun: Noun, entry: Entry, tree: dict[str, Any] | None) -> ir.Expr:
    if tree is None:
        return ir.Const(t.BOOL, -1, -1, 1)
    columns: list[tuple[str, ir.Expr]] = [
        (c.name, ir.Column(c.type, c.typmod, -1, entry, at))
        for at, c in enumerate(entry.columns[: len(entry.columns) - entry.hidden])
    ]
    item = ScopeItem(split_name(noun.name)[1], columns, entry=entry)
    readable, entry.readable = entry.readable, None
    try:
        return binder.boolean(tree, Scope(items=[item], entries=[entry], clause="POLICY"), "POLICY")
    finally:
        entry.readable = readable
