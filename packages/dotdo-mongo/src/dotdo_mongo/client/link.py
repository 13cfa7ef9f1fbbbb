"""The in-process connection: messages of the driver go to the engine by a call; who waits for data waits here."""

import asyncio
import itertools
import threading
from functools import partial
from typing import Any

from dotdo.clock import system_clock
from dotdo.tenancy import Home, default_home
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands import run_command
from dotdo_mongo.engine.deployment import Deployment, HomeDatabases
from dotdo_mongo.protocol.messages import OP_QUERY, encode_document, header_of, op_query, read_body

_guard = threading.Lock()
_deployments: dict[int, tuple[Home, Deployment]] = {}
_numbers = itertools.count(1)
_POLL_S = 0.5


def deployment_of(home: Home | None = None) -> Deployment:
    """Return the deployment of a home, by default the one in use; its clients share cursors and sessions."""
    where = home or default_home()
    with _guard:
        found = _deployments.get(id(where))
        if found is None or found[0] is not where:
            found = _deployments[id(where)] = (
                where,
                Deployment(HomeDatabases(where), system_clock, new_lock=threading.RLock),
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


class Link:
    """One connection of a driver.

    Args:
        deployment: What it leads to.
        address: Host and port that the driver believes it speaks to.
        set_name: Name of the replica set that the driver asks for.
    """

    def __init__(
        self, deployment: Deployment, address: tuple[str, int | None], set_name: str | None
    ) -> None:
        host = address[0] if address[1] is None else f"{address[0]}:{address[1]}"
        self.deployment = deployment
        self.client = ClientState(next(_numbers), presented_host=host, presented_set=set_name)

    def run(self, message: bytes) -> bytes | None:
        """Answer a message; None when it wants no answer. Waits in this thread for data where it is to be awaited."""
        body, sequences, wants_reply = self._read(message)
        reply = run_command(self.deployment, self.client, body, sequences)
        while self.client.awaiting is not None:
            waiting, self.client.awaiting = self.client.awaiting, None
            woken = threading.Event()
            stop = waiting.listen(woken.set)
            try:
                left_s = (waiting.until_us - self.deployment.clock()) / 1e6
                woken.wait(max(0.0, min(left_s, _POLL_S)))
            finally:
                stop()
            reply = self._again(body, sequences, waiting.until_us)
        return encode_document(reply) if wants_reply else None

    async def run_async(self, message: bytes) -> bytes | None:
        """Answer a message, leaving the loop to others while data is awaited."""
        body, sequences, wants_reply = self._read(message)
        reply = run_command(self.deployment, self.client, body, sequences)
        while self.client.awaiting is not None:
            waiting, self.client.awaiting = self.client.awaiting, None
            loop, woken = asyncio.get_running_loop(), asyncio.Event()
            stop = waiting.listen(partial(loop.call_soon_threadsafe, woken.set))
            try:
                left_s = (waiting.until_us - self.deployment.clock()) / 1e6
                async with asyncio.timeout(max(0.0, min(left_s, _POLL_S))):
                    await woken.wait()
            except TimeoutError:
                pass
            finally:
                stop()
            reply = self._again(body, sequences, waiting.until_us)
        return encode_document(reply) if wants_reply else None

    def _again(
        self, body: dict[str, Any], sequences: dict[str, list[bytes]], until_us: int
    ) -> dict[str, Any]:
        reply = run_command(self.deployment, self.client, body, sequences)
        if self.client.awaiting is not None:
            self.client.awaiting.until_us = until_us
            if self.deployment.clock() >= until_us:
                self.client.awaiting = None
        return reply

    @staticmethod
    def _read(message: bytes) -> tuple[dict[str, Any], dict[str, list[bytes]], bool]:
        if header_of(message)[3] == OP_QUERY:
            return op_query(message, 16, len(message)), {}, True
        flags, body, sequences = read_body(message, 16, len(message))
        return body, sequences, not flags & 2

    def close(self) -> None:
        """The driver gives the connection up."""
