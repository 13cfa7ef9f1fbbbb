"""ORDER BY terms inside aggregates and windows, and PostgreSQL's default place of NULLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.query import SortKey
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder, Node
    from dotdo_postgres.engine.bind.scope import Scope

UNORDERED = frozenset({t.JSON})


def directions(node: Node) -> tuple[bool, bool]:
    """Return (descending, nulls first) of a SortBy; NULLs sort as if larger than everything."""
    if node["sortby_dir"] == "SORTBY_USING":
        is_descending = _by_operator(node)
    else:
        is_descending = node["sortby_dir"] == "SORTBY_DESC"
    nulls = node["sortby_nulls"]
    nulls_first = (
        is_descending if nulls == "SORTBY_NULLS_DEFAULT" else nulls == "SORTBY_NULLS_FIRST"
    )
    return is_descending, nulls_first


def _by_operator(node: Node) -> bool:
    """Tell whether ORDER BY USING means from the greatest down.

    Raises:
        PostgresError: the operator orders nothing (42809).
    """
    name = node["useOp"][-1]["String"]["sval"]
    if name in {"<", "~<~"}:
        return False
    if name in {">", "~>~"}:
        return True
    hint = 'Ordering operators must be "<" or ">" members of btree operator families.'
    message = f"operator {name} is not a valid ordering operator"
    raise error("42809", message, hint=hint, position=node.get("location"))


def bind_sort_keys(binder: Binder, nodes: list[Node], scope: Scope) -> list[SortKey]:
    """Bind the ORDER BY of an aggregate or window: expressions only, no ordinals."""
    keys = []
    for item in nodes:
        node = item["SortBy"]
        expr = binder.known(binder.expression(node["node"], scope))
        keys.append(SortKey(expr, *directions(node)))
    return keys
