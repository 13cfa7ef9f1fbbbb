"""What our cursors share: the short way through the engine, and psycopg's own way with its generators in Python."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from dotdo.storage import CatalogChanged
from dotdo_postgres.client import native, preparing, rows, seam, statements
from dotdo_postgres.client.adapters import AdaptersMap
from dotdo_postgres.client.transformer import Transformer
from dotdo_postgres.engine.plan import Result

if TYPE_CHECKING:
    from dotdo_postgres.engine.session import Session

CursorInPython: Any = seam.cursor_in_python(Transformer, AdaptersMap)


class NativeCursor(CursorInPython):  # type: ignore[misc]  # Any: its type parameters are the subclasses'
    """A cursor over an engine session.

    `_raw` are the rows of the short way as the engine gave them, `_loaders` what makes Python values of
    them, `_loaded` the Python rows once made; all None when the result came psycopg's own way.
    """

    # What psycopg's cursors keep, and what it means to mypy: nothing in particular.
    _conn: Any
    _pgconn: Any
    _tx: Any
    _last_query: Any
    _statusmessage: Any
    _execmany_returning: Any
    _row_factory: Any

    _raw: Sequence[tuple[Any, ...]] | None
    _loaders: list[rows.Loader | None] | None
    _loaded: Sequence[tuple[Any, ...]] | None
    _own_adapters: AdaptersMap | None
    _asked: tuple[str, Any] | None
    _result: Result | None

    def __init__(self, connection: Any, *, row_factory: Any = None) -> None:
        self._conn = connection
        self._counts = connection.counts
        self._pgconn = connection.pgconn
        self.format = statements.TEXT
        self.arraysize = 1
        self._closed = False
        self._last_query = None
        self._tx = None
        adapters = connection.adapters
        self._own_adapters = None if adapters.memo.is_pristine else self._copy_adapters(adapters)
        self._row_factory = row_factory or connection.row_factory
        self._reset()

    def _copy_adapters(self, adapters: AdaptersMap) -> AdaptersMap:
        own = AdaptersMap(adapters)
        own.call_when_changed(partial(self._loaders_changed, ref(self)))
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

    @property
    def _query(self) -> Any:
        """What psycopg makes of the last query; for the short way it is made when asked for."""
        if self._asked is not None:
            self._tx = self._tx or Transformer(self)
            self._made_query, self._asked = self._convert_query(*self._asked), None
        return self._made_query

    @_query.setter
    def _query(self, query: Any) -> None:
        self._made_query, self._asked = query, None

    @property
    def pgresult(self) -> Any:
        """The current result; of the short way it is made when asked for."""
        if self._result is not None:
            self._take_pgresult(statements.result_of(self._result))
        return self._pgresult

    @pgresult.setter
    def pgresult(self, pgresult: Any) -> None:
        self._pgresult, self._result = pgresult, None

    @property
    def _results(self) -> list[Any]:
        """All results of the last statement."""
        if self._result is not None:
            self._take_pgresult(statements.result_of(self._result))
        return self._all_results

    @_results.setter
    def _results(self, results: list[Any]) -> None:
        self._all_results, self._result = results, None

    def _take_pgresult(self, pgresult: Any) -> None:
        self._pgresult, self._all_results, self._result = pgresult, [pgresult], None

    # --- the short way ---

    def bind_short(self, query: Any, params: Any, binary: bool | None) -> native.Bound | None:
        """Return the bound statement, None when psycopg's own way must be taken."""
        if type(query) is not str or binary or self.format or self._closed:
            return None
        if self._query_cls is not seam.PostgresQuery or not self._pgconn.is_quiet:
            return None
        return native.bind(query, params, self._own_adapters or self._conn.adapters)

    def count_short(self, bound: native.Bound) -> None:
        """Count a bound statement, which psycopg prepares when it comes often; cursors with parameters in the text do not."""
        preparing.count(self._counts, self._pgconn.session, bound)

    def run_short(self, bound: native.Bound) -> tuple[Result, native.Plan]:
        """Run a bound statement.

        Raises:
            PostgresError: it failed.
            Blocked: it must wait, and the connection does not.
        """
        conn, pgconn = self._conn, self._pgconn
        session = pgconn.session
        if not conn._autocommit and session.transaction_status == statements.IDLE:  # noqa: SLF001 -- psycopg's own, a property costs as much as all this
            pgconn.command(conn.begin_command)
        context = conn if self._own_adapters is None else self
        wait = pgconn.can_wait
        while True:
            plan = native.plan_of(session, bound, context)
            converters, values = plan.converters, bound[3]
            if converters is not None:
                values = native.stored(session, values, converters)
            try:
                if wait:
                    return session.run(plan.prepared, values), plan
                call = partial(session.run, plan.prepared, values, wait=False)
                return pgconn.run(plan.prepared, call), plan
            except CatalogChanged:
                continue

    def run_many(self, rows: Sequence[native.Bound]) -> Result:
        """Run a bound statement for rows that have it in common, at once.

        Raises:
            PostgresError: one failed.
            Blocked: it must wait, and the connection does not.
        """
        session: Session = self._pgconn.session
        context = self._conn if self._own_adapters is None else self
        while True:
            plan = native.plan_of(session, rows[0], context)
            values = [bound[3] for bound in rows]
            if plan.converters is not None:
                values = [native.stored(session, row, plan.converters) for row in values]
            try:
                return session.run_many(plan.prepared, values, wait=self._pgconn.can_wait)
            except CatalogChanged:
                continue

    def take_short(self, result: Result, plan: native.Plan, query: str, params: Any) -> None:
        """Make a result of the short way the cursor's."""
        self._asked = (query, params)
        self._result = result
        self._pos = self._iresult = 0
        self._last_query = self._execmany_returning = self._loaded = None
        self._statusmessage = result.tag.encode()
        if result.columns is None:
            self._raw = None
            self._rowcount = -1 if result.row_count is None else result.row_count
            preparing.follow(self._counts, self._pgconn.session, result)
        else:
            self._raw, self._loaders = result.rows, plan.loaders
            self._rowcount = len(result.rows)
        self._make_row = self._row_factory(self)
        session = self._pgconn.session
        if session.notices:
            self._pgconn.report_notices()
        if session.mailbox.inbox:
            self._pgconn.report_notifies()

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
        make_row = self._make_row
        return list(found) if make_row is tuple else [make_row(row) for row in found]

    # --- psycopg's own way ---

    def _select_current_result(self, i: int, format: Any = None) -> None:
        self._raw = self._loaders = self._loaded = None
        if self._tx is None:
            self._tx = Transformer(self)
        super()._select_current_result(i, format)

    def take_batch(self, results: list[Any], count: int, tag: str, *, returning: bool) -> None:
        """Make the results of a batch the cursor's, as psycopg's executemany does."""
        self._last_query = None
        self._execmany_returning = returning
        if returning:
            self._set_results(results)
        else:
            self._rowcount = count
            self._statusmessage = tag.encode()
        self._pgconn.report_notices()

    def forget(self) -> None:
        """Forget the last result, as before each statement."""
        self._reset()
