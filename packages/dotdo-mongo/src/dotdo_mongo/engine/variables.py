"""A command's `let`: expressions that are evaluated once, one after the other, before any document is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.expressions import compile_expression
from dotdo_mongo.engine.expressions.names import check_variable_write
from dotdo_mongo.engine.values import MISSING
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dotdo_mongo.engine.context import Context

_RUNTIME = frozenset({"NOW", "CLUSTER_TIME", "JS_SCOPE", "IS_MR", "USER_ROLES", "SEARCH_META"})


def command_variables(let: Mapping[str, Any] | None, context: Context) -> dict[str, Any]:
    """Return the values of a command's variables; one that is removed is not there.

    Args:
        let: name -> expression, which may use the variables before it, but no document.
        context: what the expressions are evaluated in.

    Raises:
        CommandFailure: a name that nobody may give (9, 4738901), or an expression that uses a
            document (4890500), the clock (51144), or fails.
    """
    found: dict[str, Any] = {}
    if not let:
        return found
    inner = context.with_(features=context.features | {"no-now", "no-documents"}, variables=found)
    for name, source in let.items():
        if name in _RUNTIME:
            raise failure(4738901, f"Cannot define a variable with the reserved name {name}")
        check_variable_write(name)
        value = compile_expression(source, inner)({}, {})
        if value is not MISSING:
            found[name] = value
    return found
