"""Sessions for the serving host: `protocol` is what the entry point `redis` of `dotdo.protocols` names."""

from dotdo_redis.server.keyspaces import Keyspaces
from dotdo_redis.server.service import protocol, redis_protocol

__all__ = ["Keyspaces", "protocol", "redis_protocol"]
