"""Accumulators of $group, $bucket, $bucketAuto and windows."""

from dotdo_mongo.engine.accumulators.declare import Accumulation, State
from dotdo_mongo.engine.accumulators.registry import ACCUMULATORS, parse_accumulation

__all__ = ["ACCUMULATORS", "Accumulation", "State", "parse_accumulation"]
