"""What our connections share: adapters in Python, psycopg's generators in Python, the factories of our cursors."""

from collections.abc import Generator
from typing import Any

from dotdo_postgres.client import preparing, seam
from dotdo_postgres.client.adapters import AdaptersMap, connection_adapters
from dotdo_postgres.client.escaping import Escaping
from dotdo_postgres.client.pgconn import PGconn

ConnectionInPython: Any = seam.ConnectionInPython


class InprocConnection(ConnectionInPython):  # type: ignore[misc]  # Any: its type parameters are the subclasses'
    """A connection whose pgconn is an engine session in the same process."""

    pgconn: Any
    _adapters: Any

    def __init__(self, pgconn: Any, row_factory: Any) -> None:
        super().__init__(pgconn, row_factory)
        self._prepared: Any = seam.StatementCounts()

    @property
    def counts(self) -> seam.StatementCounts:
        """How often statements were executed, and which are prepared."""
        counts: seam.StatementCounts = self._prepared
        return counts

    def end_short(self, command: str) -> None:
        """End the transaction by a command of the short way."""
        self.pgconn.command(command)
        if command == "ROLLBACK" and self._prepared.clear():
            preparing.forget(self._prepared, self.pgconn.session)

    @classmethod
    def _open(cls, conninfo: str) -> Any:
        return cls(PGconn.connect(conninfo.encode()))  # type: ignore[call-arg]  # the subclasses' row factory has a default

    @classmethod
    def _connect_gen(cls, conninfo: str = "", *, timeout: float = 0.0) -> Generator[Any, Any, Any]:
        yield from ()
        return cls._open(conninfo)

    @property
    def adapters(self) -> AdaptersMap:
        """The adapters of this connection."""
        adapters = self._adapters
        if not isinstance(adapters, AdaptersMap):
            adapters = self._adapters = connection_adapters(adapters)
        return adapters

    @property
    def begin_command(self) -> str:
        """What begins a transaction before the first statement, empty in autocommit."""
        return "" if self._autocommit else self._get_tx_start_command().decode()

    @property
    def ends_short(self) -> bool:
        """Whether commit and rollback have nothing but the transaction to end."""
        return bool(self.is_plain) and bool(self.pgconn.is_quiet)


seam.dispatch_escaping(lambda conn: isinstance(conn, PGconn), Escaping)
