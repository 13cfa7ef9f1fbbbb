"""The surface of psycopg 3 on tenants in the same process."""

from dotdo_postgres.client.connection import Connection, Pipeline
from dotdo_postgres.client.connection_async import AsyncConnection, AsyncPipeline
from dotdo_postgres.client.copy import AsyncCopy, Copy
from dotdo_postgres.client.cursor import (
    ClientCursor,
    Cursor,
    RawCursor,
    RawServerCursor,
    ServerCursor,
)
from dotdo_postgres.client.cursor_async import (
    AsyncClientCursor,
    AsyncCursor,
    AsyncRawCursor,
    AsyncRawServerCursor,
    AsyncServerCursor,
)

__all__ = [
    "AsyncClientCursor",
    "AsyncConnection",
    "AsyncCopy",
    "AsyncCursor",
    "AsyncPipeline",
    "AsyncRawCursor",
    "AsyncRawServerCursor",
    "AsyncServerCursor",
    "ClientCursor",
    "Connection",
    "Copy",
    "Cursor",
    "Pipeline",
    "RawCursor",
    "RawServerCursor",
    "ServerCursor",
]
