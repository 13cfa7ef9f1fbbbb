"""The flow of control that runs: a thread and, under asyncio, its task."""

import asyncio
from threading import get_ident


def current_flow() -> tuple[int, object | None]:
    """Return the thread's number and the running task, or None outside asyncio."""
    if asyncio._get_running_loop() is None:  # noqa: SLF001  (documented for this use; a task look-up costs ten times as much)
        return get_ident(), None
    return get_ident(), asyncio.current_task()
