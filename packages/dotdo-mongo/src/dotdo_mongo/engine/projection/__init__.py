"""The projection language; a stub until it is there."""

from collections.abc import Callable
from typing import Any

from dotdo_mongo.engine.context import Context, Document


def compile_projection(
    spec: Document, context: Context, query: Document | None = None
) -> Callable[[Document], Document]:
    """Compile it once per command; errors are MongoDB's."""
    raise NotImplementedError
