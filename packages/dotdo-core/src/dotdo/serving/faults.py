"""Errors that leave a session: what they end its connection with, and the word of them in the log."""

import logging
import traceback

from dotdo.serving.errors import OversizeMessage, ProtocolViolation
from dotdo.serving.session import CloseReason

_LOG = logging.getLogger("dotdo.serving")


def reason_of(error: Exception) -> CloseReason:
    """Return why a connection ends when its session raises this."""
    match error:
        case OversizeMessage():
            return CloseReason.OVERSIZE
        case ProtocolViolation():
            return CloseReason.VIOLATION
        case _:
            return CloseReason.FAULT


def log_fault(protocol: str, connection: int, error: Exception) -> None:
    """Log what was raised and where; never its message, which may quote what the peer sent."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{place[0].filename}:{place[0].lineno}" if place else "?"
    _LOG.error("%s connection %d: %s at %s", protocol, connection, type(error).__name__, where)
