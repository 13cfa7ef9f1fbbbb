"""How a coroutine waits for another transaction to end, and leaves the loop to others now and then."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from dotdo.storage import Blocked, TurnOver, Waiter

if TYPE_CHECKING:
    from dotdo_postgres.client.pgconn import PGconn

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

    waiter.add_done_callback(lambda *_: loop.call_soon_threadsafe(resolve))
    await done
    Turn.last_s = time.monotonic()


async def again_when_free(pgconn: "PGconn", work: Callable[[], T]) -> T:
    """Call `work` and return what it gives: again each time a transaction it had to wait for has ended, in a thread when it takes long."""
    while True:
        try:
            return work()
        except Blocked as blocked:
            waiter = blocked.waiter
        except TurnOver:
            return await away(pgconn, work)
        kernel = pgconn.session.kernel
        kernel.waiting_for = waiter  # others look who waits for whom
        try:
            await until_done(waiter)
        finally:
            kernel.waiting_for = None


async def away(pgconn: "PGconn", work: Callable[[], T]) -> T:
    """Call `work` in a thread; whoever waits no longer stops it first."""
    errand = pgconn.begin_errand(work)
    try:
        return await asyncio.shield(errand)
    except asyncio.CancelledError:
        pgconn.session.cancel()
        await asyncio.wait([errand])
        raise
    finally:
        pgconn.end_errand()
        Turn.last_s = time.monotonic()


def in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Start `work` in a thread of the running loop."""
    return asyncio.get_running_loop().run_in_executor(None, work)
