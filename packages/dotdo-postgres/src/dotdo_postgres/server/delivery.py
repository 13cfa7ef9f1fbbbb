"""Results on their way to the client: rows in parts that wait until the client has taken those before, COPY, tags, notices."""

from collections.abc import Generator, Iterator, Sequence

from dotdo.serving import DRAIN, Control
from dotdo_postgres.engine.copy import CopyIn, CopyOut
from dotdo_postgres.engine.plan import Result, ResultColumn
from dotdo_postgres.engine.plan import Row as StoredRow
from dotdo_postgres.engine.portals import Portal
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import error
from dotdo_postgres.protocol import backend
from dotdo_postgres.protocol.frames import Frame
from dotdo_postgres.protocol.frontend import read_text
from dotdo_postgres.server.answers import Shape, Shapes, spread
from dotdo_postgres.server.running import Runner
from dotdo_postgres.server.steps import NEXT_FRAME, NextFrame, Steps

Copying = Generator[Control | NextFrame, Frame | None, Result]
_COPY_DATA, _COPY_DONE, _COPY_FAIL = b"dcf"
_IGNORED_IN_COPY = frozenset(b"HS")
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
            self._output.append(self.shape(columns, formats).description)

    def check_formats(self, columns: tuple[ResultColumn, ...], formats: tuple[int, ...]) -> None:
        """See that formats fit the columns.

        Raises:
            PostgresError: they do not (08P01), or one is unknown (22023).
        """
        if formats:
            spread(formats, len(columns))

    def shape(self, columns: tuple[ResultColumn, ...], formats: tuple[int, ...]) -> Shape:
        """Return how rows of these columns are told.

        Raises:
            PostgresError: the formats do not fit the columns (08P01), or are unknown (22023).
        """
        return self._shapes.of(columns, formats, self._session.encoding)

    # --- simple protocol ---------------------------------------------------------------------

    def whole(self, result: Result, formats: tuple[int, ...]) -> Steps:
        """Tell a result of the simple protocol, with the shape of its rows."""
        if result.copy is not None:
            result = yield from self._copy(result)
        elif result.columns is not None:
            if result.is_binary:
                formats = (1,)
            shape = self.shape(result.columns, formats)
            self._output.append(shape.description)
            yield from self._rows(result.rows, shape)
        self._end(result.tag)

    # --- extended protocol -------------------------------------------------------------------

    def part(self, portal: Portal, max_rows: int) -> Steps | None:
        """Tell the next rows of a portal that has run, all that are left for 0, and how it stands."""
        result = portal.result
        assert result is not None
        if result.copy is not None:
            return self._copy_and_end(result)
        if result.columns is None:
            self._end(result.tag)
            return None
        rows = portal.take(max_rows)
        shape = self.shape(result.columns, portal.result_formats)
        is_through = not max_rows or len(rows) < max_rows
        tag = result.tag
        if max_rows or portal.has_parts:
            portal.has_parts = True
            tag = f"{tag.split(' ')[0]} {len(rows)}" if tag.startswith("SELECT") else tag
        if len(rows) <= CHUNK_ROWS:
            if rows:
                self._output.append(backend.data_rows(rows, shape.writers))
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

    # --- COPY --------------------------------------------------------------------------------

    def _copy_and_end(self, result: Result) -> Steps:
        result = yield from self._copy(result)
        self._end(result.tag)

    def _copy(self, result: Result) -> Copying:
        """Send the data of a COPY, or take it; return the result that it ends with."""
        copy = result.copy
        if isinstance(copy, CopyOut):
            return self._send(copy, result)
        assert copy is not None
        return self._take(copy)

    def _send(self, copy: CopyOut, result: Result) -> Copying:
        self._output.append(backend.copy_out(copy.is_binary, copy.column_count))
        pending = 0
        for piece in copy.pieces():
            self._output.append(backend.message(b"d", piece))
            pending += len(piece)
            if pending >= DRAIN_BYTES:
                pending = 0
                yield DRAIN
                self._runner.check_cancelled()
        self._output.append(backend.COPY_DONE)
        return result

    def _take(self, copy: CopyIn) -> Copying:
        self._output.append(backend.copy_in(copy.is_binary, copy.column_count))
        while True:
            frame = yield NEXT_FRAME
            assert frame is not None
            if frame.kind == _COPY_DATA:
                copy.feed(frame.body)
                if copy.is_full:
                    yield from self._runner.call(lambda: copy.flush(wait=False))
            elif frame.kind == _COPY_DONE:
                return (yield from self._runner.call(lambda: copy.finish(wait=False)))
            elif frame.kind == _COPY_FAIL:
                reason = self._session.encoding.decode(read_text(frame.body))
                raise copy.failed(reason)
            elif frame.kind not in _IGNORED_IN_COPY:
                message = f"unexpected message type 0x{frame.kind:02X} during COPY from stdin"
                raise error("08P01", message)

    # --- both --------------------------------------------------------------------------------

    def _rows(self, rows: Sequence[StoredRow], shape: Shape) -> Steps:
        pending = 0
        for data in _chunks(rows, shape):
            self._output.append(data)
            pending += len(data)
            if pending >= DRAIN_BYTES:
                pending = 0
                yield DRAIN
                self._runner.check_cancelled()

    def _end(self, tag: str) -> None:
        self.tell_notices()
        self._output.append(backend.command_complete(tag) if tag else backend.EMPTY_QUERY)


def _chunks(rows: Sequence[StoredRow], shape: Shape) -> Iterator[bytes]:
    for at in range(0, len(rows), CHUNK_ROWS):
        yield backend.data_rows(rows[at : at + CHUNK_ROWS], shape.writers)
