"""One INSERT of a row written as one of many rows: half the cost of as many runs; None for rows that are not mere values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.plan import Prepared

BATCH_ROWS = 50
MAX_PARAMETERS = 32_000
"""SQLite takes 32,766."""


def batch_of(prepared: Prepared, node: Any) -> Callable[[], str] | None:
    """Return what writes the text of the INSERT of `BATCH_ROWS` rows, where it inserts one row of values.

    Args:
        prepared: The statement of one row, planned.
        node: Its tree.
    """
    source = node.expression
    width = prepared.parameters
    if (
        not isinstance(source, exp.Values)
        or len(source.expressions) != 1
        or node.args.get("with_")
        or node.args.get("conflict")
        or node.args.get("returning")
        or not 0 < width <= MAX_PARAMETERS // BATCH_ROWS
        or any(_reads(call.routine) for call in prepared.python_calls)
        or source.find(exp.Query)
    ):
        return None

    def write() -> str:
        several = node.copy()
        (row,) = several.expression.expressions
        rows = [_moved(row, width * at) for at in range(BATCH_ROWS)]
        several.expression.set("expressions", rows)
        return n.to_text(several)

    return write


def _reads(routine: Any) -> bool:
    """Whether what a routine gives may depend on the rows written before."""
    return bool(routine.writes or routine.takes_session or routine.is_stored)


def _moved(row: n.Node, by: int) -> n.Node:
    """Return a row whose parameters are so many numbers further."""
    moved = row.copy()
    for found in moved.find_all(exp.Placeholder):
        found.set("this", str(int(found.this) + by))
    return moved
