"""Aggregation expressions, compiled once to closures over (document, variables)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.expressions.compiler import build
from dotdo_mongo.engine.expressions.declare import Evaluate, Expr, Scope
from dotdo_mongo.engine.expressions.registry import OPERATORS

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context


def scope_of(context: Context) -> Scope:
    """Return the scope of a command's own expressions."""
    return Scope(context=context, operators=OPERATORS, build=build)


def expression(source: Any, context: Context) -> Expr:
    """Compile an expression; what it gives knows whether it is constant."""
    return scope_of(context).compile(source)


def compile_expression(source: Any, context: Context) -> Evaluate:
    """Compile an expression to a function of (document, variables); an absent value is MISSING.

    Raises:
        CommandFailure: an unknown operator, wrong arguments, or a constant part that fails.
    """
    return expression(source, context).evaluate
