"""UPDATE and DELETE, with FROM, USING and RETURNING."""
# ruff: noqa: ARG002 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.composites import star_nodes
from dotdo_postgres.engine.bind.from_items import bind_from
from dotdo_postgres.engine.bind.names import first_location
from dotdo_postgres.engine.bind.policies import new_row_check, visible
from dotdo_postgres.engine.bind.queries import bind_with
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.security import DELETE, SELECT, UPDATE, require_privilege
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import attach_from, table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.dml.assign import (
    assign,
    assigned_cells,
    default_expression,
    guarded,
    storage_node,
)
from dotdo_postgres.engine.dml.documents import stored_key
from dotdo_postgres.engine.dml.fold import Folds, codecs_by_place, fold
from dotdo_postgres.engine.dml.joined import other_columns, plan_joined
from dotdo_postgres.engine.dml.parts import assign_part
from dotdo_postgres.engine.dml.returning import add_row_check, bind_returning, compile_returning
from dotdo_postgres.engine.dml.run import run_write
from dotdo_postgres.engine.dml.spread import changes_key, has_family, plan_spread
from dotdo_postgres.engine.dml.targets import joined_check, resolve_target, with_default
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import Relation, RelationColumn
from dotdo_postgres.engine.run.probe import Probe, make_probe
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.updatable import Target
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.planner import Planner, PlanStatement
    from dotdo_postgres.engine.query import Cte, Entry, FromItem

Node = dict[str, Any]
Assignments = list[tuple[RelationColumn, ir.Expr]]


def bind_assignments(  # noqa: C901 -- one refusal for each kind of column
    binder: Binder, relation: Relation, nodes: list[Node], scope: Scope, into: Target | None = None
) -> Assignments:
    """Bind SET.

    Raises:
        PostgresError: no such column (42703), assigned twice (42601), 42804.
    """
    found: Assignments = []
    scope.clause = "UPDATE"
    for item in nodes:
        target = item["ResTarget"]
        location = target.get("location", 0)
        name = target["name"]
        column = relation.column(name) if into is None else into.column(name, UPDATE, location)
        if column is None:
            label = relation.name if into is None else into.name
            message = f'column "{name}" of relation "{label}" does not exist'
            raise error("42703", message, position=location)
        before = next((pair for pair in found if pair[0] is column), None)
        value = target["val"]
        if "indirection" in target:
            whole = before[1] if before else _own_value(relation, column, scope)
            part = assign_part(binder, whole, target["indirection"], value, scope, column)
            if before is not None:
                found.remove(before)
            found.append((column, part))
            continue
        if before is not None:
            raise error("42601", f'multiple assignments to same column "{column.name}"')
        if "MultiAssignRef" in value:
            value = _part(binder, value["MultiAssignRef"], scope)
        if "SetToDefault" in value and column.generated is not None:
            continue
        if "SetToDefault" in value:
            own = column if into is None else with_default(into, column)
            found.append((column, default_expression(binder, own)))
            continue
        if column.generated is not None:
            detail = f'Column "{column.name}" is a generated column.'
            raise error(
                "428C9", f'column "{column.name}" can only be updated to DEFAULT', detail=detail
            )
        if column.identity == "a":
            detail = f'Column "{column.name}" is an identity column defined as GENERATED ALWAYS.'
            raise error(
                "428C9", f'column "{column.name}" can only be updated to DEFAULT', detail=detail
            )
        found.append((column, assign(binder, binder.expression(value, scope), column)))
    return found


def _own_value(relation: Relation, column: RelationColumn, scope: Scope) -> ir.Expr:
    entry = next(entry for entry in scope.entries if entry.relation is relation)
    return ir.Column(column.type, column.typmod, -1, entry, relation.columns.index(column))


def _part(binder: Binder, node: Node, scope: Scope) -> Node:
    """Return what one of several columns is assigned: a term of ROW, or a column of the sub-SELECT.

    Raises:
        PostgresError: neither of both (0A000), another number of values (42601).
    """
    source, at = node["source"], node["colno"] - 1
    if "RowExpr" in source:
        row = source["RowExpr"]
        cells = star_nodes(binder, row["args"], scope)
        _require_count(len(cells), node, row)
        part: Node = cells[at]
        return part
    link = source.get("SubLink", {})
    if link.get("subLinkType") != "EXPR_SUBLINK":
        message = (
            "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression"
        )
        raise error("0A000", message, position=first_location(source))
    _require_count(len(binder.query(link["subselect"], scope).columns), node, link)
    names = [{"String": {"sval": f"c{number}"}} for number in range(node["ncolumns"])]
    alias = {"aliasname": "assigned", "colnames": names}
    select = {
        "targetList": [{"ResTarget": {"val": {"ColumnRef": {"fields": [names[at]]}}}}],
        "fromClause": [{"RangeSubselect": {"subquery": link["subselect"], "alias": alias}}],
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }
    return {"SubLink": {**link, "subselect": {"SelectStmt": select}}}


def _require_count(count: int, node: Node, source: Node) -> None:
    if count != node["ncolumns"]:
        message = "number of columns does not match number of values"
        raise error("42601", message, position=source.get("location"))


def with_clause(compiler: Compiler, ctes: list[Cte]) -> Any:
    """Write WITH; None for no queries."""
    from dotdo_postgres.engine.compile.queries import compile_cte

    if not ctes:
        return None
    made = [compile_cte(compiler, cte) for cte in ctes]
    return exp.With(expressions=made, recursive=any(cte.is_recursive for cte in ctes))


class Change:
    """An UPDATE or DELETE on its way from parse tree to plan."""

    def __init__(
        self,
        planner: Planner,
        node: Node,
        sources: str,
        target: Callable[[Binder], Target] | None = None,
    ) -> None:
        self.planner = planner
        self.node = node
        self.binder = planner.binder()
        command = UPDATE if "targetList" in node else DELETE
        self.target = (
            resolve_target(self.binder, node["relation"], command)
            if target is None
            else target(self.binder)
        )
        self.relation = self.target.relation
        outer = Scope(parent=planner.outer)
        self.ctes = bind_with(self.binder, node.get("withClause"), outer)
        self.scope = Scope(parent=outer)
        self.entry = self.target.entry
        self.scope.entries.append(self.entry)
        self.scope.items.append(self.target.item)
        self.sources: list[FromItem] = bind_from(self.binder, node.get(sources, []), self.scope)
        self.assignments: Assignments = []
        if "targetList" in node:
            self.assignments = bind_assignments(
                self.binder, self.relation, node["targetList"], self.scope, self.target
            )
        self.where: ir.Expr | None = None
        if "whereClause" in node:
            if "CurrentOfExpr" in node["whereClause"]:
                raise not_supported("WHERE CURRENT OF")
            self.scope.clause = "WHERE"
            self.where = self.binder.boolean(node["whereClause"], self.scope, "WHERE")
        self._secure()
        self.returning = bind_returning(self.binder, node, self.scope, self.relation.noun)
        self.param_types = planner.param_types(self.binder)
        self.folds: Folds = {}

    def _secure(self) -> None:
        """Leave out rows that policies hide from the acting role, and hold new ones against them."""
        noun, command = self.relation.noun, UPDATE if "targetList" in self.node else DELETE
        names, actor = self.binder.names, self.binder.names.actor
        names.actor = self.target.actor or actor
        try:
            own = self._secure_table(noun, command)
        finally:
            names.actor = actor
        shown = [*self.target.visible, *([self.where] if self.where is not None else [])]
        if shown:
            self.where = shown[0] if len(shown) == 1 else ir.Bool(t.BOOL, -1, -1, "and", shown)
        self.row_check = joined_check(own, self.target)

    def _secure_table(self, noun: Noun, command: str) -> ir.Expr | None:
        """Put the rows that policies hide out of reach; return what they ask of new ones."""
        assigned = [column.name for column, _ in self.assignments]
        require_privilege(self.binder, noun, command, assigned)
        noun = self.planner.policies_of or noun
        is_reading = (
            self.where is not None or "returningClause" in self.node or "returningList" in self.node
        )
        commands = command + SELECT if is_reading else command
        hidden = visible(self.binder, noun, self.entry, commands)
        if hidden is not None:
            parts = [hidden] if self.where is None else [self.where, hidden]
            self.where = ir.Bool(t.BOOL, -1, -1, "and", parts) if len(parts) > 1 else hidden
        if command == UPDATE:
            return new_row_check(self.binder, noun, self.entry, UPDATE, is_reading=is_reading)
        return None

    def cell(self, compiler: Compiler, expr: ir.Expr, column: RelationColumn) -> n.Node:
        """Write an assigned value in the form its column keeps."""
        if id(expr) in self.folds:
            return n.parameter(self.folds[id(expr)][0])
        return storage_node(compiler, compiler.expression(expr), column)

    def with_ctes(self, compiler: Compiler) -> Any:
        """Return the WITH clause, None without."""
        return with_clause(compiler, self.ctes)

    def recheck(self, compiler: Compiler, node: Any, alias: str) -> None:
        """Let a statement look only at rows that are listed in one parameter more."""
        place = n.parameter(compiler.param_count + len(compiler.session_values) + 1)
        listed: Any = exp.Select(expressions=[n.bare_column("value")])
        listed.set("from_", exp.From(this=exp.Table(this=n.call("json_each", place))))
        row_id = n.column(alias, self.relation.noun.rowid)
        known = exp.In(this=row_id, query=n.subquery(listed))
        where = node.args.get("where")
        whole = known if where is None else n.conjunction("and", [where.this, known])
        node.set("where", exp.Where(this=whole))

    def rows_query(self, compiler: Compiler, listed: list[n.Node], entry: Entry, alias: str) -> Any:
        """Return a query over the rows the statement touches."""
        select: Any = exp.Select(expressions=listed)
        attach_from(compiler, select, self.sources)
        base = n.table(self.relation.noun.table, alias)
        if select.args.get("from_") is None:
            select.set("from_", exp.From(this=base))
        else:
            joins = select.args.get("joins") or []
            first = select.args["from_"].this
            select.set("from_", exp.From(this=base))
            select.set("joins", [exp.Join(this=first), *joins])
        if self.where is not None:
            select.set("where", exp.Where(this=compiler.node(self.where)))
        return select

    def probe(self) -> Probe:
        """Compile a query for the rows as they were to become, for details of errors."""
        compiler = make_compiler(len(self.param_types))
        ctes = self.with_ctes(compiler)
        alias = compiler.alias()
        table_columns(compiler, self.entry, alias)
        select = self.rows_query(compiler, [], self.entry, alias)
        if is_documents(self.relation.noun):
            return self._key_probe(compiler, select, ctes, alias)
        given = {column.name: expr for column, expr in self.assignments}
        cells = [
            self.cell(compiler, given[column.name], column)
            if column.name in given
            else n.column(alias, column.physical)
            for column in self.relation.columns
        ]
        olds = [n.column(alias, column.physical) for column in self.relation.columns]
        select.set("expressions", [*cells, *olds])
        if ctes is not None:
            select.set("with_", ctes)
        return make_probe(compiler, select, list(self.relation.columns))

    def _key_probe(self, compiler: Compiler, select: Any, ctes: Any, alias: str) -> Probe:
        key = n.column(alias, "id")
        given = next((expr for column, expr in self.assignments if column.physical == "id"), None)
        column = self.relation.columns[0]
        new = key.copy()
        if given is not None:
            new = stored_key(compiler, self.relation.noun, self.cell(compiler, given, column))
        select.set("expressions", [new, key])
        if ctes is not None:
            select.set("with_", ctes)
        return make_probe(compiler, select, [column])


class _Update(Change):
    def build(self, *, is_wide: bool, is_rechecked: bool = False) -> Prepared:
        """Compile UPDATE, or what is run in its place when it has waited."""
        compiler = make_compiler(len(self.param_types), is_wide=is_wide)
        ctes = self.with_ctes(compiler)
        alias = compiler.alias()
        table_columns(compiler, self.entry, alias)
        holder: Any = exp.Select()
        attach_from(compiler, holder, self.sources)
        noun = self.relation.noun
        cells = [
            (column, guarded(compiler, self.cell(compiler, expr, column), column, noun))
            for column, expr in self.assignments
        ]
        settings = assigned_cells(compiler, noun, alias, cells)
        if not settings:  # only generated columns were set to their DEFAULT
            same = next(c.physical for c in self.relation.columns if c.generated is None)
            own = n.column(alias, same)
            settings.append(exp.EQ(this=n.bare_column(same), expression=own))
        node: Any = exp.Update(this=n.table(self.relation.noun.table, alias), expressions=settings)
        if holder.args.get("from_") is not None:
            source = holder.args["from_"]
            joins = holder.args.get("joins") or []
            if joins:
                source.this.set("joins", joins)
            node.set("from_", source)
        elif any(one.find(exp.Select) is not None for one in settings):
            # with FROM, SQLite has all new values before it changes the first row
            node.set(
                "from_", exp.From(this=n.subquery(exp.Select(expressions=[n.integer(1)]), "once"))
            )
        if self.where is not None:
            node.set("where", exp.Where(this=compiler.node(self.where)))
        if ctes is not None:
            node.set("with_", ctes)
        columns = compile_returning(self.planner, compiler, node, self.returning, self.entry)
        run = add_row_check(compiler, node, self.row_check, self.entry, run_write)
        prepared = Prepared(columns, self.param_types, "UPDATE", run)
        prepared.detail = {"relation": self.relation, "tag": "UPDATE", "probe": self.probe}
        prepared.detail["rechecked"] = lambda: self.build(is_wide=is_wide, is_rechecked=True).sql
        if is_rechecked:
            self.recheck(compiler, node, alias)
        prepared.codecs = codecs_by_place(self.folds)
        self.planner.finish(compiler, node, prepared)
        if not is_wide:
            prepared.rebuild = lambda: self.build(is_wide=True)
        return prepared


class _Delete(Change):
    def build(self, *, is_wide: bool, is_rechecked: bool = False) -> Prepared:
        """Compile DELETE, or what is run in its place when it has waited; USING becomes a subquery over row ids."""
        compiler = make_compiler(len(self.param_types), is_wide=is_wide)
        ctes = self.with_ctes(compiler)
        noun = self.relation.noun
        node: Any = exp.Delete(this=n.table(noun.table))
        if self.sources:
            alias = compiler.alias()
            table_columns(compiler, self.entry, alias)
            rows = self.rows_query(compiler, [n.column(alias, noun.rowid)], self.entry, alias)
            node.set(
                "where",
                exp.Where(this=exp.In(this=n.bare_column(noun.rowid), query=n.subquery(rows))),
            )
        else:
            table_columns(compiler, self.entry, noun.table)
            if self.where is not None:
                node.set("where", exp.Where(this=compiler.node(self.where)))
        if ctes is not None:
            node.set("with_", ctes)
        columns = compile_returning(self.planner, compiler, node, self.returning, self.entry)
        prepared = Prepared(columns, self.param_types, "DELETE", run_write)
        prepared.detail = {"relation": self.relation, "tag": "DELETE", "probe": self.probe}
        prepared.detail["rechecked"] = lambda: self.build(is_wide=is_wide, is_rechecked=True).sql
        if is_rechecked:
            self.recheck(compiler, node, noun.table)
        self.planner.finish(compiler, node, prepared)
        if not is_wide:
            prepared.rebuild = lambda: self.build(is_wide=True)
        return prepared


def _spread(change: Change, sources: str, plan: PlanStatement, word: str) -> Prepared:
    """Plan a change of a table with descendants: row by row where rows may move, else table by table."""
    planner, relation, node = change.planner, change.relation, change.node
    if word == "UPDATE" and changes_key(planner, relation, node):
        return planner.session.trigger_plans.by_rows(planner, node, word)
    columns = None
    if change.returning is not None:
        compiler = make_compiler(len(change.param_types))
        table_columns(compiler, change.entry, "")
        holder: Any = exp.Select()
        attach_from(compiler, holder, change.sources)
        forms = [compiler.expression(target.expr) for target in change.returning]
        columns = planner.result_columns([one.column for one in change.returning], forms)
    return plan_spread(planner, relation, node, sources, change.param_types, plan, columns)


def plan_update(planner: Planner, node: Node) -> Prepared:
    """Plan UPDATE."""
    triggered: Prepared | None = planner.session.trigger_plans.change(planner, node, "UPDATE")
    if triggered is not None:
        return triggered
    change = _Update(planner, node, "fromClause")
    if not change.target.is_view and planner.is_contested(change.relation.noun):
        return planner.session.trigger_plans.by_rows(planner, node, "UPDATE")
    if not change.target.is_view and has_family(planner, change.relation, node):
        return _spread(change, "fromClause", plan_update, "UPDATE")
    others = other_columns(change)
    if others and change.target.checks:
        raise not_supported("a column of another table in RETURNING, of a view WITH CHECK OPTION")
    if others:
        return plan_joined(change, others, "UPDATE")
    if not planner.is_staged:
        change.folds = fold(change.assignments, node, planner.zone)
    made = change.build(is_wide=False)
    return planner.session.trigger_plans.calling(planner, node, "UPDATE", made)


def plan_delete(planner: Planner, node: Node) -> Prepared:
    """Plan DELETE."""
    triggered: Prepared | None = planner.session.trigger_plans.change(planner, node, "DELETE")
    if triggered is not None:
        return triggered
    change = _Delete(planner, node, "usingClause")
    if not change.target.is_view and planner.is_contested(change.relation.noun):
        return planner.session.trigger_plans.by_rows(planner, node, "DELETE")
    if not change.target.is_view and has_family(planner, change.relation, node):
        return _spread(change, "usingClause", plan_delete, "DELETE")
    others = other_columns(change)
    if others:
        return plan_joined(change, others, "DELETE")
    made = change.build(is_wide=False)
    return planner.session.trigger_plans.calling(planner, node, "DELETE", made)
