"""The desk, written for Redis: fines are counted up, visitors queue, changes are heard of."""

from typing import Any

import dotdo_redis as redis
from dotdo_redis.durability import map_keys


def set_up(tenant: str) -> None:
    """Let `member:1` and `book:dune` be the rows and documents of those names."""
    map_keys("member:*", "member", tenant=tenant)
    map_keys("book:*", "book", tenant=tenant)


def fine(client: "redis.Redis[Any]", member: int, amount: float) -> bool:
    """Add to a member's fines; no more than the table allows."""
    try:
        client.hincrbyfloat(f"member:{member}", "fines", amount)
    except redis.ResponseError:
        return False
    return True


def queue(client: "redis.Redis[Any]", *names: str) -> list[str]:
    """Let visitors queue, and serve the first two."""
    client.rpush("queue", *names)
    return [client.lpop("queue"), client.lpop("queue")]
