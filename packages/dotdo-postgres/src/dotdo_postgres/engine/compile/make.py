"""Puts the compilers of expressions and queries together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import array_values, conditions, fitting, row_values
from dotdo_postgres.engine.compile import expressions as e
from dotdo_postgres.engine.compile.aggregates import compile_aggregate, compile_grouping
from dotdo_postgres.engine.compile.compiler import Compiler
from dotdo_postgres.engine.compile.queries import compile_query
from dotdo_postgres.engine.compile.subqueries import compile_subquery

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.compile.sql import Sql

_EXPRESSIONS: dict[type[ir.Expr], Callable[[Compiler, Any], Sql]] = {
    ir.Const: e.compile_constant,
    ir.Param: e.compile_param,
    ir.Column: e.compile_column,
    ir.Call: e.compile_call,
    ir.Relabel: e.compile_relabel,
    ir.Fit: fitting.compile_fit,
    ir.Aggregate: compile_aggregate,
    ir.Grouping: compile_grouping,
    ir.Bool: conditions.compile_bool,
    ir.NullTest: conditions.compile_null_test,
    ir.BooleanTest: conditions.compile_boolean_test,
    ir.DistinctFrom: conditions.compile_distinct,
    ir.Case: conditions.compile_case,
    ir.Coalesce: conditions.compile_coalesce,
    ir.MinMax: conditions.compile_min_max,
    ir.NullIf: conditions.compile_null_if,
    ir.InList: conditions.compile_in,
    ir.Row: row_values.compile_row,
    ir.RowCompare: row_values.compile_row_compare,
    ir.FieldOf: row_values.compile_field,
    ir.Missing: row_values.compile_missing,
    ir.RowId: row_values.compile_row_id,
    ir.ArrayOf: array_values.compile_array,
    ir.Subscript: array_values.compile_subscript,
    ir.ArrayCompare: array_values.compile_array_compare,
    ir.ArrayElement: array_values.compile_array_element,
    ir.Subquery: compile_subquery,
    ir.SubqueryColumn: e.compile_subquery_column,
    ir.SessionValue: e.compile_session_value,
    ir.SeriesCall: e.compile_series,
}


def make_compiler(
    param_count: int = 0, *, is_wide: bool = False, is_persistent: bool = False
) -> Compiler:
    """Return a compiler for one statement."""
    return Compiler(
        _EXPRESSIONS, compile_query, param_count, is_wide=is_wide, is_persistent=is_persistent
    )
