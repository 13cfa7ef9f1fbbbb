"""Queries, compiled once to functions from a document to a truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_mongo.engine.match.compiler import parse, parse_field
from dotdo_mongo.engine.match.declare import Scope
from dotdo_mongo.engine.match.texts import check_text_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dotdo_mongo.engine.context import Context, Document, Matcher


def _scope(context: Context, restricted: Mapping[str, tuple[int, str]] | None = None) -> Scope:
    return Scope(context, parse, parse_field, restricted=restricted or {})


def compile_match(
    query: Document, context: Context, restricted: Mapping[str, tuple[int, str]] | None = None
) -> Matcher:
    """Compile a query.

    Args:
        query: as `find` takes it.
        context: the command's.
        restricted: operators that may not stand here, by name -> (code, text).

    Raises:
        CommandFailure: an unknown operator or a wrong argument, most of them code 2.
    """
    matches = parse(query, _scope(context, restricted))
    check_text_query(query, context.index_keys)
    return matches


def compile_value_match(operators: Document, context: Context) -> Matcher:
    """Compile operators on a value that stands alone, as $pull takes them."""
    questions = parse_field(operators, _scope(context))
    tests = [question.of_value() for question in questions]
    return lambda value: all(test(value) for test in tests)
