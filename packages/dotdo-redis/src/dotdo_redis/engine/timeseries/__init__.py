"""Time series: samples in order, what is asked of ranges of them, rules that compact them; it refuses commands."""

from dotdo_redis.engine.timeseries.aggregation import AGGREGATIONS, Aggregation
from dotdo_redis.engine.timeseries.matchers import Matcher, parse_matchers
from dotdo_redis.engine.timeseries.ranges import Buckets, Query, run_query
from dotdo_redis.engine.timeseries.series import Blocked, Policy, Rule, Series, TooOld
from dotdo_redis.engine.timeseries.spelling import spell_double

__all__ = [
    "AGGREGATIONS",
    "Aggregation",
    "Blocked",
    "Buckets",
    "Matcher",
    "Policy",
    "Query",
    "Rule",
    "Series",
    "TooOld",
    "parse_matchers",
    "run_query",
    "spell_double",
]
