"""What the binder asks of the routines that users made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.procedures.binding import bind_user_call, with_columns
from dotdo_postgres.engine.procedures.operators import bind_user_operator

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.scope import Scope

Node = dict[str, Any]


class UserRoutines:
    """Binds calls of what users made."""

    def bind_call(  # noqa: PLR0917 -- what a call is made of
        self,
        binder: Binder,
        node: Node,
        parts: list[str],
        args: list[ir.Expr],
        labels: tuple[str, ...],
        scope: Scope,
    ) -> Any:
        """Bind a call."""
        return bind_user_call(binder, node, parts, args, labels, scope)

    def bind_operator(
        self, binder: Binder, name: str, operands: list[ir.Expr], location: int
    ) -> Any:
        """Bind an operator."""
        return bind_user_operator(binder, name, operands, location)

    def with_columns(
        self, binder: Binder, call: ir.SeriesCall, columns: list[tuple[str, int, int]]
    ) -> Any:
        """Give a call that returns records its columns."""
        return with_columns(binder, call, columns)
