"""SQL inside bodies: planned with the variables in scope as parameters, kept for as long as names and rows mean the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo.storage import CatalogChanged
from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem, Variables
from dotdo_postgres.engine.parse import parse
from dotdo_postgres.engine.plpgsql.frame import not_assigned
from dotdo_postgres.engine.query import Cte, OutputColumn, Select
from dotdo_postgres.engine.udf.casting import assigned
from dotdo_postgres.engine.udf.running import add_context, plain_rows, run_step
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.plan import Prepared, Result
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.plpgsql.frame import Frame
    from dotdo_postgres.engine.plpgsql.parts import Namespace, Sql, Variable
    from dotdo_postgres.engine.udf.rowvalues import Fields
    from dotdo_postgres.mapping.codecs import StorageValue

Wanted = tuple[int, int, int]
_PLACES = re.compile(r"\?(\d+)")


@dataclass(slots=True)
class Embedded:
    """A piece of SQL as planned.

    Args:
        prepared: The plan.
        loads: For the parameters that the text takes: number from 0, variable, and field of a row (-1 for none).
        count: How many parameters there are.
        names: How names resolved.
        shapes: The fields of the row variables.
        kind: Kind of the statement's parse tree.
    """

    prepared: Prepared
    loads: list[tuple[int, int, int]]
    count: int
    names: object
    shapes: tuple[object, ...]
    kind: str

    def params(self, frame: Frame) -> list[StorageValue]:
        """Return the values of the parameters."""
        found: list[StorageValue] = [None] * self.count
        values = frame.values
        for at, number, place in self.loads:
            value = values[number]
            if place >= 0:
                value = None if value is None else value.values[place]
            found[at] = value
        return found


def run_sql(frame: Frame, sql: Sql, wanted: Wanted | None = None) -> tuple[Result, Embedded]:
    """Run a piece of SQL; numerics of the result are in the form of parameters.

    Args:
        frame: The call.
        sql: What to run.
        wanted: Type, modifier and domain to cast the value of an expression to.

    Raises:
        PostgresError: whatever is wrong with it.
    """
    session = frame.session
    while True:
        embedded = plan_sql(frame, sql, wanted)
        try:
            result = run_step(session, embedded.prepared, embedded.params(frame))
        except CatalogChanged:
            if session.kernel.is_running:
                raise
            sql.plan = None
        except PostgresError as failure:
            _tell_place(failure, sql, embedded)
            raise
        else:
            if result.columns:
                result.rows = plain_rows(result.columns, result.rows)
            return result, embedded


def _tell_place(failure: PostgresError, sql: Sql, embedded: Embedded) -> None:
    failure.position = None
    if sql.is_statement:
        add_context(failure, f'SQL statement "{sql.text}"')
    elif not embedded.loads and failure.context is None:
        add_context(failure, f'SQL expression "{sql.text}"')


def plan_sql(frame: Frame, sql: Sql, wanted: Wanted | None = None) -> Embedded:
    """Return the plan of a piece of SQL for the present definitions and rows."""
    session = frame.session
    if session.kernel.catalog is not session.names.catalog:
        session.planner()  # looks the names up anew
    kept: dict[Any, Embedded] | None = sql.plan
    shapes = frame.shapes(sql)
    if kept is not None:
        found = kept.get((wanted, shapes))
        if found is not None and found.names is session.names:
            return found
    else:
        kept = sql.plan = {}
    try:
        embedded = _plan(frame, sql, wanted, shapes)
    except PostgresError as failure:
        _explain(sql, failure)
        raise
    if embedded.prepared.is_kept:
        kept[wanted, shapes] = embedded
    return embedded


def _explain(sql: Sql, failure: PostgresError) -> None:
    if failure.position is None or failure.position < 0:
        add_context(
            failure, f'SQL {"statement" if sql.is_statement else "expression"} "{sql.text}"'
        )
    failure.position = None


def _plan(frame: Frame, sql: Sql, wanted: Wanted | None, shapes: tuple[object, ...]) -> Embedded:
    tree = tree_of(sql)
    _check_rows(frame, sql, tree)
    maker = _ScopeMaker(frame)
    scope = maker.scope(sql.scope)
    planner = frame.session.planner(sql.text, tuple(maker.oids))
    planner.outer = scope
    planner.variables = Variables(scope, frame.body.conflict)
    ((kind, body),) = tree.items()
    if wanted is not None:
        prepared = _plan_value(planner, body, wanted)
    else:
        prepared = frame.session.plan_step(planner, tree)
    used = {int(number) - 1 for number in _PLACES.findall(prepared.sql)} if prepared.sql else None
    loads = [load for load in maker.loads if used is None or load[0] in used]
    return Embedded(prepared, loads, len(maker.loads), frame.session.names, shapes, kind)


def _plan_value(planner: Planner, body: dict[str, Any], wanted: Wanted) -> Prepared:
    """Plan an expression whose value is cast to a type."""
    from dotdo_postgres.engine.planner import build_select

    binder = planner.binder()
    binder.keeps_unknown = True
    query = binder.query({"SelectStmt": body}, planner.outer)
    binder.keeps_unknown = False
    if (
        isinstance(query, Select)
        and len(query.targets) == 1
        and not query.is_distinct
        and not query.order
    ):
        target = query.targets[0]
        target.expr = assigned(binder, target.expr, *wanted)
        target.column.type, target.column.typmod = target.expr.type, target.expr.typmod
    return build_select(planner, query, planner.param_types(binder), is_wide=False)


def tree_of(sql: Sql) -> dict[str, Any]:
    """Return the parse tree of a piece of SQL; `$n` is the name of an argument in it.

    Raises:
        PostgresError: syntax error (SQLSTATE 42601).
    """
    if sql.tree is None:
        text = sql.text if sql.is_statement else f"SELECT {sql.text}"
        statements = parse(text)
        if len(statements) != 1:
            raise error(
                "42601",
                "cannot run several statements at once"
                if statements
                else "syntax error at end of input",
            )
        sql.tree = _named(statements[0]["stmt"])
    found: dict[str, Any] = sql.tree
    return found


def _named(node: Any) -> Any:
    if isinstance(node, list):
        return [_named(item) for item in node]
    if not isinstance(node, dict):
        return node
    param = node.get("ParamRef")
    if isinstance(param, dict):
        name = {"String": {"sval": f"${param.get('number', 0)}"}}
        return {"ColumnRef": {"fields": [name], "location": param.get("location", 0)}}
    if "A_Indirection" in node and _is_argv(node["A_Indirection"]):
        return {"A_Indirection": _from_zero(node["A_Indirection"])}
    return {key: _named(value) for key, value in node.items()}


def _is_argv(body: dict[str, Any]) -> bool:
    fields = body["arg"].get("ColumnRef", {}).get("fields", [])
    return len(fields) == 1 and fields[0].get("String", {}).get("sval") == "tg_argv"


def _from_zero(body: dict[str, Any]) -> dict[str, Any]:
    """Count the arguments of a trigger from 0, as PL/pgSQL does."""

    def shifted(index: dict[str, Any]) -> dict[str, Any]:
        one = {"A_Const": {"ival": {"ival": 1}}}
        name = [{"String": {"sval": "+"}}]
        return {"A_Expr": {"kind": "AEXPR_OP", "name": name, "lexpr": _named(index), "rexpr": one}}

    steps = [
        {
            "A_Indices": {
                key: shifted(value) if key in {"lidx", "uidx"} else value
                for key, value in step["A_Indices"].items()
            }
        }
        if "A_Indices" in step
        else step
        for step in body["indirection"]
    ]
    return {**body, "indirection": steps}


def _references(node: Any) -> Iterator[list[str]]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        found = node.get("ColumnRef")
        if isinstance(found, dict):
            yield [part["String"].get("sval", "") for part in found["fields"] if "String" in part]
        for value in node.values():
            if isinstance(value, (dict, list)):
                yield from _references(value)


def _check_rows(frame: Frame, sql: Sql, tree: dict[str, Any]) -> None:
    """See that the fields of row variables that are named are there.

    Raises:
        PostgresError: the variable has no fields yet (55000), or none of that name (42703).
    """
    for parts in _references(tree):
        variable = sql.scope.find(parts[0]) if parts else None
        if variable is None or not variable.is_record:
            continue
        fields = frame.fields(variable)
        if fields is None and len(parts) == 1:
            continue  # as a whole it is NULL
        if fields is None:
            raise not_assigned(variable)
        if len(parts) == 2 and all(name != parts[1] for name, _, _ in fields):
            if _may_be_table(tree, parts[0]):
                continue
            raise error("42703", f'record "{variable.name}" has no field "{parts[1]}"')


def _may_be_table(tree: dict[str, Any], name: str) -> bool:
    """Whether a name may stand for something in FROM, which goes before variables."""
    text = repr(tree)
    return f"'aliasname': '{name}'" in text or f"'relname': '{name}'" in text


class _ScopeMaker:
    """Makes scopes of the names that a piece of SQL sees; each variable is a parameter."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.oids: list[int] = []
        self.loads: list[tuple[int, int, int]] = []

    def scope(self, space: Namespace | None) -> Scope:
        """Return the scope of a namespace and those around it."""
        if space is None:
            return self._outermost()
        made = Scope(parent=self.scope(space.parent))
        plain: list[tuple[str, ir.Expr]] = []
        for name, variable in space.names.items():
            if variable.is_record:
                made.items.append(self._row(name, variable))
            else:
                plain.append(
                    (name, self._param(variable.number, -1, variable.type, variable.typmod))
                )
        made.items.append(ScopeItem(space.label, plain, is_named=bool(space.label)))
        return made

    def _outermost(self) -> Scope:
        made = Scope()
        for name, (fields, table) in self._frame.transition.items():
            made.ctes[name] = transition_table(name, fields, table)
        return made

    def _row(self, name: str, variable: Variable) -> ScopeItem:
        fields = self._frame.fields(variable) or ()
        columns: list[tuple[str, ir.Expr]] = [
            (label, self._param(variable.number, at, oid, typmod))
            for at, (label, oid, typmod) in enumerate(fields)
        ]
        return ScopeItem(name, columns, has_plain_columns=False, row_type=variable.type or t.RECORD)

    def _param(self, number: int, place: int, oid: int, typmod: int) -> ir.Expr:
        from dotdo_postgres.engine.bind.domains import base_type

        base, modifier, _ = base_type(oid, typmod)
        self.loads.append((len(self.oids), number, place))
        self.oids.append(base)
        return ir.Param(base, modifier, -1, len(self.oids))


def transition_table(name: str, fields: Fields, table: str) -> Cte:
    """Return what stands for rows that statements read under a name."""
    from dotdo_postgres.engine.compile import nodes as n
    from dotdo_postgres.engine.compile.sql import Sql as Form

    columns = [OutputColumn(label, oid, typmod) for label, oid, typmod in fields]
    cte = Cte(name, columns, table=table)
    cte.forms = [Form(n.null(), None, 18) for _ in columns]
    return cte
