"""Results on their way to the client: rows in parts that wait until the client has taken those before, COPY, tags, notices."""

from collections.abc import Iterator, Sequence

from dotdo.serving import DRAIN
from dotdo_postgres.engine.plan import Result, ResultColumn
from dotdo_postgres.engine.plan import Row as StoredRow
from dotdo_postgres.engine.portals import Portal
from dotdo_postgres.engine.session import Session
from dotdo_postgres.protocol import backend
from dotdo_postgres.server.answers import Shape, Shapes, spread
from dotdo_postgres.server.running import Runner
from dotdo_postgres.server.steps import Steps

CHUNK_ROWS = 500
DRAIN_BYTES = 128 << 10


class Delivery:
    """Writes the results of one session.

    Args:
        session: the engine's.
        output: where messages go.
        runner: runs what a COPY ends with.
    """

    def __init__(self, session: Session, output: list[bytes], runner: Runner) -> None:
        self._session = session
        self._output = output
        self._runner = runner
        self._shapes = Shapes()

    def tell_notices(self) -> None:
        """Tell what the last statement noted."""
        notices = self._session.notices
        if notices:
            codec = self._session.encoding.codec
            self._output += [backend.notice_response(notice, codec) for notice in notices]
            notices.clear()

    def describe(self, columns: tuple[ResultColumn, ...] | None, formats: tuple[int, ...]) -> None:
        """Tell the shape of rows, or that there are none."""
        if columns is None:
            self._output.append(backend.NO_DATA)
        else:
            self._output.append(self._shape(columns, formats).description)

    def check_formats(self, columns: tuple[ResultColumn, ...], formats: tuple[int, ...]) -> None:
        """See that formats fit the columns.

        Raises:
            PostgresError: they do not (08P01), or one is unknown (22023).
        """
        if formats:
            spread(formats, len(columns))

    def _shape(self, columns: tuple[ResultColumn, ...], formats: tuple[int, ...]) -> Shape:
        return self._shapes.of(columns, formats, self._session.encoding)

    # --- simple protocol ---------------------------------------------------------------------

    def whole(self, result: Result, formats: tuple[int, ...]) -> Steps:
        """Tell a result of the simple protocol, with the shape of its rows."""
        if result.columns is not None:
            if result.is_binary:
                formats = (1,)
            shape = self._shape(result.columns, formats)
            self._output.append(shape.description)
            yield from self._rows(result.rows, shape)
        self._end(result.tag)

    # --- extended protocol -------------------------------------------------------------------

    def part(self, portal: Portal, max_rows: int) -> Steps | None:
        """Tell the next rows of a portal that has run, all that are left for 0, and how it stands."""
        result = portal.result
        assert result is not None
        if result.columns is None:
            self._end(result.tag)
            return None
        formats = (1,) if portal.is_binary or result.is_binary else portal.result_formats
        rows = portal.take(max_rows)
        shape = self._shape(result.columns, formats)
        is_through = not max_rows or len(rows) < max_rows
        tag = result.tag
        if max_rows or portal.has_parts:
            portal.has_parts = True
            tag = f"{tag.split(' ')[0]} {len(rows)}" if tag.startswith("SELECT") else tag
        if len(rows) <= CHUNK_ROWS:
            if rows:
                self._output.append(backend.data_rows(rows, shape.encoders))
            self._stop(tag, is_through=is_through)
            return None
        return self._long_part(rows, shape, tag, is_through=is_through)

    def _long_part(
        self, rows: Sequence[StoredRow], shape: Shape, tag: str, *, is_through: bool
    ) -> Steps:
        yield from self._rows(rows, shape)
        self._stop(tag, is_through=is_through)

    def _stop(self, tag: str, *, is_through: bool) -> None:
        if is_through:
            self._end(tag)
        else:
            self.tell_notices()
            self._output.append(backend.PORTAL_SUSPENDED)

    # --- both --------------------------------------------------------------------------------

    def _rows(self, rows: Sequence[StoredRow], shape: Shape) -> Steps:
        pending = 0
        for data in _chunks(rows, shape):
            self._output.append(data)
            pending += len(data)
            if pending >= DRAIN_BYTES:
                pending = 0
                yield DRAIN

    def _end(self, tag: str) -> None:
        self.tell_notices()
        self._output.append(backend.command_complete(tag) if tag else backend.EMPTY_QUERY)


def _chunks(rows: Sequence[StoredRow], shape: Shape) -> Iterator[bytes]:
    for at in range(0, len(rows), CHUNK_ROWS):
        yield backend.data_rows(rows[at : at + CHUNK_ROWS], shape.encoders)
