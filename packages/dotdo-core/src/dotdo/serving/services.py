"""What every session of a host is served with; made by whoever starts the host."""

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from dotdo.clock import Clock, system_clock
from dotdo.serving.context import TenantResolver
from dotdo.serving.credentials import Credentials
from dotdo.serving.limits import Limits


@dataclass(frozen=True, slots=True)
class Services:
    """Services of a host.

    Args:
        resolve_tenant: Opens a tenant by name or reference; raises dotdo.errors.UnknownTenant.
        credentials: Who may connect; None trusts everybody, on loopback and unix sockets only.
        limits: What one peer may hold.
        tls: Certificate and key; None offers no TLS. Belongs to the host from now on.
        clock: Microseconds since 1970.
        randomness: Gives n random bytes.
    """

    resolve_tenant: TenantResolver
    credentials: Credentials | None = None
    limits: Limits = field(default_factory=Limits)
    tls: ssl.SSLContext | None = None
    clock: Clock = system_clock
    randomness: Callable[[int], bytes] = os.urandom
