"""COPY FROM STDIN: data comes in any pieces, rows are read out of it and written in batches, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from struct import Struct
from struct import error as struct_error
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.copy.fields import CsvLines, csv_fields, text_fields
from dotdo_postgres.engine.dml.many import takes_many
from dotdo_postgres.engine.parameters import codec_for
from dotdo_postgres.engine.plan import Result
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping.recoding import in_encoding

if TYPE_CHECKING:
    from dotdo_postgres.engine.copy.options import Options
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import Codec

BATCH_ROWS = 2_000
MAX_SHOWN = 100
SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_U16, _I32 = Struct("!h").unpack_from, Struct("!i").unpack_from
_Row = Sequence[Any]


class CopyIn:
    """A COPY whose data is to come.

    Args:
        session: Whose.
        table: Name of the table, for messages.
        names: The columns.
        insert: The statement that writes one row.
        options: How the data looks.
    """

    def __init__(
        self,
        session: Session,
        table: str,
        names: Sequence[str],
        insert: Prepared,
        options: Options,
    ) -> None:
        self.is_binary = options.is_binary
        self.column_count = len(names)
        self._session = session
        self._table = table
        self._insert = insert
        detail = insert.detail if isinstance(insert.detail, dict) else {}
        self._as_one: Callable[[list[_Row]], Prepared] | None = detail.get("as_one")
        self._rows: list[_Row] = []
        self._count = 0
        codecs = [
            insert.codecs.get(number) or codec_for(session, one.oid)
            for number, one in enumerate(insert.param_types)
        ]
        encoding = options.encoding or session.encoding
        self._reader: _TextReader | _BinaryReader = (
            _BinaryReader(
                table,
                names,
                [
                    in_encoding(codec, one.oid, encoding)
                    for codec, one in zip(codecs, insert.param_types, strict=True)
                ],
            )
            if options.is_binary
            else _TextReader(table, names, codecs, options, encoding.decode)
        )

    @property
    def is_full(self) -> bool:
        """Rows are to be written before more data is taken; where triggers fire they are written as one statement."""
        return len(self._rows) >= BATCH_ROWS and self._as_one is None

    def feed(self, data: bytes) -> None:
        """Take data.

        Raises:
            PostgresError: it cannot be read.
        """
        self._rows += self._reader.feed(data)

    def flush(self, *, wait: bool) -> None:
        """Write the rows read so far.

        Raises:
            PostgresError: one cannot be written.
            Blocked: another transaction must end first, and `wait` is false; call again.
        """
        rows = self._rows
        if not rows:
            return
        session, insert = self._session, self._insert
        if self._as_one is not None:
            result = session.run(self._as_one(rows), wait=wait)
            self._count += result.row_count or 0
        elif takes_many(insert):
            session.run_many(insert, rows, wait=wait)
            self._count += len(rows)
        else:
            while rows:
                result = session.run(insert, rows[0], wait=wait)
                self._count += result.row_count or 0
                del rows[0]
        self._rows = []

    def finish(self, *, wait: bool) -> Result:
        """Write what is left; return what COPY answers.

        Raises:
            PostgresError: the data is not whole, or a row cannot be written.
            Blocked: another transaction must end first, and `wait` is false; call again.
        """
        self._rows += self._reader.end()
        self.flush(wait=wait)
        return Result(None, [], f"COPY {self._count}", self._count)

    @staticmethod
    def failed(message: str) -> PostgresError:
        """Return the error for a COPY that the client gives up."""
        return error("57014", f"COPY from stdin failed: {message}")


class _Place:
    """Where in the data something is wrong."""

    def __init__(self, table: str, names: Sequence[str]) -> None:
        self.table, self.names = table, names

    def in_line(self, failure: PostgresError, line: int, text: str | None = None) -> PostgresError:
        shown = "" if text is None else f': "{_shortened(text)}"'
        failure.context = f"COPY {self.table}, line {line}{shown}"
        return failure

    def in_field(
        self, failure: PostgresError, line: int, column: int, text: str | None
    ) -> PostgresError:
        shown = "null input" if text is None else f'"{_shortened(text)}"'
        failure.context = f"COPY {self.table}, line {line}, column {self.names[column]}: {shown}"
        return failure


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


class _TextReader:
    """Rows out of text or CSV."""

    def __init__(
        self,
        table: str,
        names: Sequence[str],
        codecs: Sequence[Codec],
        options: Options,
        decode: Callable[[bytes], str],
    ) -> None:
        self._place = _Place(table, names)
        self._names = names
        self._readers = [None if one.from_text is str else one.from_text for one in codecs]
        self._options = options
        self._decode = decode
        self._rest = b""
        self._line = 0
        self._is_over = False
        self._is_headed = bool(options.header)
        self._csv = CsvLines(options) if options.form == "csv" else None
        self._many = [one.from_texts for one in codecs]

    def feed(self, data: bytes) -> list[_Row]:
        if self._is_over:
            return []
        whole, line_end, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest
        return self._read(whole) if line_end else []

    def end(self) -> list[_Row]:
        rest, self._rest = self._rest, b""
        rows = self._read(rest) if rest and not self._is_over else []
        if self._csv is not None:
            try:
                self._csv.end()
            except PostgresError as failure:
                raise self._place.in_line(failure, self._line + 1) from None
        return rows

    def _read(self, data: bytes) -> list[_Row]:
        try:
            text = self._decode(data)
        except PostgresError as failure:
            raise self._place.in_line(failure, self._line + 1) from None
        lines = text.split("\n")
        if "\r" in text:
            lines = [line.removesuffix("\r") for line in lines]
        if "\\." in lines:
            lines = lines[: lines.index("\\.")]
            self._is_over = True
        records: Sequence[str] = lines if self._csv is None else list(self._csv.feed(lines))
        if self._is_headed and records:
            self._is_headed = False
            self._check_header(records[0])
            records = records[1:]
        columns: list[Sequence[Any]] | None = self._plain_columns(text, records)
        rows: list[list[str | None]] = []
        if columns is None:
            rows = [self._fields(record, at) for at, record in enumerate(records, self._line + 1)]
            columns = [*zip(*rows, strict=True)]
        converted = self._converted(columns) if columns else list[_Row](rows)
        self._line += len(records)
        return converted

    def _plain_columns(self, text: str, records: Sequence[str]) -> list[Sequence[Any]] | None:
        """Return the columns of records that hold nothing special, all at once; None when one may."""
        null = self._options.null
        if (
            self._csv is not None
            or "\\" in text
            or "\\" not in null
            or not self._names
            or not records
        ):
            return None
        delimiter, width = self._options.delimiter, len(self._names)
        if set(map(str.count, records, repeat(delimiter))) != {width - 1}:
            return None
        cells = delimiter.join(records).split(delimiter)
        return [cells[at::width] for at in range(width)]

    def _check_header(self, record: str) -> None:
        self._line += 1
        if self._options.header != "match":
            return
        fields = (
            text_fields(record, self._options)
            if self._csv is None
            else [field for field, _ in csv_fields(record, self._options)]
        )
        if len(fields) != len(self._names):
            message = (
                f"wrong number of fields in header line: got {len(fields)},"
                f" expected {len(self._names)}"
            )
            raise self._place.in_line(error("22P04", message), 1, record)
        for number, (field, name) in enumerate(zip(fields, self._names, strict=True), start=1):
            if field != name:
                told = "null value" if field is None else f'"{field}"'
                message = (
                    f"column name mismatch in header line field {number}: got {told},"
                    f' expected "{name}"'
                )
                raise self._place.in_line(error("22P04", message), 1, record)

    def _fields(self, record: str, line: int) -> list[str | None]:
        if self._csv is None:
            fields = text_fields(record, self._options)
        else:
            fields = self._csv_row(csv_fields(record, self._options))
        wanted = len(self._names)
        if len(fields) == wanted:
            return fields
        if not wanted and record == "":
            return []
        if len(fields) > wanted:
            failure = error("22P04", "extra data after last expected column")
        else:
            failure = error("22P04", f'missing data for column "{self._names[len(fields)]}"')
        raise self._place.in_line(failure, line, record)

    def _csv_row(self, cells: list[tuple[str, bool]]) -> list[str | None]:
        options = self._options
        row: list[str | None] = []
        for number, (text, was_quoted) in enumerate(cells):
            name = self._names[number] if number < len(self._names) else ""
            is_null = text == options.null and (
                name in options.force_null if was_quoted else name not in options.force_not_null
            )
            row.append(None if is_null else text)
        return row

    def _converted(self, columns: list[Sequence[Any]]) -> list[_Row]:
        for number, read in enumerate(self._readers):
            values, many = columns[number], self._many[number]
            found = None if many is None or None in values else many(values)
            if found is not None:
                columns[number] = found
            elif read is not None:
                columns[number] = self._column(values, read, number)
        return list(zip(*columns, strict=True))

    def _column(
        self, values: Sequence[str | None], read: Callable[[str], Any], number: int
    ) -> list[Any]:
        try:
            return [None if value is None else read(value) for value in values]
        except PostgresError:
            for line, value in enumerate(values, self._line + 1):
                try:
                    if value is not None:
                        read(value)
                except PostgresError as failure:
                    raise self._place.in_field(failure, line, number, value) from None
            raise


class _BinaryReader:
    """Rows out of the binary format."""

    def __init__(self, table: str, names: Sequence[str], codecs: Sequence[Codec]) -> None:
        self._place = _Place(table, names)
        self._names = names
        self._codecs = codecs
        self._data = b""
        self._line = 0
        self._is_begun = self._is_over = False

    def feed(self, data: bytes) -> list[_Row]:
        self._data += data
        if not self._is_begun and not self._begin():
            return []
        return list(self._take())

    def end(self) -> list[_Row]:
        if not self._is_begun:
            raise self._at_line(error("22P04", "COPY file signature not recognized"), 1)
        if not self._is_over and self._data:
            raise self._at_line(error("22P04", "unexpected EOF in COPY data"), self._line + 1)
        return []

    def _at_line(self, failure: PostgresError, line: int) -> PostgresError:
        return self._place.in_line(failure, line)

    def _begin(self) -> bool:
        data = self._data
        if data[:11] != SIGNATURE[: len(data[:11])]:
            raise self._at_line(error("22P04", "COPY file signature not recognized"), 1)
        if len(data) < 19:
            return False
        (flags,), (extension,) = _I32(data, 11), _I32(data, 15)
        if flags & 0xFFFF0000:
            told = "unrecognized critical flags in COPY file header"
            raise self._at_line(error("22P04", told), 1)
        if extension < 0 or len(data) < 19 + extension:
            return False
        self._data = data[19 + extension :]
        self._is_begun = True
        return True

    def _take(self) -> Iterator[_Row]:
        data, at = self._data, 0
        while not self._is_over:
            try:
                row, end = self._row(data, at)
            except struct_error:  # the rest is still to come
                break
            at = end
            if row is None:
                self._is_over = True
                if data[at:]:
                    told = "received copy data after EOF marker"
                    raise self._at_line(error("22P04", told), self._line + 1)
                break
            self._line += 1
            yield row
        self._data = data[at:]

    def _row(self, data: bytes, at: int) -> tuple[_Row | None, int]:
        (count,) = _U16(data, at)
        at += 2
        if count == -1:
            return None, at
        if count != len(self._names):
            told = f"row field count is {count}, expected {len(self._names)}"
            raise self._at_line(error("22P04", told), self._line + 1)
        row: list[Any] = []
        for number, codec in enumerate(self._codecs):
            (size,) = _I32(data, at)
            at += 4
            if size == -1:
                row.append(None)
                continue
            if size < 0:
                raise self._at_line(error("22P04", "invalid field size"), self._line + 1)
            if at + size > len(data):
                raise struct_error
            try:
                row.append(codec.from_binary(data[at : at + size]))
            except PostgresError as failure:
                line = self._line + 1
                name = self._names[number]
                failure.context = f"COPY {self._place.table}, line {line}, column {name}"
                raise
            at += size
        return row, at
