"""Puts the compilers of expressions and queries together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import expressions as e
from dotdo_postgres.engine.compile.aggregates import compile_aggregate, compile_grouping
from dotdo_postgres.engine.compile.compiler import Compiler
from dotdo_postgres.engine.compile.queries import compile_query, compile_subquery

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.compile.sql import Sql

_EXPRESSIONS: dict[type[ir.Expr], Callable[[Compiler, Any], Sql]] = {
    ir.Const: e.compile_constant,
    ir.Param: e.compile_param,
    ir.Column: e.compile_column,
    ir.Call: e.compile_call,
    ir.Relabel: e.compile_relabel,
    ir.Fit: e.compile_fit,
    ir.Aggregate: compile_aggregate,
    ir.Grouping: compile_grouping,
    ir.Bool: e.compile_bool,
    ir.NullTest: e.compile_null_test,
    ir.BooleanTest: e.compile_boolean_test,
    ir.DistinctFrom: e.compile_distinct,
    ir.Case: e.compile_case,
    ir.Coalesce: e.compile_coalesce,
    ir.MinMax: e.compile_min_max,
    ir.NullIf: e.compile_null_if,
    ir.InList: e.compile_in,
    ir.Row: e.compile_row,
    ir.RowCompare: e.compile_row_compare,
    ir.FieldOf: e.compile_field,
    ir.Missing: e.compile_missing,
    ir.RowId: e.compile_row_id,
    ir.ArrayOf: e.compile_array,
    ir.Subscript: e.compile_subscript,
    ir.ArrayCompare: e.compile_array_compare,
    ir.ArrayElement: e.compile_array_element,
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
