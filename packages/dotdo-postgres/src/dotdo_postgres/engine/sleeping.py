"""pg_sleep: time passes in a thread where that holds up nobody, never on a shared loop; it can be cancelled."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dotdo.errors import Interrupted, StatementTimeout
from dotdo.storage import TurnOver

if TYPE_CHECKING:
    from dotdo_postgres.engine.session import Session

SLICE_S = 0.01


def sleep(session: Session, seconds: float) -> None:
    """Let time pass.

    Raises:
        TurnOver: the thread is shared: the statement is to run in one of its own.
        Interrupted: it was cancelled.
        StatementTimeout: the statement's time was over.
    """
    if session.is_in_turn:
        raise TurnOver
    kernel = session.kernel
    end_s = time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        time.sleep(min(left_s, SLICE_S))
        if kernel.is_interrupted:
            raise Interrupted("sleeping was interrupted")
        if kernel.is_over_deadline():
            raise StatementTimeout("the statement's time was over")
