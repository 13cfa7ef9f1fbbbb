"""What SQL does of queries and pipelines: all of it proved by the rows themselves, so that Python decides on the others."""

from dotdo_mongo.engine.pushdown.bounds import (
    Bound,
    best_index,
    bounds,
    by_index,
    by_key,
    equalities,
    exceptions_text,
    is_pushed,
    value_text,
)
from dotdo_mongo.engine.pushdown.truth import UNKNOWN, YES, Truth, opposite, truth

__all__ = [
    "UNKNOWN",
    "YES",
    "Bound",
    "Truth",
    "best_index",
    "bounds",
    "by_index",
    "by_key",
    "equalities",
    "exceptions_text",
    "is_pushed",
    "opposite",
    "truth",
    "value_text",
]
