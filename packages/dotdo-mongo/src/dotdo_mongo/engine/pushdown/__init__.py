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
from dotdo_mongo.engine.pushdown.filters import truth
from dotdo_mongo.engine.pushdown.groups import grouping, groups, one_group
from dotdo_mongo.engine.pushdown.order import holds_arrays, in_order, sorting_index
from dotdo_mongo.engine.pushdown.truth import NEVER, UNKNOWN, YES, Truth, opposite

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
    "holds_arrays",
    "in_order",
    "is_pushed",
    "one_group",
    "opposite",
    "sorting_index",
    "truth",
    "value_text",
]
