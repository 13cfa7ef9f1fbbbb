"""Privileges and row-level security: what the acting role may touch, and which rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.grantable import of_schema
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.query import Entry, OutputColumn, Select, Target
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.objects.actor import Actor
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
    parts = [_policies(binder, noun, entry, command, "using") for command in commands]
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


def new_row_check(binder: Binder, noun: Noun, entry: Entry, command: str) -> ir.Expr | None:
    """Return what a written row must keep: an expression that fails when it does not; None when anything may be written.

    Raises (when it runs):
        PostgresError: the row violates the policies (42501).
    """
    if not is_guarded(binder, noun):
        return None
    condition = _policies(binder, noun, entry, command, "check")
    message = f'new row violates row-level security policy for table "{split_name(noun.name)[1]}"'

    def refuse() -> None:
        raise error("42501", message)

    def build(compiler: Compiler, args: list[Sql], _: ir.Expr) -> Sql:
        routine = Routine(
            "function", "row_security", (), t.VOID, body=refuse, is_volatile=True, sql_name=f"pg_row_security_{noun.id}",
        )  # fmt: skip
        failed = compiler.python(routine, [], [])
        return Sql(
            n.call("iif", n.call("ifnull", args[0].node, n.integer(0)), n.integer(1), failed)
        )

    routine = Routine("function", "row_security_check", (t.BOOL,), t.BOOL, build=build)
    return ir.Call(t.BOOL, -1, -1, routine, [condition])


def _policies(binder: Binder, noun: Noun, entry: Entry, command: str, part: str) -> ir.Expr:
    """Join the policies that concern a command: one permissive must hold, and every restrictive one."""
    permissive: list[ir.Expr] = []
    restrictive: list[ir.Expr] = []
    actor = binder.names.actor
    for policy in facts_of(noun).get("policies", {}).values():
        if policy["command"] not in {"*", command} or not (
            set(policy["roles"] or ["public"]) & actor.roles
        ):
            continue
        tree = (
            policy.get("check") or policy.get("using") if part == "check" else policy.get("using")
        )
        found = _condition(binder, entry, tree)
        (permissive if policy["permissive"] else restrictive).append(found)
    if not permissive:
        return ir.Const(t.BOOL, -1, -1, 0)
    allowed = permissive[0] if len(permissive) == 1 else ir.Bool(t.BOOL, -1, -1, "or", permissive)
    return allowed if not restrictive else ir.Bool(t.BOOL, -1, -1, "and", [allowed, *restrictive])


def _condition(binder: Binder, entry: Entry, tree: dict[str, Any] | None) -> ir.Expr:
    if tree is None:
        return ir.Const(t.BOOL, -1, -1, 1)
    columns: list[tuple[str, ir.Expr]] = [
        (c.name, ir.Column(c.type, c.typmod, -1, entry, at)) for at, c in enumerate(entry.columns)
    ]
    relation = entry.relation
    name = relation.name if relation is not None else entry.name
    scope = Scope(items=[ScopeItem(name, columns, entry=entry)], entries=[entry], clause="POLICY")
    return binder.boolean(tree, scope, "POLICY")
