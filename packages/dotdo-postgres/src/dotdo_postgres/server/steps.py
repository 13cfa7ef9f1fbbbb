"""How an answer is made in steps: a generator that yields what it waits for, be it the host's to give or the client's next message."""

from collections.abc import Generator
from typing import Final

from dotdo.serving import Control
from dotdo_postgres.protocol.frames import Frame


class NextFrame:
    """The client's next message is needed."""


NEXT_FRAME: Final = NextFrame()
Steps = Generator[Control | NextFrame, Frame | None, None]
