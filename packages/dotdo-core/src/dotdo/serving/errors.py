"""What can go wrong while serving: refusals to start, to admit, to authenticate, and broken protocols."""

from dotdo.errors import DotdoError


class ServingError(DotdoError):
    """Root of the errors of the serving host."""


# --- starting ------------------------------------------------------------------------------


class UnprotectedListener(ServingError):
    """An address beyond loopback without credentials: anyone could read and write every tenant."""


class AddressUnavailable(ServingError):
    """An address or socket path cannot be listened on."""


class CertificateError(ServingError):
    """A certificate or key cannot be read, written or made."""


class CredentialsError(ServingError):
    """The credentials file is damaged, of a newer format, or readable by others."""


class ProtocolLoadError(ServingError):
    """An installed protocol cannot be loaded, or two have the same name."""


class HostStopped(ServingError):
    """The host is not running."""


# --- one connection ------------------------------------------------------------------------


class AuthenticationFailed(ServingError):
    """Unknown user or wrong password; which of them is never told."""


class AccessDenied(ServingError):
    """The user has no grant for the tenant, which may not even exist."""


class TlsUnavailable(ServingError):
    """TLS was asked of a host that has no certificate."""


class ProtocolViolation(ServingError):
    """The peer sent what its protocol does not allow; the connection cannot go on."""


class OversizeMessage(ProtocolViolation):
    """The peer announced or sent a message beyond the limits."""
