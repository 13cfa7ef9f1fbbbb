"""Places on earth as scores of sorted sets, as Redis reckons them; it refuses commands."""

from dotdo_redis.engine.geo.areas import Circle, Rectangle, Shape, cells_around
from dotdo_redis.engine.geo.hashing import (
    LATITUDE_MAX,
    LONGITUDE_MAX,
    distance_m,
    hash_text,
    place_of,
    score_of,
)

__all__ = [
    "LATITUDE_MAX",
    "LONGITUDE_MAX",
    "Circle",
    "Rectangle",
    "Shape",
    "cells_around",
    "distance_m",
    "hash_text",
    "place_of",
    "score_of",
]
