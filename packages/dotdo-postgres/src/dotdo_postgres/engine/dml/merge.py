"""MERGE: source and target are joined and read, then each row has the first action that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.bind.from_items import bind_from, scope_item, table_entry
from dotdo_postgres.engine.bind.queries import bind_with
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import attach_from
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.dml.assign import assign, guarded, storage_node
from dotdo_postgres.engine.dml.insert import plan_insert, target_columns
from dotdo_postgres.engine.dml.rerun import may_change, rechecking
from dotdo_postgres.engine.dml.update import bind_assignments, with_clause
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.query import Join
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.query import Entry
    from dotdo_postgres.engine.relations import RelationColumn
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


@dataclass(slots=True)
class Action:
    """One WHEN clause.

    Args:
        kind: `update`, `delete`, `insert` or `nothing`.
        is_matched: It is for rows that have a counterpart in the target.
        condition: Its own condition.
        columns: Columns that get a value.
        values: The values.
        statement: What changes or makes one row; None for nothing.
        start: Where its values begin in a row that is read.
    """

    kind: str
    is_matched: bool
    condition: ir.Expr | None
    columns: list[RelationColumn]
    values: list[ir.Expr]
    statement: Prepared | str | None = None
    start: int = 0


@dataclass(slots=True)
class Merging:
    """What running a MERGE needs: the text that reads rows, the actions, the table."""

    sql: str
    actions: list[Action]
    table: str
    session_values: bool


class _Merge:
    def __init__(self, planner: Planner, node: Node) -> None:
        self.planner, self.node, self.binder = planner, node, planner.binder()
        self.relation = self.binder.relation(node["relation"])
        outer = Scope(parent=planner.outer)
        self.ctes = bind_with(self.binder, node.get("withClause"), outer)
        self.scope = Scope(parent=outer)
        name = node["relation"].get("alias", {}).get("aliasname", self.relation.name)
        self.rows = planner.session.trigger_plans.merging(planner, self.relation, node)
        if self.rows is None:
            self.target = table_entry(self.relation, name)
        else:
            self.target = self.rows.entry(self.binder, self.relation, name)
        self.sources = bind_from(self.binder, [node["sourceRelation"]], self.scope)
        self.source_items = list(self.scope.items)
        item = scope_item(self.target)
        if any(other.is_named and other.name == name for other in self.scope.items):
            message = f'name "{name}" specified more than once'
            detail = "The name is used both as MERGE target table and data source."
            raise error("42712", message, detail=detail)
        self.scope.items.append(item)
        self.scope.entries.append(self.target)
        self.scope.clause = "JOIN/ON"
        self.on = self.binder.boolean(node["joinCondition"], self.scope, "JOIN/ON")
        self.actions = [self._action(item["MergeWhenClause"]) for item in node["mergeWhenClauses"]]
        self._refuse_unreachable()
        self.param_types = planner.param_types(self.binder)

    def _refuse_unreachable(self) -> None:
        final: set[bool] = set()
        for action in self.actions:
            if action.is_matched in final:
                message = "unreachable WHEN clause specified after unconditional WHEN clause"
                raise error("42601", message)
            if action.condition is None:
                final.add(action.is_matched)

    def _action(self, node: Node) -> Action:
        is_matched = node["matchKind"] == "MERGE_WHEN_MATCHED"
        if node["matchKind"] == "MERGE_WHEN_NOT_MATCHED_BY_SOURCE":
            raise error("42601", 'syntax error at or near "BY"')
        scope = self._seen(is_matched)
        scope.clause = "MERGE WHEN"
        condition = None
        if "condition" in node:
            condition = self.binder.boolean(node["condition"], scope, "WHEN")
        kind = node["commandType"].removeprefix("CMD_").lower()
        if kind == "update":
            pairs = bind_assignments(self.binder, self.relation, node["targetList"], scope)
            columns, values = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        elif kind == "insert":
            columns, values = self._inserted(node, scope)
        else:
            columns, values = [], []
        return Action(kind, is_matched, condition, columns, values)

    def _seen(self, is_matched: bool) -> Scope:
        if is_matched:
            return self.scope
        return Scope(parent=self.scope.parent, items=self.source_items, entries=self.scope.entries)

    def _inserted(self, node: Node, scope: Scope) -> tuple[list[RelationColumn], list[ir.Expr]]:
        columns = target_columns(self.relation, node.get("targetList"))
        cells = node.get("values", [])
        if len(cells) > len(columns):
            raise error("42601", "INSERT has more expressions than target columns")
        if cells and "targetList" in node and len(cells) < len(columns):
            raise error("42601", "INSERT has more target columns than expressions")
        kept, values = [], []
        scope.clause = "VALUES"
        for column, cell in zip(columns, cells, strict=False):
            if "SetToDefault" in cell:
                continue
            if column.identity == "a" and node.get("override") != "OVERRIDING_SYSTEM_VALUE":
                detail = (
                    f'Column "{column.name}" is an identity column defined as GENERATED ALWAYS.'
                )
                hint = "Use OVERRIDING SYSTEM VALUE to override."
                message = f'cannot insert a non-DEFAULT value into column "{column.name}"'
                raise error("428C9", message, detail=detail, hint=hint)
            kept.append(column)
            values.append(assign(self.binder, self.binder.expression(cell, scope), column))
        return kept, values

    def build(self) -> Prepared:
        compiler = make_compiler(len(self.param_types))
        ctes = with_clause(compiler, self.ctes)
        noun = self.relation.noun
        select: Any = exp.Select()
        join = Join("left", self.sources[0], self.target, self.on)
        attach_from(compiler, select, [join])
        place = self._place(compiler)
        listed = [place, self._choice(compiler, place)]
        if self.rows is not None:
            listed.append(compiler.node(self.rows.whose(self.target)))
        for action in self.actions:
            action.start = len(listed)
            action.statement = self._statement(action)
            listed += self._cells(compiler, action)
        select.set("expressions", [n.aliased(cell, f"c{at}") for at, cell in enumerate(listed)])
        if ctes is not None:
            select.set("with_", ctes)
        prepared = Prepared(None, self.param_types, "MERGE", run_merge)
        self.planner.finish(compiler, select, prepared)
        merging = Merging(prepared.sql, self.actions, noun.table, bool(prepared.session_values))
        prepared.detail = {"relation": self.relation, "probe": None, "merge": merging}
        if self.rows is not None:
            prepared.execute = partial(self.rows.run, self.actions)
        return prepared

    def _place(self, compiler: Compiler) -> n.Node:
        """Write where the row of the target is, NULL without one."""
        if self.target.relation is None and self.rows is not None:
            return compiler.node(self.rows.place(self.target))
        return n.column(_alias_of(compiler, self.target), self.relation.noun.rowid)

    def _choice(self, compiler: Compiler, rowid: n.Node) -> n.Node:
        whens = []
        for number, action in enumerate(self.actions):
            test = n.is_null(rowid.copy())
            parts = [n.negate(test) if action.is_matched else test]
            if action.condition is not None:
                parts.append(compiler.node(action.condition))
            whens.append((n.conjunction("and", parts), n.integer(number)))
        return n.case(whens)

    def _cells(self, compiler: Compiler, action: Action) -> list[n.Node]:
        """Write the values, each only where its action is the one chosen: others may fail."""
        cells = []
        for at, (column, value) in enumerate(zip(action.columns, action.values, strict=True)):
            sql = compiler.expression(value)
            is_kept = self.rows is None and not isinstance(action.statement, Prepared)
            if isinstance(action.statement, Prepared):
                is_kept = at in action.statement.codecs
            node = (
                storage_node(compiler, sql, column)
                if is_kept
                else _as_parameter(compiler, sql, column)
            )
            if action.kind == "update" and self.rows is None:
                node = guarded(compiler, node, column, self.relation.noun)
            cells.append(n.case([(self._chosen(compiler, action), node)]))
        return cells

    def _chosen(self, compiler: Compiler, action: Action) -> n.Node:
        number = self.actions.index(action)
        return n.binary("=", self._choice(compiler, self._place(compiler)), n.integer(number))

    def _statement(self, action: Action) -> Prepared | str | None:
        noun = self.relation.noun
        if action.kind == "insert":
            return self._insert(action.columns)
        if self.rows is not None:
            return None
        place = n.parameter(len(action.columns) + 1)
        here = exp.Where(this=n.binary("=", n.bare_column(noun.rowid), place))
        if action.kind == "delete":
            return n.to_text(exp.Delete(this=n.table(noun.table), where=here))
        if action.kind == "update":
            if is_documents(noun):
                raise not_supported("MERGE that updates documents")
            settings = [
                exp.EQ(this=n.bare_column(column.physical), expression=n.parameter(at))
                for at, column in enumerate(action.columns, start=1)
            ]
            return n.to_text(exp.Update(this=n.table(noun.table), expressions=settings, where=here))
        return None

    def _insert(self, columns: list[RelationColumn]) -> Prepared:
        """Plan the INSERT of one row whose values are parameters."""
        from dotdo_postgres.engine.planner import Planner

        relation = {key: value for key, value in self.node["relation"].items() if key != "alias"}
        node: Node = {"relation": relation, "override": "OVERRIDING_SYSTEM_VALUE"}
        if columns:
            node["cols"] = [{"ResTarget": {"name": column.name}} for column in columns]
            cells = [{"ParamRef": {"number": at + 1}} for at in range(len(columns))]
            values = {"valuesLists": [{"List": {"items": cells}}], "op": "SETOP_NONE"}
            node["selectStmt"] = {"SelectStmt": values}
        oids = tuple(column.type for column in columns)
        planner = Planner(self.planner.session, oids)
        planner.is_in_family = planner.is_trusted = self.rows is not None
        return plan_insert(planner, node)


def _as_parameter(compiler: Compiler, sql: Any, column: RelationColumn) -> n.Node:
    """Write a value in the form that a parameter of the column's type has."""
    from dotdo_postgres.engine.compile import numerics

    return numerics.widened(compiler, sql).node if column.type == t.NUMERIC else sql.node


def _alias_of(compiler: Compiler, entry: Entry) -> str:
    column: Any = compiler.columns[id(entry), 0].node
    while not isinstance(column, exp.Column):
        column = column.expressions[0]
    return str(column.table)


def plan_merge(planner: Planner, node: Node) -> Prepared:
    """Plan MERGE.

    Raises:
        PostgresError: RETURNING, which PostgreSQL 15 does not know here (SQLSTATE 42601), and what is wrong with it.
    """
    if "returningClause" in node or node.get("returningList"):
        raise error("42601", 'syntax error at or near "RETURNING"')
    return _Merge(planner, node).build()


def run_merge(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Read the joined rows, then change what they ask for, as one statement."""
    merging: Merging = prepared.detail["merge"]
    kernel = session.kernel
    given = session.with_values(prepared, params) if merging.session_values else list(params)

    def work() -> int:
        touched: set[Any] = set()
        count = 0
        for row in kernel.execute(merging.sql, given[: prepared.parameters]):
            row_id, number = row[0], row[1]
            if number is None:
                continue
            action = merging.actions[int(str(number))]
            if action.kind == "nothing":
                continue
            if row_id is not None:
                if not may_change(session, prepared.detail["relation"].noun.id, row_id):
                    continue
                touch(touched, row_id)
            values = list(row[action.start : action.start + len(action.columns)])
            _act(session, action, values, row_id, wait)
            count += 1
        session.require_references()
        return count

    with rechecking(session):
        count = kernel.mutate(work, planned_for=prepared.catalog, wait=wait)
    return Result(None, [], f"MERGE {count}", count)


def touch(touched: set[Any], row_id: Any) -> None:
    """Note that a row is changed.

    Raises:
        PostgresError: it has been before (21000).
    """
    if row_id in touched:
        hint = "Ensure that not more than one source row matches any one target row."
        message = "MERGE command cannot affect row a second time"
        raise error("21000", message, hint=hint)
    touched.add(row_id)


def _act(session: Session, action: Action, values: list[Any], row_id: Any, wait: bool) -> None:
    if isinstance(action.statement, Prepared):
        session.run_part(action.statement, values, wait)
    elif action.statement is not None:
        session.kernel.execute(action.statement, [*values, row_id])
