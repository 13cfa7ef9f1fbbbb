"""A result as psycopg's own code reads one from libpq, over the engine's native rows; text and binary are made only when asked for."""

from collections.abc import Callable, Sequence
from typing import Any

from psycopg.pq import ExecStatus
from psycopg.pq.misc import PGresAttDesc, strip_severity

from dotdo_postgres.client import diagnostics
from dotdo_postgres.mapping.encodings import UTF8, Encoding
from dotdo_postgres.mapping.recoding import in_encoding

TEXT, BINARY = 0, 1
NO_COLUMNS: tuple[Any, ...] = ()


class PGresult:
    """A result of a statement, or the error instead of it.

    Args:
        status: one of `ExecStatus`.
        columns: the engine's columns; empty when the statement returns none.
        rows: rows of storage values.
        tag: command tag, `INSERT 0 1`.
        row_count: rows affected, None where the tag tells none.
        format: 0 text, 1 binary: of the values that `get_value` gives.
        report: the error or notice.
        statement: text the error's position points into.
        param_types: OIDs, of the description of a prepared statement.
    """

    __slots__ = (
        "_attributes",
        "columns",
        "encoding",
        "format",
        "param_types",
        "report",
        "row_count",
        "rows",
        "statement",
        "status",
        "tag",
        "values",
    )

    def __init__(
        self,
        status: int,
        columns: Sequence[Any] = NO_COLUMNS,
        rows: Sequence[Sequence[Any]] = (),
        tag: str = "",
        row_count: int | None = None,
        *,
        format: int = TEXT,
        report: diagnostics.Report | None = None,
        statement: str | None = None,
        param_types: Sequence[int] = (),
    ) -> None:
        self.status = status
        self.columns = columns
        self.rows = rows
        self.tag = tag
        self.row_count = row_count
        self.format = format
        self.report = report
        self.statement = statement
        self.param_types = param_types
        self.encoding = UTF8
        self.values: Sequence[Sequence[bytes | None]] | None = None
        self._attributes: Sequence[PGresAttDesc] = ()

    @classmethod
    def failure(cls, report: diagnostics.Report, statement: str | None) -> "PGresult":
        """Make the result of a statement that failed."""
        return cls(ExecStatus.FATAL_ERROR, report=report, statement=statement)

    def clear(self) -> None:
        """Free nothing: Python does."""

    def encode_in(self, encoding: Encoding) -> "PGresult":
        """Tell all text in the client's encoding from now on; return the result itself.

        Raises:
            PostgresError: a value holds what that encoding has not (22P05).
        """
        self.encoding = encoding
        write = [self._writer(column) for column in self.columns]
        self.values = [
            [
                None if value is None else to_bytes(value)
                for to_bytes, value in zip(write, row, strict=True)
            ]
            for row in self.rows
        ]
        return self

    def _writer(self, column: Any) -> Callable[[Any], bytes]:
        codec, encoding = column.codec, self.encoding
        if self.format:
            to_binary: Callable[[Any], bytes] = in_encoding(codec, column.oid, encoding).to_binary
            return to_binary
        return lambda value: encoding.encode(codec.to_text(value))

    def _told(self, text: str) -> bytes:
        return text.encode(self.encoding.codec, "replace")

    def part(self, status: int, first: int, end: int) -> "PGresult":
        """Return a result of some of the rows."""
        part = PGresult(status, self.columns, self.rows[first:end], format=self.format)
        part.encoding = self.encoding
        part.values = None if self.values is None else self.values[first:end]
        return part

    # --- the error ---

    @property
    def error_message(self) -> bytes:
        """The whole text, severity first; empty when there is no error."""
        if self.report is None:
            return b""
        return self._told(diagnostics.text(self.report, self.statement))

    def get_error_message(self, encoding: str = "utf-8") -> str:
        """Return the text without its severity."""
        message = self.error_message.decode(self.encoding.codec, "replace")
        return strip_severity(message) if message else "no error details available"

    def error_field(self, fieldcode: int) -> bytes | None:
        """Return a field of the error by libpq's code."""
        value = None if self.report is None else diagnostics.field(self.report, fieldcode)
        return None if value is None else self._told(value)

    # --- the shape ---

    @property
    def ntuples(self) -> int:
        """Number of rows."""
        return len(self.rows)

    @property
    def nfields(self) -> int:
        """Number of columns."""
        return len(self.columns) or len(self._attributes)

    def fname(self, column_number: int) -> bytes | None:
        """Return the name of a column, None when there is no such column."""
        if self._attributes:
            return self._attributes[column_number].name
        if 0 <= column_number < len(self.columns):
            name: str = self.columns[column_number].name
            return self._told(name)
        return None

    def ftable(self, column_number: int) -> int:
        """Return the OID of the table a column comes from, or 0."""
        return self._number(column_number, "table_oid")

    def ftablecol(self, column_number: int) -> int:
        """Return the number of a column within its table, or 0."""
        return self._number(column_number, "column_number")

    def fformat(self, column_number: int) -> int:
        """Return 0 for text, 1 for binary."""
        return self.format

    def ftype(self, column_number: int) -> int:
        """Return the OID of a column's type."""
        if self._attributes:
            return self._attributes[column_number].typid
        return self._number(column_number, "oid")

    def fmod(self, column_number: int) -> int:
        """Return a column's type modifier, -1 for none."""
        return self._number(column_number, "typmod")

    def fsize(self, column_number: int) -> int:
        """Return the bytes of a column's type, negative when they vary."""
        return self._number(column_number, "size")

    def _number(self, column_number: int, attribute: str) -> int:
        if 0 <= column_number < len(self.columns):
            number: int = getattr(self.columns[column_number], attribute)
            return number
        return 0

    @property
    def binary_tuples(self) -> int:
        """1 when all values are binary."""
        return self.format

    # --- the values ---

    def get_value(self, row_number: int, column_number: int) -> bytes | None:
        """Return a value in the format of the result, None for NULL."""
        if self.values is not None:
            return self.values[row_number][column_number]
        value = self.rows[row_number][column_number]
        if value is None:
            return None
        codec = self.columns[column_number].codec
        encoded: bytes = codec.to_binary(value) if self.format else codec.to_text(value).encode()
        return encoded

    # --- the command ---

    @property
    def nparams(self) -> int:
        """Number of parameters of a described statement."""
        return len(self.param_types)

    def param_type(self, param_number: int) -> int:
        """Return the OID of a parameter of a described statement."""
        return self.param_types[param_number]

    @property
    def command_status(self) -> bytes | None:
        """The command tag."""
        return self.tag.encode()

    @property
    def command_tuples(self) -> int | None:
        """Rows affected."""
        return self.row_count

    @property
    def oid_value(self) -> int:
        """0: rows have no OIDs."""
        return 0

    def set_attributes(self, descriptions: list[PGresAttDesc]) -> None:
        """Give an empty result columns, as tests of row factories do."""
        self._attributes = tuple(descriptions)
