"""Aggregation expressions, compiled once to closures over (document, variables)."""

from dotdo_mongo.engine.expressions.compiling import compile_expression, expression, scope_of
from dotdo_mongo.engine.expressions.declare import Evaluate, Expr, Scope
from dotdo_mongo.engine.expressions.logic import is_true
from dotdo_mongo.engine.expressions.registry import OPERATORS

__all__ = [
    "OPERATORS",
    "Evaluate",
    "Expr",
    "Scope",
    "compile_expression",
    "expression",
    "is_true",
    "scope_of",
]
