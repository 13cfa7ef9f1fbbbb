"""Running a host: until a signal comes, or in a background thread beside synchronous code."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dotdo.serving.host import Host


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of uvloop's where that is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run(host: Host) -> None:
    """Serve until SIGINT or SIGTERM, then stop gracefully.

    Raises:
        ServingError: The host cannot start.
    """
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_serve_until_signal(host))


async def _serve_until_signal(host: Host) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    await host.start()
    try:
        await stopping.wait()
    finally:
        await host.stop()


@contextmanager
def serve_in_thread(
    host: Host, loop: asyncio.AbstractEventLoop | None = None
) -> Iterator[asyncio.AbstractEventLoop]:
    """Serve in a background thread within the `with` block; stop gracefully at its end.

    Args:
        host: Not started yet; its addresses are known within the block.
        loop: Which loop to run; a new one by default. It is closed at the end.

    Yields:
        The loop, for `asyncio.run_coroutine_threadsafe`.

    Raises:
        ServingError: The host cannot start.
    """
    served = loop or new_event_loop()
    thread = threading.Thread(target=served.run_forever, name="dotdo-host", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(host.start(), served).result()
        try:
            yield served
        finally:
            asyncio.run_coroutine_threadsafe(host.stop(), served).result()
    finally:
        served.call_soon_threadsafe(served.stop)
        thread.join()
        served.close()
