"""Puts the binders of expressions and queries together."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from dotdo_postgres.engine.bind import expressions as e
from dotdo_postgres.engine.bind.binder import Binder, ExpressionBinder
from dotdo_postgres.engine.bind.calls import bind_call
from dotdo_postgres.engine.bind.grouping import bind_grouping
from dotdo_postgres.engine.bind.operators import bind_operator
from dotdo_postgres.engine.bind.queries import bind_query
from dotdo_postgres.engine.bind.series import without_series
from dotdo_postgres.engine.bind.subqueries import bind_subquery

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.names import Names

_EXPRESSIONS: dict[str, ExpressionBinder] = {
    "A_Const": e.bind_constant,
    "ParamRef": e.bind_param,
    "ColumnRef": e.bind_column,
    "TypeCast": e.bind_cast,
    "CollateClause": e.bind_collate,
    "BoolExpr": e.bind_boolean,
    "NullTest": e.bind_null_test,
    "BooleanTest": e.bind_boolean_test,
    "CaseExpr": without_series("CASE", e.bind_case),
    "CoalesceExpr": without_series("COALESCE", e.bind_coalesce),
    "MinMaxExpr": e.bind_min_max,
    "RowExpr": e.bind_row,
    "A_ArrayExpr": e.bind_array,
    "A_Indirection": e.bind_subscript,
    "SQLValueFunction": e.bind_sql_value,
    "A_Expr": bind_operator,
    "FuncCall": bind_call,
    "SubLink": bind_subquery,
    "GroupingFunc": bind_grouping,
}


def make_binder(names: Names, param_oids: tuple[int, ...] = (), zone: tzinfo = UTC) -> Binder:
    """Return a binder for one statement."""
    return Binder(names, param_oids, zone, _EXPRESSIONS, bind_query)
