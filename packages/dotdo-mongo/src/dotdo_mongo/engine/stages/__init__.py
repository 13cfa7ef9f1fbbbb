"""Aggregation stages."""

from dotdo_mongo.engine.stages.registry import STAGES

__all__ = ["STAGES"]
