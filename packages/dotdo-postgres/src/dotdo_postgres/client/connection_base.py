"""What our connections share: adapters in Python, psycopg's generators in Python, the factories of our cursors."""

from collections.abc import Generator
from typing import Any

from dotdo_postgres.client import seam
from dotdo_postgres.client.adapters import AdaptersMap, connection_adapters
from dotdo_postgres.client.escaping import Escaping
from dotdo_postgres.client.pgconn import PGconn

BaseConnection: Any = seam.BaseConnection


class InprocConnection(BaseConnection):  # type: ignore[misc]  # Any: its type parameters are the subclasses'
    """A connection whose pgconn is an engine session in the same process."""

    pgconn: PGconn
    _adapters: Any

    @classmethod
    def _open(cls, conninfo: str) -> Any:
        return cls(PGconn.connect(conninfo.encode()))

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Generator[Any, Any, Any]:
        yield from ()
        return cls._open(conninfo)

    @property
    def adapters(self) -> AdaptersMap:
        """The adapters of this connection."""
        adapters = self._adapters
        if not isinstance(adapters, AdaptersMap):
            adapters = self._adapters = connection_adapters(adapters)
        return adapters

    def _is_plain(self) -> bool:
        """Whether commit and rollback have nothing but the transaction to end."""
        return not (
            self._pipeline or self._num_transactions or self._tpc or self._prepared._names
        ) and bool(self.pgconn.is_quiet)

    _exec_command = seam.in_python(seam.BaseConnection._exec_command)
    _deallocate = seam.in_python(seam.BaseConnection._deallocate)
    _cancel_gen = seam.in_python(seam.BaseConnection._cancel_gen)


class InprocPipeline(seam.BasePipeline):
    """A pipeline whose commands run as they come."""

    _communicate_gen = seam.in_python(seam.BasePipeline._communicate_gen)
    _fetch_gen = seam.in_python(seam.BasePipeline._fetch_gen)


seam.dispatch_escaping(lambda conn: isinstance(conn, PGconn), Escaping)
