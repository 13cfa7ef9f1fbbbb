"""The match language; a stub until it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dotdo_mongo.engine.context import Context, Document


def compile_match(query: Document, context: Context) -> Callable[[Document], bool]:
    """Compile it once per command; errors are MongoDB's."""
    raise NotImplementedError
