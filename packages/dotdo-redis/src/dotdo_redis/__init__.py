"""Redis on a dotdo tenant; it re-exports the client's surface and holds nothing of its own."""

from dotdo_redis.errors import RedisError

__version__ = "0.1.0"

__all__ = ["RedisError", "__version__"]
