"""What all connections of one protocol share, on listeners of one kind."""

from dataclasses import dataclass
from typing import Generic

from dotdo.serving.cancellation import CancelRegistry
from dotdo.serving.context import Channel, ConnectionFacts, SessionContext
from dotdo.serving.entry import WireProtocol
from dotdo.serving.metrics import ProtocolMetrics
from dotdo.serving.roster import M, Roster
from dotdo.serving.services import Services
from dotdo.serving.session import Session
from dotdo.serving.suspension import Crew


@dataclass(frozen=True, slots=True)
class Door(Generic[M]):
    """Leads from a listener to sessions.

    Args:
        protocol: What is spoken.
        services: Of the host.
        crew: Of the host.
        roster: Of the host.
        metrics: Of the protocol.
        cancellations: Of the protocol.
        is_tls_first: TLS from the first byte.
    """

    protocol: WireProtocol
    services: Services
    crew: Crew
    roster: Roster[M]
    metrics: ProtocolMetrics
    cancellations: CancelRegistry
    is_tls_first: bool = False

    def new_session(self, facts: ConnectionFacts, channel: Channel) -> Session:
        """Make the session of a connection."""
        services = self.services
        context = SessionContext(
            facts=facts,
            channel=channel,
            resolve_tenant=services.resolve_tenant,
            credentials=services.credentials,
            cancellations=self.cancellations,
            can_start_tls=services.tls is not None and not self.is_tls_first,
            limits=services.limits,
            metrics=self.metrics,
            clock=services.clock,
            randomness=services.randomness,
        )
        return self.protocol.session_factory(context)
