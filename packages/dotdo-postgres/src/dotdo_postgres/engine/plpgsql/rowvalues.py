"""Expressions whose value is a row: a row variable, ROW(...), a call, a subquery over whole rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.binder import names_of
from dotdo_postgres.engine.objects.rowtypes import fields_of
from dotdo_postgres.engine.plpgsql.embedding import run_sql, tree_of
from dotdo_postgres.engine.plpgsql.frame import row_of
from dotdo_postgres.engine.plpgsql.parts import Sql
from dotdo_postgres.engine.udf.definition import written_type
from dotdo_postgres.engine.udf.rowvalues import Row
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.plpgsql.frame import Frame

Node = dict[str, Any]
_STAR: Node = {"ResTarget": {"val": {"ColumnRef": {"fields": [{"A_Star": {}}]}}}}


def evaluate_row(frame: Frame, sql: Sql) -> Row | None:
    """Evaluate an expression that gives a row; None for NULL.

    Raises:
        PostgresError: it gives something else (SQLSTATE 42804).
    """
    select = tree_of(sql)["SelectStmt"]
    targets = select.get("targetList", [])
    if len(targets) != 1:
        return _run(frame, sql, select)
    node = targets[0]["ResTarget"]["val"]
    if select.get("fromClause"):
        return _run(frame, sql, _starred(select))
    ((kind, body),) = node.items()
    if kind == "ColumnRef":
        return _variable(frame, sql, body)
    if kind == "TypeCast":
        return _cast(frame, sql, body)
    if kind == "RowExpr":
        return _row(frame, sql, body)
    if kind == "FuncCall":
        call = {"RangeFunction": {"functions": [{"List": {"items": [node, {}]}}]}}
        return _run(frame, sql, {**select, "targetList": [_STAR], "fromClause": [call]})
    if kind == "SubLink":
        return _run(frame, sql, _starred(body["subselect"]["SelectStmt"]))
    if kind == "A_Const" and "isnull" in body:
        return None
    raise _not_row()


def _not_row() -> Exception:
    return error("42804", "cannot assign non-composite value to a record variable")


def _variable(frame: Frame, sql: Sql, body: Node) -> Row | None:
    parts = [part["String"]["sval"] for part in body["fields"] if "String" in part]
    variable = sql.scope.find(parts[0]) if len(parts) == 1 else None
    if variable is None:
        raise _not_row()
    if not variable.is_record:
        if frame.values[variable.number] is None:
            return None
        raise _not_row()
    return frame.row(variable)


def _cast(frame: Frame, sql: Sql, body: Node) -> Row | None:
    fields = fields_of(frame.session.names, written_type(frame.session.names, body["typeName"])[0])
    if fields is None:
        raise _not_row()
    ((kind, inner),) = body["arg"].items()
    if kind == "A_Const" and "isnull" in inner:
        return None
    row = (
        _row(frame, sql, inner)
        if kind == "RowExpr"
        else _variable(frame, sql, inner)
        if kind == "ColumnRef"
        else None
    )
    if row is None and kind != "ColumnRef":
        raise _not_row()
    from dotdo_postgres.engine.plpgsql.evaluating import fitted

    return None if row is None else fitted(frame, row, fields)


def _row(frame: Frame, sql: Sql, body: Node) -> Row:
    targets = [
        {"ResTarget": {"val": arg, "name": f"f{at}"}}
        for at, arg in enumerate(body.get("args", []), 1)
    ]
    if not targets:
        return Row((), ())
    select = {"targetList": targets, "limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
    found = _run(frame, sql, select)
    assert found is not None  # there is one row
    return found


def _starred(select: Node) -> Node:
    """Take the whole row of something in FROM for all of its columns."""
    targets = select.get("targetList", [])
    if len(targets) != 1:
        return select
    reference = targets[0]["ResTarget"]["val"].get("ColumnRef")
    if reference is None or len(reference["fields"]) != 1 or "String" not in reference["fields"][0]:
        return select
    name = names_of(reference["fields"])[0]
    if not any(_names(item, name) for item in select.get("fromClause", [])):
        return select
    star = {"ColumnRef": {"fields": [{"String": {"sval": name}}, {"A_Star": {}}]}}
    return {**select, "targetList": [{"ResTarget": {"val": star}}]}


def _names(item: Node, name: str) -> bool:
    ((_, body),) = item.items()
    alias = body.get("alias", {}).get("aliasname")
    return bool((alias or body.get("relname")) == name)


def _run(frame: Frame, sql: Sql, select: Node) -> Row | None:
    made = sql.row
    if made is None:
        made = sql.row = Sql(
            sql.text, sql.scope, sql.line, is_statement=True, tree={"SelectStmt": select}
        )
    result, _ = run_sql(frame, made)
    return row_of(result, 0) if result.rows else None
