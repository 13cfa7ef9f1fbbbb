"""PostgreSQL's protocol on the serving host: `dotdo serve postgres`."""

from dotdo_postgres.server.entry import protocol
from dotdo_postgres.server.session import WireSession

__all__ = ["WireSession", "protocol"]
