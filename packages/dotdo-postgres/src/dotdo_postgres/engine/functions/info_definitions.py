"""Functions that write definitions (9.26.4): pg_get_expr, pg_get_constraintdef, pg_get_indexdef, pg_get_viewdef and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.routines.declare import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.26.4")


def _asked(name: str) -> Callable[..., Any]:
    def ask(facts: Facts, *arguments: Any) -> Any:
        return facts.catalog.ask(name, *arguments)

    return ask


_DECLARED = (
    ("pg_get_expr(pg_node_tree, oid)", "get_expression"),
    ("pg_get_expr(pg_node_tree, oid, boolean)", "get_pretty_expression"),
    ("pg_get_constraintdef(oid)", "get_constraint"),
    ("pg_get_constraintdef(oid, boolean)", "get_pretty_constraint"),
    ("pg_get_indexdef(oid)", "get_index"),
    ("pg_get_indexdef(oid, integer, boolean)", "get_index_part"),
    ("pg_get_viewdef(oid)", "get_view"),
    ("pg_get_viewdef(oid, boolean)", "get_pretty_view"),
    ("pg_get_viewdef(oid, integer)", "get_wrapped_view"),
    ("pg_get_viewdef(text)", "get_view_named"),
    ("pg_get_viewdef(text, boolean)", "get_pretty_view_named"),
    ("pg_get_ruledef(oid)", "get_rule"),
    ("pg_get_ruledef(oid, boolean)", "get_pretty_rule"),
    ("pg_get_triggerdef(oid)", "get_trigger"),
    ("pg_get_triggerdef(oid, boolean)", "get_pretty_trigger"),
    ("pg_get_partkeydef(oid)", "get_partition_key"),
    ("pg_get_partition_constraintdef(oid)", "get_partition_constraint"),
    ("pg_get_statisticsobjdef_columns(oid)", "get_statistics_columns"),
    ("pg_get_functiondef(oid)", "get_function"),
    ("pg_get_function_arguments(oid)", "get_arguments"),
    ("pg_get_function_identity_arguments(oid)", "get_identity_arguments"),
    ("pg_get_function_result(oid)", "get_result"),
    ("pg_get_serial_sequence(text, text)", "get_serial_sequence"),
)
"""Each function, and what answers it."""

for _signature, _answer in _DECLARED:
    FAMILY.function(_signature, returns="text", takes_session=True)(_asked(_answer))


@FAMILY.function("pg_get_function_sqlbody(oid)", returns="text")
def sql_body(oid: int) -> None:
    """Return nothing: no function keeps its body parsed."""
