"""What the serving host loads: the protocol `redis` on its port, with one engine per tenant."""

from dotdo.serving import CloseReason, SessionContext, WireProtocol
from dotdo_redis.durability import keyspace_at
from dotdo_redis.engine import Engine
from dotdo_redis.server.keyspaces import Keyspaces
from dotdo_redis.server.session import RedisSession

DEFAULT_PORT = 6379


def redis_protocol(keyspaces: Keyspaces | None = None) -> WireProtocol:
    """Make the protocol with keyspaces of its own.

    Args:
        keyspaces: where engines come from; new ones in memory by default.
    """
    served = keyspaces or Keyspaces()

    def new_session(context: SessionContext) -> RedisSession:
        return RedisSession(context, served)

    return WireProtocol("redis", DEFAULT_PORT, new_session, _refuse)


def _refuse(_reason: CloseReason) -> bytes:
    return b"-ERR max number of clients reached\r\n"


def _durable(tenant: object) -> Engine:
    """The engine of a tenant as the host opened it."""
    return keyspace_at(tenant.store).engine  # type: ignore[attr-defined]  # a dotdo.Tenant


protocol = redis_protocol(Keyspaces(engine_of=_durable))
