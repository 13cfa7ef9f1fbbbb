"""The declaration of the protocol that the serving host finds."""

from dotdo.serving import CloseReason, WireProtocol
from dotdo_postgres.protocol.backend import error_response
from dotdo_postgres.protocol.frames import fatal
from dotdo_postgres.server.session import WireSession


def _refusal(_reason: CloseReason) -> bytes:
    return error_response(fatal("sorry, too many clients already", "53300"))


protocol = WireProtocol(
    "postgres",
    default_port=5432,
    session_factory=WireSession,
    refusal=_refusal,
    alpn=("postgresql",),
)
