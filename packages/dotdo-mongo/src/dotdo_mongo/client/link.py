"""The in-process connection: messages of the driver go to the engine by a call; who waits for data waits here."""

import asyncio
import itertools
import math
import os
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from dotdo.clock import system_clock
from dotdo.tenancy import Home, default_home
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands import run_command
from dotdo_mongo.engine.deployment import Deployment, HomeDatabases
from dotdo_mongo.engine.exhaust import continued
from dotdo_mongo.engine.fail_points import ConnectionCut
from dotdo_mongo.protocol.messages import (
    EXHAUST_ALLOWED,
    MORE_TO_COME,
    OP_QUERY,
    InvalidDocument,
    encode_document,
    header_of,
    op_query,
    read_body,
)

_guard = threading.Lock()
_deployments: dict[int, tuple[Home, Deployment]] = {}
_numbers = itertools.count(1)
_POLL_S = 0.1
TEST_COMMANDS = "DOTDO_MONGO_TEST_COMMANDS"
"""The variable that gives deployments test commands when it is 1."""


def deployment_of(home: Home | None = None) -> Deployment:
    """Return the deployment of a home, by default the one in use; its clients share cursors and sessions."""
    where = home or default_home()
    with _guard:
        found = _deployments.get(id(where))
        if found is None or found[0] is not where:
            found = _deployments[id(where)] = (
                where,
                Deployment(
                    HomeDatabases(where),
                    system_clock,
                    new_lock=threading.RLock,
                    has_test_commands=os.environ.get(TEST_COMMANDS) == "1",
                ),
            )
        return found[1]


class Lead:
    """Where a client leads to: to the deployment of its home, which by default is the one in use when it is first asked.

    Args:
        home: The home, if one is named.
    """

    __slots__ = ("_found", "_home")

    def __init__(self, home: Home | None) -> None:
        self._home = home
        self._found: Deployment | None = None

    def __call__(self) -> Deployment:
        """Return the deployment."""
        found = self._found
        if found is None:
            found = self._found = deployment_of(self._home)
        return found


Answer = tuple[bytes, int]


class Link:
    """One connection of a driver.

    Args:
        deployment: What it leads to.
        address: Host and port that the driver believes it speaks to.
        set_name: Name of the replica set that the driver asks for.
        is_cancelled: Whether the driver has given up what is waited for.
        is_blocking: Its thread may stand still while others' transactions are in the way.
    """

    def __init__(
        self,
        deployment: Deployment,
        address: tuple[str, int | None],
        set_name: str | None,
        *,
        is_cancelled: Callable[[], bool],
        is_blocking: bool,
    ) -> None:
        host = address[0] if address[1] is None else f"{address[0]}:{address[1]}"
        self.deployment, self._is_cancelled = deployment, is_cancelled
        self.client = ClientState(
            next(_numbers),
            presented_host=host,
            presented_set=set_name,
            is_blocking=is_blocking,
        )
        self._following: dict[str, Any] | None = None

    def _take(self, message: bytes | None) -> tuple[dict[str, Any], dict[str, list[bytes]], int]:
        """Return what is to be run: the message, or what follows by itself when there is none."""
        if message is None:
            assert self._following is not None
            return self._following, {}, EXHAUST_ALLOWED
        return self._read(message)

    def _finish(self, body: dict[str, Any], reply: dict[str, Any], flags: int) -> Answer | None:
        self._following = continued(body, reply) if flags & EXHAUST_ALLOWED else None
        if flags & MORE_TO_COME:
            return None
        return encode_document(reply), 0 if self._following is None else MORE_TO_COME

    def run(self, message: bytes | None, deadline_s: float | None) -> Answer | None:
        """Answer a message with a document and its flags; None when it wants no answer.

        Waits in this thread where something is to be waited for. Without a message, what follows the last answer
        by itself is told.

        Raises:
            OSError: The connection is cut, the driver has given up, or time is out.
        """
        try:
            body, sequences, flags = self._take(message)
        except InvalidDocument as invalid:
            return encode_document(invalid.reply()), 0
        while True:
            reply = self._run(body, sequences)
            waiting = self.client.awaiting
            if waiting is None:
                return self._finish(body, reply, flags)
            woken = threading.Event()
            stop = waiting.listen(lambda *_, wake=woken.set: wake())
            try:
                woken.wait(self._left_s(waiting.until_us, deadline_s))
            finally:
                stop()
            _check_time(deadline_s)

    async def run_async(self, message: bytes | None, deadline_s: float | None) -> Answer | None:
        """Answer a message, leaving the loop to others while something is waited for; see `run`."""
        try:
            body, sequences, flags = self._take(message)
        except InvalidDocument as invalid:
            return encode_document(invalid.reply()), 0
        loop = asyncio.get_running_loop()
        while True:
            reply = self._run(body, sequences)
            waiting = self.client.awaiting
            if waiting is None:
                return self._finish(body, reply, flags)
            woken = asyncio.Event()
            stop = waiting.listen(lambda *_, wake=woken.set: loop.call_soon_threadsafe(wake))
            try:
                async with asyncio.timeout(self._left_s(waiting.until_us, deadline_s)):
                    await woken.wait()
            except TimeoutError:
                pass
            finally:
                stop()
            _check_time(deadline_s)

    def _run(self, body: dict[str, Any], sequences: dict[str, list[bytes]]) -> dict[str, Any]:
        try:
            return run_command(self.deployment, self.client, body, sequences)
        except ConnectionCut:
            msg = "connection closed"
            raise OSError(msg) from None

    def _left_s(self, until_us: int | None, deadline_s: float | None) -> float:
        """Return for how long to wait before looking again."""
        if self._is_cancelled():
            msg = "operation cancelled"
            raise OSError(msg)
        left_s = _POLL_S
        if until_us is not None:
            left_s = min(left_s, (until_us - self.deployment.clock()) / 1e6)
        return max(0.0, min(left_s, _check_time(deadline_s)))

    @staticmethod
    def _read(message: bytes) -> tuple[dict[str, Any], dict[str, list[bytes]], int]:
        if header_of(message)[3] == OP_QUERY:
            return op_query(message, 16, len(message)), {}, 0
        flags, body, sequences = read_body(message, 16, len(message))
        return body, sequences, flags

    def close(self) -> None:
        """The driver gives the connection up."""


def _check_time(deadline_s: float | None) -> float:
    """Return how many seconds are left, an infinity without a deadline.

    Raises:
        TimeoutError: None are, whatever has come in the meantime.
    """
    if deadline_s is None:
        return math.inf
    left_s = deadline_s - monotonic()
    if left_s <= 0:
        msg = "timed out"
        raise TimeoutError(msg)
    return left_s
