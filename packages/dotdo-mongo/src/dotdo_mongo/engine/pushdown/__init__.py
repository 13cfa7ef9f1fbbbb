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
from dotdo_mongo.engine.pushdown.groups import grouping, groups
from dotdo_mongo.engine.pushdown.order import in_order, index_order
from dotdo_mongo.engine.pushdown.truth import NEVER, UNKNOWN, YES, Truth, opposite, truth

__all__ = [
    "NEVER",
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
    "grouping",
    "groups",
    "in_order",
    "index_order",
    "is_pushed",
    "opposite",
    "truth",
    "value_text",
]
