"""Messages of the server, as bytes."""

from collections.abc import Callable, Iterable, Sequence
from struct import Struct, pack
from typing import Protocol

from dotdo_postgres.errors import PostgresError

_LENGTH = Struct("!I").pack
_FIELD = Struct("!IhIhih").pack
_SHORT = 4096
_SIZES = [_LENGTH(size) for size in range(_SHORT)]
NULL = b"\xff\xff\xff\xff"
"""The cell of a NULL."""

PARSE_COMPLETE = b"1\0\0\0\4"
BIND_COMPLETE = b"2\0\0\0\4"
CLOSE_COMPLETE = b"3\0\0\0\4"
NO_DATA = b"n\0\0\0\4"
EMPTY_QUERY = b"I\0\0\0\4"
PORTAL_SUSPENDED = b"s\0\0\0\4"
COPY_DONE = b"c\0\0\0\4"
AUTHENTICATION_OK = b"R\0\0\0\x08\0\0\0\0"
READY = {status: b"Z\0\0\0\5" + letter for status, letter in ((0, b"I"), (2, b"T"), (3, b"E"))}
"""ReadyForQuery by libpq's number of the transaction status."""

ColumnWriter = Callable[[Sequence[object]], Sequence[bytes]]
"""Writes the values of one column in some rows, as `cell` does."""


class Field(Protocol):
    """A column as RowDescription tells it."""

    @property
    def name(self) -> str:
        """Name."""

    @property
    def oid(self) -> int:
        """OID of the type."""

    @property
    def typmod(self) -> int:
        """Type modifier, -1 without."""

    @property
    def size(self) -> int:
        """Bytes of a value, -1 when it varies."""

    @property
    def table_oid(self) -> int:
        """Table it comes from, 0 when from none."""

    @property
    def column_number(self) -> int:
        """Its number there."""


def message(kind: bytes, body: bytes) -> bytes:
    """Return a message."""
    return kind + _LENGTH(len(body) + 4) + body


def authentication_sasl(mechanisms: Iterable[str]) -> bytes:
    """Return the offer of SASL mechanisms."""
    names = b"".join(name.encode() + b"\0" for name in mechanisms)
    return message(b"R", _LENGTH(10) + names + b"\0")


def authentication_sasl_continue(data: bytes) -> bytes:
    """Return the server's first SASL message."""
    return message(b"R", _LENGTH(11) + data)


def authentication_sasl_final(data: bytes) -> bytes:
    """Return the server's last SASL message."""
    return message(b"R", _LENGTH(12) + data)


def negotiate_protocol_version(minor: int, unknown_options: Sequence[str]) -> bytes:
    """Return the newest version spoken here, and the options that are not known."""
    names = b"".join(name.encode() + b"\0" for name in unknown_options)
    return message(b"v", pack("!II", 3 << 16 | minor, len(unknown_options)) + names)


def backend_key_data(pid: int, secret: bytes) -> bytes:
    """Return what a cancel request must name."""
    return message(b"K", _LENGTH(pid) + secret)


def parameter_status(name: str, value: str, encoding: str) -> bytes:
    """Return the value of a reported setting."""
    return message(b"S", f"{name}\0{value}\0".encode(encoding, "replace"))


def parameter_description(oids: Sequence[int]) -> bytes:
    """Return the types of a statement's parameters."""
    return message(b"t", pack(f"!H{len(oids)}I", len(oids), *oids))


def row_description(fields: Sequence[Field], formats: Sequence[int], encoding: str) -> bytes:
    """Return the shape of the rows; `formats` has one entry for each field."""
    parts = [pack("!H", len(fields))]
    for field, form in zip(fields, formats, strict=True):
        place = _FIELD(
            field.table_oid, field.column_number, field.oid, field.size, field.typmod, form
        )
        parts.append(field.name.encode(encoding, "replace") + b"\0" + place)
    return message(b"T", b"".join(parts))


def cell(data: bytes) -> bytes:
    """Return a value as a row has it: its length before it."""
    size = len(data)
    return (_SIZES[size] if size < _SHORT else _LENGTH(size)) + data


def cells(values: Sequence[object], encode: Callable[..., bytes]) -> list[bytes]:  # type: ignore[explicit-any]  # each type's values are of their own kind
    """Return what `cell` does of many values, NULL for None."""
    sizes, length, null = _SIZES, _LENGTH, NULL
    return [
        null
        if value is None
        else (sizes[size] if (size := len(data := encode(value))) < _SHORT else length(size)) + data
        for value in values
    ]


def data_rows(rows: Sequence[Sequence[object]], columns: Sequence[ColumnWriter]) -> bytes:
    """Return one DataRow for each row.

    Args:
        rows: Their values.
        columns: Write the values of each column as `cell` does, `NULL` for None.
    """
    count = len(columns)
    head = pack("!H", count)
    if not count:
        return message(b"D", head) * len(rows)
    if len(rows) == 1:
        (row,) = rows
        parts = [write((value,))[0] for write, value in zip(columns, row, strict=True)]
        return message(b"D", head + b"".join(parts))
    written = [
        write(values) for write, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    starts = _Starts(head)
    return b"".join(
        [starts[len(body)] + body for body in map(b"".join, zip(*written, strict=True))]
    )


class _Starts(dict[int, bytes]):
    """What comes before the values of a DataRow, by the bytes of these."""

    def __init__(self, head: bytes) -> None:
        super().__init__()
        self._head = head

    def __missing__(self, size: int) -> bytes:
        start = self[size] = b"D" + _LENGTH(size + 6) + self._head
        return start


def command_complete(tag: str) -> bytes:
    """Return the end of a command."""
    return message(b"C", tag.encode() + b"\0")


def notification(pid: int, channel: str, payload: str, encoding: str) -> bytes:
    """Return a NOTIFY of some session."""
    return message(b"A", _LENGTH(pid) + f"{channel}\0{payload}\0".encode(encoding, "replace"))


def copy_in(binary: bool, columns: int) -> bytes:
    """Return the invitation to send a COPY."""
    return message(b"G", pack(f"!bH{columns}H", binary, columns, *[int(binary)] * columns))


def copy_out(binary: bool, columns: int) -> bytes:
    """Return the beginning of a COPY to the client."""
    return message(b"H", pack(f"!bH{columns}H", binary, columns, *[int(binary)] * columns))


_FIELDS = (
    (b"S", "severity"), (b"V", "severity"), (b"C", "sqlstate"), (b"M", "message"), (b"D", "detail"), (b"H", "hint"),
    (b"P", "position"), (b"W", "context"), (b"s", "schema"), (b"t", "table"), (b"c", "column"), (b"d", "datatype"),
    (b"n", "constraint"), (b"R", "routine"),
)  # fmt: skip


def error_response(report: PostgresError, encoding: str = "utf-8") -> bytes:
    """Return an error with all it says."""
    return message(b"E", _report(report, encoding))


def notice_response(report: PostgresError, encoding: str = "utf-8") -> bytes:
    """Return a notice with all it says."""
    return message(b"N", _report(report, encoding))


def _report(report: PostgresError, encoding: str) -> bytes:
    parts = []
    for letter, attribute in _FIELDS:
        value = getattr(report, attribute)
        if value is not None:
            text = str(value).replace("\0", "")
            parts.append(letter + text.encode(encoding, "replace") + b"\0")
    return b"".join(parts) + b"\0"
