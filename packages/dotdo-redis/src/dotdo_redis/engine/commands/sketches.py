"""What the commands of all sketches share: finding one at a key; it refuses to know their kinds."""

from typing import TypeVar

from dotdo_redis.engine.context import Context
from dotdo_redis.errors import Raw, ReplyError

Sketch = TypeVar("Sketch")


def filter_at(ctx: Context, key: bytes, kind: type[Sketch]) -> Sketch:
    """The filter at a key.

    Raises:
        ReplyError: there is none, or the key holds another type.
    """
    found = ctx.db.get(key, kind)
    if found is None:
        raise ReplyError("not found")
    return found


def sketch_at(ctx: Context, key: bytes, kind: type[Sketch], family: str) -> Sketch:
    """The sketch at a key, of a family whose errors bear its name.

    Raises:
        ReplyError: there is none, or the key holds another type.
    """
    found = ctx.db.get(key, kind)
    if found is None:
        raise Raw(f"{family}: key does not exist")
    return found
