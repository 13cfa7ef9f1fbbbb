"""numpy, which is loaded when the first vector comes; it refuses to do without."""

from functools import lru_cache
from typing import Any

from dotdo_redis.errors import ReplyError


@lru_cache(1)
def numpy() -> Any:
    """The module.

    Raises:
        ReplyError: it is not installed.
    """
    try:
        import numpy as np
    except ImportError:
        raise ReplyError("vectors need numpy: install dotdo-redis[vectors]") from None
    return np
