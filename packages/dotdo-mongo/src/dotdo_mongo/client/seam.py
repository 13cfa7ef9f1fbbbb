"""The private hooks of pymongo that an in-process client needs, all in this module; it refuses versions it was not proved with."""

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import Any

import bson
import pymongo
from pymongo import _csot
from pymongo.asynchronous import pool as async_pool
from pymongo.hello import Hello
from pymongo.message import _OpMsg
from pymongo.server_description import ServerDescription
from pymongo.synchronous import pool as sync_pool

from dotdo_mongo.client.link import Lead, Link
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands import run_command
from dotdo_mongo.mapping.codec import decode, encode

_PROVED = (4, 20)
_LOG = logging.getLogger("pymongo.command")
bson_to_dict = bson._bson_to_dict  # without the checks that the caller has done
dict_to_bson = bson._dict_to_bson


class UnprovedVersion(ImportError):
    """The installed pymongo is not one whose private hooks are known."""


if pymongo.version_tuple[:2] != _PROVED:
    msg = f"dotdo_mongo needs pymongo >=4.20,<4.21: its private hooks in {pymongo.version} are not known"
    raise UnprovedVersion(msg)


class _Line:
    """In place of a socket."""

    def __init__(self, link: Link, timeout_s: float | None) -> None:
        self.link, self.timeout_s = link, timeout_s

    @property
    def get_conn(self) -> "_Line":
        return self

    @property
    def sock(self) -> "_Line":
        return self

    def close(self) -> None:
        self.link.close()

    def is_closing(self) -> bool:
        return False

    def settimeout(self, timeout: float | None) -> None:
        self.timeout_s = timeout

    def gettimeout(self) -> float | None:
        return self.timeout_s

    def deadline_s(self) -> float | None:
        """Return until when an answer is waited for."""
        if _csot.get_timeout():
            return _csot.get_deadline()
        return monotonic() + self.timeout_s if self.timeout_s else None


class InProcessConnection(sync_pool.Connection):
    """A connection whose messages are answered by a call."""

    _reply: tuple[bytes, int] | None = None

    def send_message(self, message: bytes, max_doc_size: int) -> None:
        """Run a message and keep its answer."""
        _check_size(max_doc_size, self.max_bson_size)
        self._run(message)

    def _run(self, message: bytes | None) -> None:
        line: _Line = self.conn  # type: ignore[assignment]  # made with one
        try:
            self._reply = line.link.run(message, line.deadline_s())
        except BaseException as error:  # noqa: BLE001  (as the driver's own: the connection ends)
            self._raise_connection_failure(error)

    def receive_message(self, request_id: int | None) -> _OpMsg:
        """Return the answer to the message sent last, or what follows the answer before by itself."""
        if request_id is None:
            self._run(None)
        assert self._reply is not None
        document, flags = self._reply
        return _OpMsg(flags, document)

    def conn_closed(self) -> bool:
        """Return whether it was closed."""
        return self.closed

    def set_conn_timeout(self, timeout: float | None) -> None:
        """Wait so long for an answer."""
        self.conn.settimeout(timeout)

    def authenticate(self, reauthenticate: bool = False) -> None:
        """Take the credentials of a production address as given: the caller owns the files."""
        if not self.ready:
            self.ready = True
            self._telemetry.connection_ready(self.id, self.creation_time)


class AsyncInProcessConnection(async_pool.AsyncConnection):
    """A connection of asyncio whose messages are answered by a call."""

    _reply: tuple[bytes, int] | None = None

    async def send_message(self, message: bytes, max_doc_size: int) -> None:
        """Run a message and keep its answer."""
        _check_size(max_doc_size, self.max_bson_size)
        await self._run(message)

    async def _run(self, message: bytes | None) -> None:
        line: _Line = self.conn  # type: ignore[assignment]  # made with one
        try:
            self._reply = await line.link.run_async(message, line.deadline_s())
        except BaseException as error:  # noqa: BLE001  (as the driver's own: the connection ends)
            await self._raise_connection_failure(error)

    async def receive_message(self, request_id: int | None) -> _OpMsg:
        """Return the answer to the message sent last, or what follows the answer before by itself."""
        if request_id is None:
            await self._run(None)
        assert self._reply is not None
        document, flags = self._reply
        return _OpMsg(flags, document)

    def conn_closed(self) -> bool:
        """Return whether it was closed."""
        return self.closed

    def set_conn_timeout(self, timeout: float | None) -> None:
        """Wait so long for an answer."""
        self.conn.settimeout(timeout)

    async def authenticate(self, reauthenticate: bool = False) -> None:
        """Take the credentials of a production address as given: the caller owns the files."""
        if not self.ready:
            self.ready = True
            self._telemetry.connection_ready(self.id, self.creation_time)

    async def _close_conn(self) -> None:
        if not self.closed:
            self.closed = True
            self.cancel_context.cancel()
            self.conn.close()  # type: ignore[unused-coroutine]  # a _Line's returns nothing


def _check_size(size: int, most: int | None) -> None:
    if most is not None and size > most:
        text = (
            f"BSON document too large ({size} bytes) - the connected server supports"
            f" BSON document sizes up to {most} bytes."
        )
        raise pymongo.errors.DocumentTooLarge(text)


def classes(lead: Lead, set_name: str | None) -> dict[str, Any]:
    """Return the keyword arguments that make a MongoClient run in process.

    Args:
        lead: Gives what it leads to.
        set_name: Name of the replica set that it asks for.
    """

    class InProcessPool(sync_pool.Pool):
        def connect(self, handler: Any = None) -> sync_pool.Connection:
            with self.lock:
                number = self.next_connection_id
                self.next_connection_id += 1
            self._telemetry.connection_created(number)
            link = Link(
                lead(),
                self.address,
                set_name,
                is_cancelled=lambda: made.cancel_context.cancelled,
                is_blocking=True,
            )
            line = _Line(link, self.opts.socket_timeout)
            made = InProcessConnection(line, self, self.address, number, self.is_sdam)  # type: ignore[arg-type]
            with self.lock:
                self.active_contexts.add(made.cancel_context)
            made.hello()
            self.is_writable = made.is_writable
            if handler:
                handler.contribute_socket(made, completed_handshake=False)
            made.authenticate()
            if handler:
                handler.client._topology.receive_cluster_time(made._cluster_time)
            return made

    return {"_pool_class": InProcessPool, "_monitor_class": _monitor(lead, set_name)}


def async_classes(lead: Lead, set_name: str | None) -> dict[str, Any]:
    """Return the keyword arguments that make an AsyncMongoClient run in process; see `classes`."""

    class InProcessPool(async_pool.Pool):
        async def connect(self, handler: Any = None) -> async_pool.AsyncConnection:
            async with self.lock:
                number = self.next_connection_id
                self.next_connection_id += 1
            self._telemetry.connection_created(number)
            link = Link(
                lead(),
                self.address,
                set_name,
                is_cancelled=lambda: made.cancel_context.cancelled,
                is_blocking=False,
            )
            line = _Line(link, self.opts.socket_timeout)
            made = AsyncInProcessConnection(line, self, self.address, number, self.is_sdam)  # type: ignore[arg-type]
            async with self.lock:
                self.active_contexts.add(made.cancel_context)
            await made.hello()
            self.is_writable = made.is_writable
            if handler:
                handler.contribute_socket(made, completed_handshake=False)
            await made.authenticate()
            if handler:
                await handler.client._topology.receive_cluster_time(made._cluster_time)
            return made

    return {"_pool_class": InProcessPool, "_monitor_class": _async_monitor(lead, set_name)}


class _Watcher:
    """In place of a monitor: the deployment is there from the first look on."""

    lead: Lead
    set_name: str | None

    def __init__(
        self, server_description: Any, topology: Any, pool: Any, topology_settings: Any
    ) -> None:
        self._description, self._topology = server_description, topology
        self._pool = pool
        self._settings = topology_settings

    @property
    def _is_known(self) -> bool:
        known = self._topology._description._server_descriptions
        return bool(known[self._description.address].server_type != 0)

    def _seen(self) -> ServerDescription:
        deployment = self.lead()
        address = self._description.address
        host = address[0] if address[1] is None else f"{address[0]}:{address[1]}"
        client = ClientState(0, presented_host=host, presented_set=self.set_name)
        reply = run_command(deployment, client, {"hello": 1, "$db": "admin"})
        return ServerDescription(address, Hello(bson.decode(encode(reply))), 0.0)

    def gc_safe_close(self) -> None:
        """Nothing runs."""

    def cancel_check(self) -> None:
        """Nothing runs."""


def _monitor(of: Lead, name: str | None) -> type:
    class Watcher(_Watcher):
        lead, set_name = of, name

        def open(self) -> None:
            """Tell the topology, whose lock the caller holds, that the deployment is there."""
            if not self._is_known:
                self._topology._process_change(self._seen())

        request_check = open

        def close(self) -> None:
            """Nothing runs."""

        def join(self, timeout: float | None = None) -> None:
            """Nothing runs."""

    return Watcher


def _async_monitor(of: Lead, name: str | None) -> type:
    class Watcher(_Watcher):
        lead, set_name = of, name
        _task: asyncio.Task[None] | None = None

        def open(self) -> None:
            """Tell the topology right after the caller has given up its lock."""
            if not self._is_known and (self._task is None or self._task.done()):
                self._task = asyncio.get_running_loop().create_task(
                    self._topology.on_change(self._seen())
                )

        request_check = open

        async def close(self) -> None:
            """Nothing runs."""

        async def join(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  (the driver's signature)
            """Nothing runs."""

    return Watcher


def is_unobserved(client: Any) -> bool:
    """No listener, timeout or encryption that a client was made with asks that its calls go the driver's own way."""
    return not (
        client._event_listeners.enabled_for_commands
        or client._encrypter is not None
        or client._timeout is not None
        or client.options.pool_options.server_api is not None
    )


def is_hot(client: Any) -> bool:
    """Nothing at the moment asks that calls of an unobserved client go the driver's own way."""
    return not (client._closed or _timeout() is not None or _LOG.isEnabledFor(logging.DEBUG))


_timeout = _csot.get_timeout


def is_plain_query(cursor: Any) -> bool:
    """A cursor's query has no option but filter, sort, projection, skip and limit, and no session of its own."""
    return (
        cursor._session is None
        and not cursor._query_flags
        and cursor._hint is None
        and cursor._max_time_ms is None
        and not cursor._batch_size
        and not cursor._explain
        and cursor._collation is None
        and cursor._comment is None
        and cursor._min is None
        and cursor._max is None
        and cursor._return_key is None
        and cursor._show_record_id is None
        and cursor._snapshot is None
        and cursor._max_scan is None
        and cursor._let is None
        and not cursor._exhaust
        and not cursor._empty
        and "$query" not in cursor._spec
    )


def engine_form(document: Any, options: Any) -> dict[str, Any]:
    """Return a document of an application as the engine reads it: encoded as its collection says, and decoded.

    Raises:
        InvalidDocument: It cannot be encoded.
    """
    return decode(dict_to_bson(document, False, options))


def take_result(cursor: Any, documents: list[Any]) -> None:
    """Give a cursor its whole result, as if it had come in one batch."""
    cursor._data, cursor._retrieved = deque(documents), len(documents)
    cursor._id, cursor._killed = 0, True
    cursor._address = cursor._collection._database._client._known_address()
