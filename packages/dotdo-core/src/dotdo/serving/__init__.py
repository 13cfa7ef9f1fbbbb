"""The serving host that every wire protocol shares: sessions bring the protocol, the host the rest."""

from dotdo.serving.cancellation import CancelRegistry
from dotdo.serving.context import Channel, ConnectionFacts, SessionContext, TenantResolver, TlsFacts
from dotdo.serving.credentials import Credentials
from dotdo.serving.entry import WireProtocol, installed_protocols, protocol_names
from dotdo.serving.host import Host
from dotdo.serving.limits import Limits
from dotdo.serving.listeners import Listener, TcpListener, UnixListener
from dotdo.serving.metrics import Metrics, ProtocolMetrics
from dotdo.serving.running import run, serve_in_thread
from dotdo.serving.scram import Mechanism, ScramExchange, Verifier
from dotdo.serving.services import Services
from dotdo.serving.session import (
    CLOSE,
    DRAIN,
    Close,
    CloseReason,
    Control,
    Drain,
    Reply,
    Session,
    StartTls,
    Step,
    Wait,
    Waiter,
    Work,
)
from dotdo.serving.tls import self_signed, server_context

__all__ = [
    "CLOSE",
    "DRAIN",
    "CancelRegistry",
    "Channel",
    "Close",
    "CloseReason",
    "ConnectionFacts",
    "Control",
    "Credentials",
    "Drain",
    "Host",
    "Limits",
    "Listener",
    "Mechanism",
    "Metrics",
    "ProtocolMetrics",
    "Reply",
    "ScramExchange",
    "Services",
    "Session",
    "SessionContext",
    "StartTls",
    "Step",
    "TcpListener",
    "TenantResolver",
    "TlsFacts",
    "UnixListener",
    "Verifier",
    "Wait",
    "Waiter",
    "WireProtocol",
    "Work",
    "installed_protocols",
    "protocol_names",
    "run",
    "self_signed",
    "serve_in_thread",
    "server_context",
]
