"""Queries, compiled once to functions from a document to a truth."""

from dotdo_mongo.engine.match.arrays import is_operators
from dotdo_mongo.engine.match.compiling import compile_match, compile_value_match
from dotdo_mongo.engine.match.geo.near import Near, check_index, near_of
from dotdo_mongo.engine.match.texts import has_text

__all__ = [
    "Near",
    "check_index",
    "compile_match",
    "compile_value_match",
    "has_text",
    "is_operators",
    "near_of",
]
