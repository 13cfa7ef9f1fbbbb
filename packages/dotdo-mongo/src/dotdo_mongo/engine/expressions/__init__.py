"""The expressions language; a stub until it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dotdo_mongo.engine.context import Context, Document


def compile_expression(expression: Any, context: Context) -> Callable[[Document, Any], Any]:
    """Compile it once per command; errors are MongoDB's."""
    raise NotImplementedError
