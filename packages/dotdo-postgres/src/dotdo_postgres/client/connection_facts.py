"""What a connection in-process says of itself, by libpq's names, and what it has nothing of and refuses."""

from typing import TYPE_CHECKING

from psycopg import errors as e
from psycopg.pq import ConnStatus

from dotdo_postgres.client import seam

if TYPE_CHECKING:
    from psycopg.pq.misc import ConninfoOption

    from dotdo_postgres.client.conninfo import Conninfo
    from dotdo_postgres.engine.session import Session


BAD = int(ConnStatus.BAD)


class ConnectionFacts:
    """The read-only part of a connection.

    Args:
        info: the connection string, read.
    """

    session: "Session"
    error_message: bytes
    status: int
    tty = b""
    nonblocking = 1
    protocol_version = 3
    needs_password = used_password = used_gssapi = ssl_in_use = False

    def __init__(self, info: "Conninfo") -> None:
        self.conninfo = info

    def check_open(self) -> None:
        """See that the connection is open; the queue of commands knows."""
        raise NotImplementedError

    @property
    def _encoding(self) -> str:
        return seam.python_encoding(self.session.encoding.name.encode())

    @property
    def info(self) -> "list[ConninfoOption]":
        """The options of the connection string."""
        return list(self.conninfo.options)

    @property
    def db(self) -> bytes:
        """The tenant's reference."""
        self.check_open()
        return self.conninfo.reference.encode()

    @property
    def user(self) -> bytes:
        """The session's user."""
        self.check_open()
        return self.conninfo.user.encode()

    @property
    def password(self) -> bytes:
        """The password of the connection string; nobody checks it."""
        return self._option("password")

    @property
    def host(self) -> bytes:
        """The host of the connection string; nobody is called there."""
        return self._option("host")

    @property
    def hostaddr(self) -> bytes:
        """The address of the connection string."""
        return self._option("hostaddr")

    @property
    def port(self) -> bytes:
        """The port of the connection string."""
        return self._option("port")

    @property
    def options(self) -> bytes:
        """The options of the connection string."""
        return self._option("options")

    def _option(self, keyword: str) -> bytes:
        self.check_open()
        return self.conninfo.value(keyword)

    @property
    def backend_pid(self) -> int:
        """A number of this connection's own."""
        self.check_open()
        return self.session.pid

    @property
    def full_protocol_version(self) -> int:
        """The version of the protocol that would be spoken, 3.0."""
        self.check_open()
        return 30000

    @property
    def server_version(self) -> int:
        """The version of PostgreSQL that is followed, 150018 for 15.18."""
        major, _, minor = self.session.parameters["server_version"].partition(".")
        return int(major) * 10000 + int(minor.split()[0] if minor else 0)

    @property
    def socket(self) -> int:
        """Refuse: there is none.

        Raises:
            psycopg.OperationalError: the connection is closed.
            psycopg.NotSupportedError: it is open (0A000).
        """
        self.check_open()
        raise e.FeatureNotSupported("a connection in-process has no socket")

    def parameter_status(self, name: bytes) -> bytes | None:
        """Return a reported parameter of the session, None when it is not one."""
        self.check_open()
        value = self.session.parameters.get(name.decode())
        return None if value is None else value.encode()

    def get_error_message(self, encoding: str = "utf-8") -> str:
        """Return the last error of the connection itself."""
        if self.status == BAD:
            return "connection pointer is NULL"
        return (
            self.error_message.decode(self.session.encoding.codec) or "no error details available"
        )

    def trace(self, fileno: int) -> None:
        """Refuse: there is no protocol to trace."""
        raise e.FeatureNotSupported("a connection in-process has no protocol to trace")

    def set_trace_flags(self, flags: int) -> None:
        """Refuse: there is no protocol to trace."""
        raise e.FeatureNotSupported("a connection in-process has no protocol to trace")

    def untrace(self) -> None:
        """Do nothing: there was nothing to trace."""

    def encrypt_password(self, passwd: bytes, user: bytes, algorithm: bytes | None = None) -> bytes:
        """Refuse: roles are not there yet."""
        raise e.FeatureNotSupported("passwords are not supported in-process")

    def change_password(self, user: bytes, passwd: bytes) -> None:
        """Refuse: roles are not there yet."""
        raise e.FeatureNotSupported("passwords are not supported in-process")
