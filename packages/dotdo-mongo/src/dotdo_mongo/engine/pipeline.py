"""Pipelines: stages compiled in order to one function over documents; a stub until it is there."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dotdo_mongo.engine.context import Context, Document


def compile_pipeline(
    stages: list[Any], context: Context
) -> Callable[[Iterable[Document]], Iterator[Document]]:
    """Return a function that streams documents through the stages; it checks all stages before any document flows."""
    raise NotImplementedError
