"""Queries of any form, with their common table expressions, plain and recursive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.ordering import needs_key
from dotdo_postgres.engine.compile.selects import compile_select
from dotdo_postgres.engine.compile.set_operations import compile_set_operation, compile_values
from dotdo_postgres.engine.compile.wrapping import (
    conform,
    is_plain,
    star_over,
)
from dotdo_postgres.engine.query import Cte, Query, Select, SetOperation, Values
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiled, Compiler


def compile_query(compiler: Compiler, query: Query) -> Compiled:
    """Compile a query of any form; its result columns are named c0, c1 ..."""
    with_items = [compile_cte(compiler, cte) for cte in query.ctes]
    if isinstance(query, Select):
        node, forms = compile_select(compiler, query)
    elif isinstance(query, SetOperation):
        node, forms = compile_set_operation(compiler, query)
    else:
        assert isinstance(query, Values)
        node, forms = compile_values(compiler, query)
    if with_items:
        if node.args.get("with_") is not None:
            node = star_over(compiler, node, forms)
        node.set(
            "with_",
            exp.With(expressions=with_items, recursive=any(cte.is_recursive for cte in query.ctes)),
        )
    return node, forms


def compile_cte(compiler: Compiler, cte: Cte) -> Any:
    """Write a common table expression."""
    assert cte.query is not None
    name = compiler.cte_name(cte)
    if cte.is_recursive:
        node, forms = _recursive(compiler, cte)
    else:
        node, forms = compile_query(compiler, cte.query)
    compiler.cte_scales[id(cte)] = forms
    columns = [n.name(f"c{at}") for at in range(len(forms))]
    alias = exp.TableAlias(this=n.name(name), columns=columns)
    is_materialized = cte.is_materialized
    if is_materialized is None and not cte.is_recursive:
        is_materialized = cte.uses > 1 or compiler.is_volatile(node) or None
    return exp.CTE(this=node, alias=alias, materialized=is_materialized)


def _recursive(compiler: Compiler, cte: Cte) -> Compiled:
    query = cte.query
    assert isinstance(query, SetOperation)
    assert query.left is not None
    assert query.right is not None
    left, forms = compile_query(compiler, query.left)
    compiler.cte_scales[id(cte)] = forms
    right, others = compile_query(compiler, query.right)
    if any(a.scale != b.scale for a, b in zip(forms, others, strict=True)):
        left, forms = conform(compiler, left, forms, [None] * len(forms), query.columns)
        compiler.cte_scales[id(cte)] = forms
        right, others = compile_query(compiler, query.right)
        right, others = conform(compiler, right, others, [None] * len(forms), query.columns)
    if not query.is_all and any(
        needs_key(c.type, f) for c, f in zip(query.columns, forms, strict=True)
    ):
        raise not_supported("UNION of a recursive query over these types")
    right = right if is_plain(right) else star_over(compiler, right, others)
    left = left if is_plain(left) else star_over(compiler, left, forms)
    return exp.Union(this=left, expression=right, distinct=not query.is_all), forms
