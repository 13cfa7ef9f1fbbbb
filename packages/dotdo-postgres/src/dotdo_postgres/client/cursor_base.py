"""What our cursors share: the short way through the engine, and psycopg's own way with its generators in Python."""

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any
from weakref import ref

from psycopg import adapt
from psycopg.rows import RowMaker

from dotdo_postgres.client import native, rows, seam, statements
from dotdo_postgres.client.adapters import AdaptersMap
from dotdo_postgres.client.transformer import Transformer
from dotdo_postgres.engine.session import Result

ADAPT = SimpleNamespace(
    **{**vars(adapt), "Transformer": Transformer, "AdaptersMap": AdaptersMap}
)
BaseCursor: Any = seam.BaseCursor


class NativeCursor(BaseCursor):  # type: ignore[misc]  # Any: its type parameters are the subclasses'
    """A cursor over an engine session.

    `_raw` are the rows of the short way as the engine gave them, `_loaders` what makes Python values of
    them, `_loaded` the Python rows once made; all None when the result came psycopg's own way.
    """


    _raw: Sequence[tuple[Any, ...]] | None
    _loaders: list[rows.Loader | None] | None
    _loaded: Sequence[tuple[Any, ...]] | None
    _own_adapters: AdaptersMap | None

    def __init__(self, connection: Any, *, row_factory: Any = None) -> None:
        self._conn = connection
        self._pgconn = connection.pgconn
        self.format = statements.TEXT
        self.arraysize = 1
        self._closed = False
        self._last_query = None
        self._tx = None
        adapters = connection.adapters
        self._own_adapters = None if adapters.is_pristine else self._copy_adapters(adapters)
        self._row_factory = row_factory or connection.row_factory
        self._reset()

    def _copy_adapters(self, adapters: AdaptersMap) -> AdaptersMap:
        own = AdaptersMap(adapters)
        own._register_loader_callback = partial(self._loaders_changed, ref(self))
        return own

    def _reset(self, reset_query: bool = True) -> None:
        self._raw = self._loaders = self._loaded = None
        super()._reset(reset_query)

    @property
    def adapters(self) -> AdaptersMap:
        """The adapters of this cursor, a copy of the connection's."""
        if self._own_adapters is None:
            self._own_adapters = self._copy_adapters(self._conn.adapters)
        return self._own_adapters

    # --- the short way ---

    def _bind(self, query: Any, params: Any, binary: bool | None) -> native.Bound | None:
        """Return the bound statement, None when psycopg's own way must be taken."""
        is_text = not binary and self.format == statements.TEXT
        if type(query) is not str or not is_text or self._closed or not self._is_short():
            return None
        return native.bind(query, params, self._own_adapters or self._conn.adapters)

    def _is_short(self) -> bool:
        is_plain: bool = self._query_cls is seam.PostgresQuery
        return is_plain and self._conn._pipeline is None and self._pgconn.is_quiet

    def _run(self, bound: native.Bound) -> tuple[Result, native.Plan]:
        """Run a bound statement.

        Raises:
            PostgresError: it failed.
            Blocked: it must wait, and the connection does not.
        """
        conn, pgconn = self._conn, self._pgconn
        session = pgconn.session
        if not conn._autocommit and session.transaction_status == statements.IDLE:
            pgconn.command(conn._get_tx_start_command().decode())
        sql, oids, values = bound
        plan = native.plan(session, sql, oids, conn if self._own_adapters is None else self)
        if plan.converters is not None:
            values = native.stored(values, plan.converters)
        return session.run(plan.prepared, values, wait=pgconn.can_wait), plan

    def _take(self, result: Result, plan: native.Plan) -> None:
        """Make a result of the short way the cursor's."""
        pgresult = statements.result_of(result)
        self._results = [pgresult]
        self.pgresult = pgresult
        self._pos = self._iresult = 0
        self._last_query = self._query = self._execmany_returning = self._loaded = None
        self._statusmessage = result.tag.encode()
        if result.columns is None:
            self._raw = None
            self._rowcount = -1 if result.row_count is None else result.row_count
        else:
            self._raw, self._loaders = result.rows, plan.loaders
            self._rowcount = len(result.rows)
        self._make_row = self._row_factory(self)
        if self._pgconn.session.notices:
            self._pgconn.report_notices()

    def _native_rows(self) -> Sequence[tuple[Any, ...]] | None:
        """Return the Python rows of a result of the short way, None when there is none."""
        if self._loaded is None and self._raw is not None:
            try:
                self._loaded = rows.load(self._raw, self._loaders)
            except (OverflowError, ValueError):  # no Python value: psycopg's loader says so
                self._raw = None
                pos = self._pos
                self._select_current_result(self._iresult)
                self._pos = pos
        return self._loaded

    def _next_native(self, native_rows: Sequence[tuple[Any, ...]], end: int) -> list[Any]:
        found = native_rows[self._pos : end]
        self._pos += len(found)
        make_row: RowMaker[Any] = self._make_row
        return list(found) if make_row is tuple else [make_row(row) for row in found]

    # --- psycopg's own way ---

    def _select_current_result(self, i: int, format: Any = None) -> None:
        self._raw = self._loaders = self._loaded = None
        if self._tx is None:
            self._tx = Transformer(self)
        super()._select_current_result(i, format)

    _start_query = seam.relink(seam.BaseCursor._start_query, adapt=ADAPT)
    _loaders_changed = classmethod(
        seam.relink(seam.BaseCursor._loaders_changed.__func__, adapt=ADAPT)  # type: ignore[attr-defined]  # a class method
    )
    _maybe_prepare_gen = seam.in_python(seam.BaseCursor._maybe_prepare_gen)
    _stream_send_gen = seam.in_python(seam.BaseCursor._stream_send_gen)
    _stream_fetchone_gen = seam.in_python(seam.BaseCursor._stream_fetchone_gen)
    _start_copy_gen = seam.in_python(seam.BaseCursor._start_copy_gen)


