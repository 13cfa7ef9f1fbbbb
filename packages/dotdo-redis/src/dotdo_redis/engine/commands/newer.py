"""What the families that came after Redis 7 share; it refuses what only some of them need."""

from dotdo_redis.engine.context import Context
from dotdo_redis.mapping.replies import Reply

SILENT = 0
"""Their changes are no keyspace events."""


def truth(ctx: Context, value: bool) -> Reply:
    """A boolean, which the older protocol tells as a number."""
    return value if ctx.resp == 3 else int(value)
