"""One INSERT from its parse tree to a plan: rows or query, defaults, ON CONFLICT, RETURNING."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.composites import star_nodes
from dotdo_postgres.engine.bind.policies import is_guarded, new_row_check
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.security import INSERT, UPDATE, require_privilege
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.compile.queries import compile_cte
from dotdo_postgres.engine.dml.assign import (
    assign,
    assigned_query,
    default_expression,
    guarded,
    storage_node,
)
from dotdo_postgres.engine.dml.batches import batch_of
from dotdo_postgres.engine.dml.conflict import Conflict, bind_conflict, compile_conflict
from dotdo_postgres.engine.dml.document_keys import key_probe
from dotdo_postgres.engine.dml.documents import inserted
from dotdo_postgres.engine.dml.fold import Folds, codecs_by_place, fold
from dotdo_postgres.engine.dml.parts import assign_part
from dotdo_postgres.engine.dml.proposed import Proposed, is_reading
from dotdo_postgres.engine.dml.returning import add_row_check, bind_returning, compile_returning
from dotdo_postgres.engine.dml.routed import RowCheck, plan_routed
from dotdo_postgres.engine.dml.run import run_insert_query, run_write
from dotdo_postgres.engine.dml.targets import joined_check, with_default
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.run.probe import Probe, make_probe
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.updatable import Target
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.plan import Execute
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.query import Cte, Entry, Query
    from dotdo_postgres.engine.relations import RelationColumn

Node = dict[str, Any]


class Insertion:
    """One INSERT on its way from parse tree to plan; `is_folding` lets literals be read beforehand."""

    def __init__(  # noqa: PLR0917 one step for each form of the grammar
        self,
        planner: Planner,
        binder: Binder,
        target: Target,
        columns: list[RelationColumn],
        node: Node,
        scope: Scope,
        ctes: list[Cte],
    ) -> None:
        self.planner, self.binder, self.columns = planner, binder, columns
        self.target, self.relation = target, target.relation
        self.node, self.scope, self.ctes = node, scope, ctes
        self.rows: list[list[ir.Expr]] | None = None
        self.query: Query | None = None
        self.defaults: list[RelationColumn] = []
        self.is_probing = False
        self.is_folding = not planner.is_staged
        self.folds: Folds = {}

    def bind(self) -> None:
        """Bind rows or query, defaults, ON CONFLICT and RETURNING."""
        source = self.node.get("selectStmt", {}).get("SelectStmt")
        given = [] if source is None else self.columns
        if source is None:
            self.rows = [[]]
        elif (
            "valuesLists" in source
            and "sortClause" not in source
            and "limitCount" not in source
            and "withClause" not in source
        ):
            self.rows = [self._row(item["List"]["items"]) for item in source["valuesLists"]]
            given = self.columns[: len(self.rows[0])]
        else:
            self._bind_query(source)
            assert self.query is not None
            given = self.columns[: len(self.query.columns)]
        self.given = given
        self._refuse_identity()
        given = self._without_generated(given)
        whole = [with_default(self.target, c) for c in self.relation.columns]
        taken = {c.name for c in given}
        self.defaults = [
            c
            for c in whole
            if c.name not in taken and (c.default is not None or c.sequence or c.domain)
        ]
        self.default_exprs = [default_expression(self.binder, column) for column in self.defaults]
        entry = self.entry = self.target.entry
        conflict = self.node.get("onConflictClause", {})
        is_plain = conflict.get("action") == "ONCONFLICT_NOTHING" and "infer" not in conflict
        if conflict and not is_plain and self.target.is_view and not self._is_alike():
            raise not_supported("ON CONFLICT through a view that gives columns other names")
        self.conflict = bind_conflict(
            self.binder,
            self.relation,
            entry,
            self.node.get("onConflictClause"),
            self.planner.outer,
        )
        inner = Scope(
            parent=self.planner.outer,
            items=[self.target.item],
            entries=[entry],
            clause="RETURNING",
            ctes=self.scope.ctes,
        )
        self.binder.inserted = entry
        self.returning = bind_returning(self.binder, self.node, inner, self.relation.noun)
        self._secure(entry)
        self.param_types = self.planner.param_types(self.binder)
        cells = [pair for row in self.rows or () for pair in zip(self.given, row, strict=True)]
        if self.is_folding:
            self.folds = fold(cells, self.node, self.planner.zone)

    def _secure(self, entry: Entry) -> None:
        """Hold new rows against the policies that concern the acting role."""
        self.binder.inserted = None
        names, actor = self.binder.names, self.binder.names.actor
        names.actor = self.target.actor or actor
        own, noun = None, self.relation.noun
        if self.conflict is not None and self.conflict.assignments is not None:
            assigned = [column.name for column, _ in self.conflict.assignments]
            require_privilege(self.binder, noun, UPDATE, assigned)
        self.proposed: Proposed | None = None
        reads = is_reading(self.node)
        if self.conflict is not None and is_guarded(self.binder, noun):
            self.proposed = Proposed(self.binder, self.relation, self.conflict, is_reading=reads)
        elif not self.planner.is_trusted:
            own = new_row_check(self.binder, noun, entry, INSERT, is_reading=reads)
        names.actor = actor
        self.row_check = joined_check(own, self.target)
        if self.conflict is not None and (
            self.row_check is not None or (self.proposed is not None and self.target.is_view)
        ):
            raise not_supported("ON CONFLICT through a view with checks")

    def _is_alike(self) -> bool:
        """Tell whether a view calls every column as the table does."""
        columns = self.target.columns.items()
        return all(column is not None and column.name == name for name, column in columns)

    def _without_generated(self, given: list[RelationColumn]) -> list[RelationColumn]:
        """Leave generated columns to SQLite, seeing that only DEFAULT was given for them."""
        if all(column.generated is None for column in given):
            return given
        places = [at for at, column in enumerate(given) if column.generated is not None]
        for at in places:
            cells = [row[at] for row in self.rows or ()]
            if self.rows is None or not all(
                isinstance(c, ir.Const) and c.value is None for c in cells
            ):
                message = f'cannot insert a non-DEFAULT value into column "{given[at].name}"'
                detail = f'Column "{given[at].name}" is a generated column.'
                raise error("428C9", message, detail=detail)
        for row in self.rows or ():
            row[:] = [cell for at, cell in enumerate(row) if at not in places]
        self.given = [column for column in given if column.generated is None]
        return self.given

    def _refuse_identity(self) -> None:
        if self.rows is None or self.node.get("override") == "OVERRIDING_SYSTEM_VALUE":
            return
        for at, column in enumerate(self.given):
            if column.identity == "a" and any(
                not _is_default(row[at], column) for row in self.rows
            ):
                raise error(
                    "428C9",
                    f'cannot insert a non-DEFAULT value into column "{column.name}"',
                    detail=f'Column "{column.name}" is an identity column defined as GENERATED ALWAYS.',
                    hint="Use OVERRIDING SYSTEM VALUE to override.",
                )

    def _row(self, cells: list[Node]) -> list[ir.Expr]:
        if not any("Parts" in cell for cell in cells):
            cells = star_nodes(self.binder, cells, self.scope)
        self._check_count(len(cells), cells)
        self.scope.clause = "VALUES"
        row = []
        for cell, column in zip(cells, self.columns, strict=False):
            if "Parts" in cell:
                whole: ir.Expr = ir.Const(column.type, column.typmod, -1, None)
                for indirection, value in cell["Parts"]:
                    whole = assign_part(self.binder, whole, indirection, value, self.scope, column)
                row.append(whole)
            elif "SetToDefault" in cell:
                row.append(default_expression(self.binder, with_default(self.target, column)))
            else:
                row.append(assign(self.binder, self.binder.expression(cell, self.scope), column))
        return row

    def _check_count(self, count: int, cells: list[Node] | None = None) -> None:
        if count > len(self.columns):
            place = _place(cells[len(self.columns)]) if cells else None
            raise error("42601", "INSERT has more expressions than target columns", position=place)
        if count < len(self.columns) and "cols" in self.node:
            place = self.node["cols"][count]["ResTarget"].get("location", 0)
            raise error("42601", "INSERT has more target columns than expressions", position=place)

    def _bind_query(self, source: Node) -> None:
        self.binder.keeps_unknown = True
        query = self.binder.query({"SelectStmt": source}, self.scope)
        self.binder.keeps_unknown = False
        self._check_count(len(query.columns))
        self.query = assigned_query(self.binder, query, self.columns)

    def routed(self) -> Prepared:
        """Plan it for a partitioned table."""
        if self.ctes:
            raise not_supported("WITH before an INSERT into a partitioned table")
        columns = None
        if self.returning is not None:
            compiler = make_compiler(len(self.param_types))
            table_columns(compiler, self.entry, "")
            forms = [compiler.expression(target.expr) for target in self.returning]
            targets = [target.column for target in self.returning]
            columns = self.planner.result_columns(targets, forms)
        count = len(self.rows) if self.rows is not None else 1
        filled: list[tuple[RelationColumn, list[ir.Expr] | None]] = [
            (column, None if self.rows is None else [row[at] for row in self.rows])
            for at, column in enumerate(self.given)
        ]
        filled += [
            (column, [default_expression(self.binder, column) for _ in range(count)])
            for column in self.defaults
        ]
        if self.proposed is not None:
            raise not_supported("ON CONFLICT under row-level security of a partitioned table")
        return plan_routed(
            self.planner, self.binder, self.relation, filled, self.query, self.node, self.param_types, columns, self._row_checker(),
        )  # fmt: skip

    def _row_checker(self) -> RowCheck | None:
        """Return what makes the check of a row that is not in the table yet; None when policies ask nothing."""
        if self.row_check is None:
            return None
        return partial(
            new_row_check, self.binder, self.relation.noun, command=INSERT, is_reading=is_reading(self.node)
        )  # fmt: skip

    def build(self, *, is_wide: bool) -> Prepared:
        """Compile it."""
        self.is_probing = False
        compiler = make_compiler(len(self.param_types), is_wide=is_wide)
        ctes = [compile_cte(compiler, cte) for cte in self.ctes]
        noun = self.relation.noun
        keyed = [
            c for c in self.relation.columns if c.physical == noun.rowid and c not in self.given
        ]
        if not noun.has_hidden_rowid and not any(c in self.defaults for c in keyed):
            for column in keyed:
                self.defaults.append(column)
                self.default_exprs.append(ir.Const(column.type, -1, -1, None))
        names = [column.physical for column in (*self.given, *self.defaults)]
        if noun.has_hidden_rowid:
            names.append("_id")
        rows_source = self._values(compiler) if self.rows is not None else self._select(compiler)
        names, source = inserted(compiler, noun, names, self._held(compiler, names, rows_source))
        table = exp.Schema(this=n.table(noun.table), expressions=[n.name(name) for name in names])
        if not names:
            raise not_supported("INSERT DEFAULT VALUES into a table without columns to fill")
        node: Any = exp.Insert(this=table, expression=source)
        if ctes:
            node.set(
                "with_",
                exp.With(expressions=ctes, recursive=any(cte.is_recursive for cte in self.ctes)),
            )
        if self.conflict is not None:
            node.set("conflict", self._conflict_clause(compiler, self.conflict))
        columns = compile_returning(self.planner, compiler, node, self.returning, self.entry)
        run: Execute = run_write if self.rows is not None else run_insert_query
        run = add_row_check(compiler, node, self.row_check, self.entry, run)
        prepared = Prepared(
            columns,
            self.param_types,
            "INSERT",
            run,
        )
        prepared.detail = {"relation": self.relation, "tag": "INSERT 0", "probe": self._probe}
        prepared.codecs = codecs_by_place(self.folds)
        if (
            self.conflict is not None
            and self.conflict.assignments is not None
            and len(self.rows or "ab") > 1
        ):
            prepared.detail["upsert"] = self.conflict.columns
        if self.query is not None:
            prepared.detail["count"] = self._count()
        self.planner.finish(compiler, node, prepared)
        prepared.detail["batch"] = batch_of(prepared, node)
        if not is_wide:
            prepared.rebuild = lambda: self.build(is_wide=True)
        return prepared

    def _held(self, compiler: Compiler, names: list[str], source: Any) -> Any:
        return source if self.proposed is None else self.proposed.source(compiler, names, source)

    def _conflict_clause(self, compiler: Compiler, conflict: Conflict) -> Any:
        clause = compile_conflict(compiler, conflict, self.relation)
        if self.proposed is not None:
            self.proposed.guard(compiler, clause)
        return clause

    def _guarded(self, compiler: Compiler, node: n.Node, column: RelationColumn) -> n.Node:
        return node if self.is_probing else guarded(compiler, node, column, self.relation.noun)

    def _cells(self, compiler: Compiler, row: list[ir.Expr]) -> list[n.Node]:
        pairs = [
            *zip(row, self.given, strict=True),
            *zip(self.default_exprs, self.defaults, strict=True),
        ]
        return [self._cell(compiler, expr, column) for expr, column in pairs]

    def _cell(self, compiler: Compiler, expr: ir.Expr, column: RelationColumn) -> n.Node:
        if id(expr) in self.folds:
            return self._guarded(compiler, n.parameter(self.folds[id(expr)][0]), column)
        node = storage_node(compiler, compiler.expression(expr), column)
        is_number = isinstance(expr, ir.SessionValue) and expr.kind == "nextval"
        return node if is_number else self._guarded(compiler, node, column)

    def _values(self, compiler: Compiler) -> n.Node:
        assert self.rows is not None
        listed = []
        for row in self.rows:
            cells = self._cells(compiler, row)
            if self.relation.noun.has_hidden_rowid:
                cells.append(_fresh(compiler, "rowid", self.relation.noun.table))
            listed.append(exp.Tuple(expressions=cells))
        return exp.Values(expressions=listed)

    def _select(self, compiler: Compiler) -> n.Node:
        assert self.query is not None
        node, forms = compiler.query(self.query)
        alias = compiler.alias()
        from dotdo_postgres.engine.compile.sql import Sql

        cells: list[n.Node] = []
        for at, (form, column) in enumerate(zip(forms, self.given, strict=True)):
            sql = Sql(n.column(alias, f"c{at}"), form.scale, form.digits)
            cells.append(self._guarded(compiler, storage_node(compiler, sql, column), column))
        number = n.binary("-", exp.Window(this=n.call("row_number")), n.integer(1))
        for expr, column in zip(self.default_exprs, self.defaults, strict=True):
            if isinstance(expr, ir.SessionValue) and expr.kind == "nextval":
                base = _fresh(compiler, "nextval_base", expr.argument)
                cells.append(n.binary("+", base, number.copy()))
            else:
                cells.append(self._cell(compiler, expr, column))
        if self.relation.noun.has_hidden_rowid:
            cells.append(
                n.binary(
                    "+", _fresh(compiler, "rowid_base", self.relation.noun.table), number.copy()
                )
            )
        select: Any = exp.Select(expressions=cells)
        select.set("from_", exp.From(this=n.subquery(node, alias)))
        select.set("where", exp.Where(this=n.integer(1)))
        return select  # type: ignore[no-any-return]  # sqlglot's nodes are untyped

    def _count(self) -> Probe:
        """Compile a query that counts the rows the source gives."""
        assert self.query is not None
        compiler = make_compiler(len(self.param_types))
        ctes = [compile_cte(compiler, cte) for cte in self.ctes]
        node, _ = compiler.query(self.query)
        select: Any = exp.Select(expressions=[n.call("count", exp.Star())])
        select.set("from_", exp.From(this=n.subquery(node)))
        if ctes:
            select.set(
                "with_",
                exp.With(expressions=ctes, recursive=any(cte.is_recursive for cte in self.ctes)),
            )
        return make_probe(compiler, select, [])

    def _probe(self) -> Probe:
        """Compile a query for the rows that were to be inserted, for details of errors."""
        compiler = make_compiler(len(self.param_types))
        self.is_probing = True
        columns = [*self.given, *self.defaults]
        ctes = [compile_cte(compiler, cte) for cte in self.ctes]
        if self.rows is not None:
            listed = [exp.Tuple(expressions=self._cells(compiler, row)) for row in self.rows]
            node: Any = exp.Values(expressions=listed)
        else:
            node = self._select(compiler)
            if self.relation.noun.has_hidden_rowid:
                node.expressions.pop()
            if ctes:
                node.set(
                    "with_",
                    exp.With(
                        expressions=ctes, recursive=any(cte.is_recursive for cte in self.ctes)
                    ),
                )
        self.is_probing = False
        if is_documents(self.relation.noun):
            return key_probe(compiler, self.relation, node, columns)
        return make_probe(compiler, node, columns)


def _fresh(compiler: Compiler, kind: str, argument: str) -> n.Node:
    compiler.session_values.append((kind, argument))
    return n.parameter(compiler.param_count + len(compiler.session_values))


def _is_default(expr: ir.Expr, column: RelationColumn) -> bool:
    return (
        isinstance(expr, ir.SessionValue)
        and expr.kind == "nextval"
        and expr.argument == column.sequence
    )


def _place(node: Node) -> int:
    ((_, body),) = node.items()
    return int(body.get("location", 0))
