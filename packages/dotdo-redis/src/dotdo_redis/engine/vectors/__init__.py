"""Vector sets: elements with vectors and attributes, searched exactly; it refuses commands."""

from dotdo_redis.engine.vectors.filters import FilterError, parse_filter
from dotdo_redis.engine.vectors.sets import Quantization, VectorSet

__all__ = ["FilterError", "Quantization", "VectorSet", "parse_filter"]
