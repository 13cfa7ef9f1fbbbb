"""Engines of tenants with what outlives them: the append file, the rows, the owner's lock; it refuses protocols."""

from dotdo_redis.durability.keyspace import Keyspace
from dotdo_redis.durability.keyspaces import (
    keyspace_at,
    keyspace_of,
    make_owner,
    map_keys,
    namespace,
)
from dotdo_redis.durability.ownership import OwnedElsewhere, reach

__all__ = [
    "Keyspace",
    "OwnedElsewhere",
    "keyspace_at",
    "keyspace_of",
    "make_owner",
    "map_keys",
    "namespace",
    "reach",
]
