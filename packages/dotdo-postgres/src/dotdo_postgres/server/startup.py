"""The beginning of a connection: TLS, cancel requests, version, who connects to what, SCRAM; then a conversation."""

from collections.abc import Callable

from dotdo.errors import DotdoError
from dotdo.serving import CLOSE, Mechanism, ScramExchange, SessionContext, StartTls
from dotdo.serving.errors import AccessDenied, AuthenticationFailed, ProtocolViolation
from dotdo.tenancy import Tenant
from dotdo_postgres.engine.databases import Databases
from dotdo_postgres.engine.options import option_settings
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError
from dotdo_postgres.protocol import backend
from dotdo_postgres.protocol.frames import Frame, Frames, fatal
from dotdo_postgres.protocol.frontend import (
    NEWEST_MINOR,
    SUPPORTED_MINORS,
    CancelRequest,
    GssRequest,
    SslRequest,
    read_sasl_initial,
    read_startup,
)
from dotdo_postgres.protocol.frontend import Startup as StartupMessage
from dotdo_postgres.server.conversation import Conversation
from dotdo_postgres.server.steps import Steps

_NOT_SETTINGS = frozenset({"user", "database", "options", "replication"})
_SECRET_BYTES = {0: 4, 2: 32}
_FALSE = frozenset({"", "0", "off", "no", "false"})


class Startup:
    """What happens before the first query.

    Args:
        context: what the host gives.
        frames: where messages come from; told when they have kinds.
        output: where messages go.
        cancel: what a cancel request calls.

    Attributes:
        conversation: what follows, once the client has proved itself.
    """

    def __init__(
        self,
        context: SessionContext,
        frames: Frames,
        output: list[bytes],
        cancel: Callable[[], None],
    ) -> None:
        self.conversation: Conversation | None = None
        self._cancel = cancel
        self._context = context
        self._frames = frames
        self._output = output
        self._wanted: StartupMessage | None = None
        self._minor = 0
        self._exchange: ScramExchange | None = None
        self._is_first = True

    def take(self, frame: Frame) -> Steps:
        """Answer one message.

        Raises:
            PostgresError: the connection is refused.
        """
        if self._wanted is not None:
            self._take_password(self._wanted, frame)
            return
        match read_startup(frame.body):
            case SslRequest():
                yield from self._answer_ssl()
            case GssRequest():
                self._output.append(b"N")
            case CancelRequest(pid, secret):
                self._context.cancellations.cancel(pid, secret)
                yield CLOSE
            case StartupMessage() as wanted:
                self._begin(wanted)

    def _answer_ssl(self) -> Steps:
        if not self._context.can_start_tls:
            self._output.append(b"N")
            return
        self._output.append(b"S")
        yield StartTls(self._frames.rest())

    def _begin(self, wanted: StartupMessage) -> None:
        self._minor = minor = wanted.minor if wanted.minor in SUPPORTED_MINORS else NEWEST_MINOR
        if wanted.minor == 1:
            self._minor = minor = 0
        if minor != wanted.minor or wanted.unknown_options:
            told = backend.negotiate_protocol_version(minor, wanted.unknown_options)
            self._output.append(told)
        user = wanted.parameters.get("user", "")
        if not user:
            raise fatal("no PostgreSQL user name specified in startup packet", "28000")
        if wanted.parameters.get("replication", "").lower() not in _FALSE:
            raise fatal("replication connections are not supported", "0A000")
        self._frames.is_startup = False
        if self._context.credentials is None:
            self._open(wanted)
            return
        self._wanted = wanted
        self._exchange = ScramExchange(
            self._context.credentials.verifier, self._context.randomness, user
        )
        self._output.append(backend.authentication_sasl([Mechanism.SHA_256.value]))

    def _take_password(self, wanted: StartupMessage, frame: Frame) -> None:
        exchange = self._exchange
        if exchange is None or frame.kind != ord("p"):
            raise fatal(f"expected SASL response, got message type {frame.kind}")
        try:
            if self._is_first:
                self._is_first = False
                mechanism, first = read_sasl_initial(frame.body)
                if mechanism != Mechanism.SHA_256.value:
                    raise fatal("client selected an invalid SASL authentication mechanism")
                self._output.append(backend.authentication_sasl_continue(exchange.first(first)))
                return
            final = exchange.final(frame.body)
        except ProtocolViolation as failure:
            raise fatal(str(failure)) from None
        except AuthenticationFailed:
            user = wanted.parameters["user"]
            message = f'password authentication failed for user "{user}"'
            raise fatal(message, "28P01") from None
        self._output.append(backend.authentication_sasl_final(final))
        self._open(wanted)

    def _open(self, wanted: StartupMessage) -> None:
        parameters = wanted.parameters
        session = self._session(
            parameters["user"], parameters.get("database") or parameters["user"]
        )
        conversation = Conversation(
            self._context, session, self._frames, self._output, self._cancel
        )
        try:
            conversation.configure(_settings(parameters))
        except PostgresError as failure:
            session.close()
            failure.severity = "FATAL"
            raise
        context = self._context
        number = context.facts.number
        secret = context.cancellations.register(number, self._cancel, _SECRET_BYTES[self._minor])
        self._output.append(backend.AUTHENTICATION_OK)
        conversation.tell_settings()
        self._output.append(backend.backend_key_data(number, secret))
        conversation.tell_ready()
        self.conversation = conversation

    def _session(self, user: str, database: str) -> Session:
        context = self._context
        try:
            tenant = context.open_tenant(database, user)
        except AccessDenied:
            message = f'permission denied for database "{database}"'
            refusal = fatal(message, "42501")
            refusal.detail = "User does not have CONNECT privilege."
            raise refusal from None
        except DotdoError:
            raise fatal(f'database "{database}" does not exist', "3D000") from None
        assert isinstance(tenant, Tenant)
        return Session(
            tenant.store,
            user=user,
            database=database,
            clock=context.clock,
            databases=Databases(tenant.home, database),
            pid=context.facts.number,
        )


def _settings(parameters: dict[str, str]) -> list[tuple[str, str]]:
    """Return the settings of a startup message; those of `options` first, so that the others win."""
    found = option_settings(parameters.get("options", ""))
    found += [(name, value) for name, value in parameters.items() if name not in _NOT_SETTINGS]
    return found
