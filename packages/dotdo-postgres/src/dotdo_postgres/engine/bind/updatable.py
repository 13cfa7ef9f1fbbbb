"""Views that can be written: the table behind one, its columns there, the rows it shows, and what new rows must keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.scope import ScopeItem
from dotdo_postgres.engine.bind.security import require_privilege
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.naming import split_definition
from dotdo_postgres.engine.objects.actor import OWNER, Actor, actor_named
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.query import Entry, Select
from dotdo_postgres.engine.relations import EXTRA, Relation
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.engine.walking import walk_query
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.query import Query
    from dotdo_postgres.engine.relations import RelationColumn

Node = dict[str, Any]
_SEVERAL = "Views that do not select from a single table or view are not automatically updatable."
_VERBS = {"a": ("insert into", "inserting into", "INSERT"), "w": ("update", "updating", "UPDATE"),
          "d": ("delete from", "deleting from", "DELETE")}  # fmt: skip


@dataclass(slots=True)
class Target:
    """What a statement writes to.

    Args:
        relation: The table.
        entry: The table as the statement sees it.
        item: The names that the statement sees: of the table's columns or the view's.
        name: Name of the table or view.
        columns: Columns of the table by the names that the statement writes to; None for those it cannot.
        visible: What rows must keep to be seen through the view.
        checks: What new rows must keep, each with the view that asks for it.
        defaults: Defaults that the view has of its own, by the table's column.
        actor: Who needs the rights on the table.
        is_view: It is a view.
    """

    relation: Relation
    entry: Entry
    item: ScopeItem
    name: str
    columns: dict[str, RelationColumn | None]
    visible: list[ir.Expr] = field(default_factory=list)
    checks: list[tuple[str, ir.Expr]] = field(default_factory=list)
    defaults: dict[str, Any] = field(default_factory=dict)
    actor: Actor | None = None
    is_view: bool = False

    def column(self, name: str, command: str, location: int | None) -> RelationColumn | None:
        """Return the table's column of a name; None without.

        Raises:
            PostgresError: the view computes it (0A000).
        """
        if name not in self.columns:
            return None
        found = self.columns[name]
        if found is None:
            verb = _VERBS[command][0]
            message = f'cannot {verb} column "{name}" of view "{self.name}"'
            detail = "View columns that are not columns of their base relation are not updatable."
            raise error("0A000", message, detail=detail, position=location)
        return found


def table_target(relation: Relation, entry: Entry, item: ScopeItem) -> Target:
    """Return a table as what a statement writes to."""
    columns: dict[str, RelationColumn | None] = {c.name: c for c in relation.columns}
    return Target(relation, entry, item, relation.name, columns)


def view_target(binder: Binder, noun: Noun, alias: str, command: str) -> Target:
    """Return the table behind a view as what a statement writes to.

    Args:
        binder: The statement's.
        noun: The view.
        alias: The name that the statement gives it.
        command: `a`dd, `w`rite or `d`elete.

    Raises:
        PostgresError: the view cannot be written (55000), or the acting role may not (42501).
    """
    require_privilege(binder, noun, command)
    facts, label = facts_of(noun), split_definition(noun.name)[2]
    before = binder.names.actor
    if not facts.get("options", {}).get("security_invoker"):
        binder.names.actor = actor_named(binder.names.objects, facts.get("owner", OWNER))
    try:
        query = binder.query(facts["query"], None)
        why = refusal(query)
        if why:
            raise _refused(label, why, command)
        assert isinstance(query, Select)
        inner = _inner(binder, query, command)
        actor = inner.actor or binder.names.actor
    finally:
        binder.names.actor = before
    exprs = [target.expr for target in query.targets]
    names = [column.name for column in noun.columns]
    pairs = list(zip(names, exprs, strict=True))
    columns = {name: _base_column(inner, expr) for name, expr in pairs}
    item = ScopeItem(alias, pairs, entry=inner.entry)
    own = [query.where] if query.where is not None else []
    return Target(
        inner.relation, inner.entry, item, label, columns, [*inner.visible, *own], _checks(noun, inner, own),
        _defaults(noun, inner, columns), actor, is_view=True,
    )  # fmt: skip


def _checks(noun: Noun, inner: Target, own: list[ir.Expr]) -> list[tuple[str, ir.Expr]]:
    """Return what new rows must keep: what views below ask for, and this one with its own name."""
    option, label = facts_of(noun).get("check_option"), split_definition(noun.name)[2]
    checks = list(inner.checks)
    if option == "cascaded":
        known = {id(one) for _, one in checks}
        checks += [(label, one) for one in inner.visible if id(one) not in known]
    return [*checks, *((label, one) for one in own)] if option else checks


def _defaults(
    noun: Noun, inner: Target, columns: dict[str, RelationColumn | None]
) -> dict[str, Any]:
    found = dict(inner.defaults)
    for column in noun.columns:
        default = column.extra.get(EXTRA, {}).get("default")
        base = columns.get(column.name)
        if default is not None and base is not None:
            found[base.name] = default
    return found


def _refused(label: str, why: str, command: str) -> Exception:
    verb, doing, word = _VERBS[command]
    hint = (
        f"To enable {doing} the view, provide an INSTEAD OF {word} trigger"
        f" or an unconditional ON {word} DO INSTEAD rule."
    )
    return error("55000", f'cannot {verb} view "{label}"', detail=why, hint=hint)


def refusal(query: Query) -> str:  # noqa: C901, PLR0911 -- one reason each
    """Return why a view over a query cannot be written, empty when it can."""
    if not isinstance(query, Select):
        return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable."
    if query.is_distinct or query.distinct_on is not None:
        return "Views containing DISTINCT are not automatically updatable."
    if query.group or query.grouping_sets is not None:
        return "Views containing GROUP BY are not automatically updatable."
    if query.having is not None:
        return "Views containing HAVING are not automatically updatable."
    if query.ctes:
        return "Views containing WITH are not automatically updatable."
    if query.limit is not None or query.offset is not None:
        return "Views containing LIMIT or OFFSET are not automatically updatable."
    if query.has_groups:
        return "Views that return aggregate functions are not automatically updatable."
    if any(
        isinstance(part, ir.Aggregate) for target in query.targets for part in _parts(target.expr)
    ):
        return "Views that return window functions are not automatically updatable."
    entries = query.from_items
    if any(isinstance(one, Entry) and one.calls for one in entries[1:]):
        return "Views that return set-returning functions are not automatically updatable."
    only = entries[0] if len(entries) == 1 else None
    is_stored = isinstance(only, Entry) and (
        only.view or (only.relation is not None and only.relation.noun.id != 0)
    )
    if not is_stored:
        return _SEVERAL
    return ""


def _parts(expr: ir.Expr) -> list[ir.Expr]:
    found = [expr]
    for child in ir.children(expr):
        found += _parts(child)
    return found


def _inner(binder: Binder, query: Select, command: str) -> Target:
    """Return what the query of a view reads as what is written to."""
    (entry,) = query.from_items
    assert isinstance(entry, Entry)
    if entry.hidden:
        raise not_supported("writing through a view of a table with descendants")
    if entry.relation is not None:
        if kind_of(entry.relation.noun) == "m":
            raise error("42809", f'cannot change materialized view "{entry.relation.name}"')
        require_privilege(binder, entry.relation.noun, command)
        return table_target(entry.relation, entry, ScopeItem(entry.name, [], entry=entry))
    noun = binder.names.catalog.by_id[entry.view]
    if noun.layout != "definition":
        raise not_supported("writing through a view of a table with descendants")
    inner = view_target(binder, noun, entry.name, command)
    _put_in_place(query, entry, [expr for _, expr in inner.item.columns])
    return inner


def _put_in_place(query: Select, entry: Entry, exprs: list[ir.Expr]) -> None:
    """Write the columns of an entry as what stands behind them, wherever a query names them."""

    def replaced(value: Any) -> Any:
        if isinstance(value, ir.Column) and value.entry is entry:
            return exprs[value.index]
        if isinstance(value, list):
            return [replaced(item) for item in value]
        if isinstance(value, tuple):
            return tuple(replaced(item) for item in value)
        return value

    query.from_items = []
    for part in list(walk_query(query)):
        for name in getattr(type(part), "__dataclass_fields__", ()):
            value = getattr(part, name)
            new = replaced(value)
            if new is not value and new != value:
                setattr(part, name, new)


def _base_column(inner: Target, expr: ir.Expr) -> RelationColumn | None:
    if not isinstance(expr, ir.Column) or expr.entry is not inner.entry:
        return None
    return inner.relation.columns[expr.index]


def check_option(target: Target) -> ir.Expr | None:
    """Return what a written row must keep: an expression that fails when it does not; None when anything may be written.

    Raises (when it runs):
        PostgresError: the row would not be seen through the view (44000).
    """
    if not target.checks:
        return None
    parts = [_check(label, condition, at) for at, (label, condition) in enumerate(target.checks)]
    return parts[0] if len(parts) == 1 else ir.Bool(t.BOOL, -1, -1, "and", parts)


def _check(label: str, condition: ir.Expr, number: int) -> ir.Expr:
    def refuse() -> None:
        raise error("44000", f'new row violates check option for view "{label}"')

    def build(compiler: Compiler, args: list[Sql], _: ir.Expr) -> Sql:
        name = f"pg_check_option_{label.encode().hex()}_{number}"
        routine = Routine(
            "function", "check_option", (), t.VOID, body=refuse, is_volatile=True, sql_name=name
        )
        failed = compiler.python(routine, [], [])
        return Sql(
            n.call("iif", n.call("ifnull", args[0].node, n.integer(0)), n.integer(1), failed)
        )

    routine = Routine("function", "check_option", (t.BOOL,), t.BOOL, build=build)
    return ir.Call(t.BOOL, -1, -1, routine, [condition])


def updatable_columns(binder: Binder, noun: Noun) -> set[str] | None:
    """Return the columns of a table or view that can be written; None when no rows can be."""
    if kind_of(noun) == "r":
        return {column.name for column in noun.columns}
    if kind_of(noun) != "v":
        return None
    query = binder.query(facts_of(noun)["query"], None)
    if refusal(query):
        return None
    assert isinstance(query, Select)
    (entry,) = query.from_items
    assert isinstance(entry, Entry)
    number = entry.view or (entry.relation.noun.id if entry.relation is not None else 0)
    inner = updatable_columns(binder, binder.names.catalog.by_id[number])
    if inner is None:
        return None
    return {
        column.name
        for column, target in zip(noun.columns, query.targets, strict=True)
        if isinstance(target.expr, ir.Column)
        and target.expr.entry is entry
        and entry.columns[target.expr.index].name in inner
    }


def written_nouns(binder: Binder, noun: Noun) -> list[Noun]:
    """Return what a statement that writes to a table or view may change."""
    if noun.layout != "definition":
        return [noun]
    by_id = binder.names.catalog.by_id
    numbers = {number for number, _ in facts_of(noun).get("depends", ())}
    return [
        one for number in numbers if number in by_id for one in written_nouns(binder, by_id[number])
    ]


UPDATE_BIT, INSERT_BIT, DELETE_BIT = 4, 8, 16


def updatability(binder: Binder, noun: Noun) -> int:
    """Return which statements can write to a relation, as `pg_relation_is_updatable` tells."""
    columns = updatable_columns(binder, noun)
    if columns is None:
        return 0
    if not columns and kind_of(noun) == "v":
        return DELETE_BIT
    return UPDATE_BIT | INSERT_BIT | DELETE_BIT
