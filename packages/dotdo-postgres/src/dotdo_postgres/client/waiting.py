"""How a coroutine waits for another transaction to end, and leaves the loop to others now and then."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from dotdo.storage import Blocked, Waiter

T = TypeVar("T")
MAX_BUSY_S = 0.005
"""How long statements may follow each other before other tasks get their turn."""


class Turn:
    """When the loop last had its turn."""

    last_s = 0.0


async def give_way() -> None:
    """Let other tasks run if it is time."""
    now_s = time.monotonic()
    if now_s - Turn.last_s >= MAX_BUSY_S:
        await asyncio.sleep(0)
        Turn.last_s = time.monotonic()


async def until_done(waiter: Waiter) -> None:
    """Wait until the transaction that is waited for has ended."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def resolve() -> None:
        if not done.done():
            done.set_result(None)

    waiter.add_done_callback(lambda: loop.call_soon_threadsafe(resolve))
    await done
    Turn.last_s = time.monotonic()


async def again_when_free(work: Callable[[], T]) -> T:
    """Call `work`, again each time a transaction it had to wait for has ended, and return what it gives."""
    while True:
        try:
            return work()
        except Blocked as blocked:
            waiter = blocked.waiter
        await until_done(waiter)
