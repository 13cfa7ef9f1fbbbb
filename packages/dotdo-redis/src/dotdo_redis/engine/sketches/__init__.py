"""Sketches: Bloom and cuckoo filters, count-min, top-k, t-digest, bit for bit as RedisBloom keeps them; it refuses commands."""

from dotdo_redis.engine.sketches.bloom import BloomFilter, FilterFull
from dotdo_redis.engine.sketches.counts import CountMinSketch
from dotdo_redis.engine.sketches.cuckoo import CuckooFilter
from dotdo_redis.engine.sketches.digest import TDigest
from dotdo_redis.engine.sketches.topk import TopK

__all__ = ["BloomFilter", "CountMinSketch", "CuckooFilter", "FilterFull", "TDigest", "TopK"]
