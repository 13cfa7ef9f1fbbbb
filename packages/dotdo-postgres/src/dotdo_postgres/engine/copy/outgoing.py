"""COPY TO STDOUT: the rows of a query as pieces of data, one for each row."""

from __future__ import annotations

from dataclasses import replace
from struct import pack
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.copy.fields import csv_writer, text_writer
from dotdo_postgres.engine.copy.incoming import SIGNATURE
from dotdo_postgres.mapping.recoding import in_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dotdo_postgres.engine.copy.options import Options
    from dotdo_postgres.engine.plan import Result, ResultColumn, Row
    from dotdo_postgres.mapping.encodings import Encoding

_HEADER = SIGNATURE + bytes(8)
_TRAILER = b"\xff\xff"


class CopyOut:
    """A COPY whose data is to be sent.

    Args:
        result: The rows.
        options: How the data is to look.
        encoding: Of the client.
    """

    def __init__(self, result: Result, options: Options, encoding: Encoding) -> None:
        self.is_binary = options.is_binary
        self._columns: tuple[ResultColumn, ...] = result.columns or ()
        self.column_count = len(self._columns)
        self._rows = result.rows
        self._options = options
        self._encoding = options.encoding or encoding

    def pieces(self) -> Iterator[bytes]:
        """Yield the data.

        Raises:
            PostgresError: a value cannot be written in the encoding (22P05).
        """
        return self._binary() if self.is_binary else self._text()

    def _text(self) -> Iterator[bytes]:
        names = [column.name for column in self._columns]
        write = (
            csv_writer(self._options, names)
            if self._options.form == "csv"
            else text_writer(self._options)
        )
        encode = self._encoding.encode
        if self._options.header:
            head = (
                csv_writer(replace(self._options, force_quote=frozenset()), names)
                if self._options.form == "csv"
                else write
            )
            yield encode(head(names) + "\n")
        to_text = [column.codec.to_text for column in self._columns]
        for row in self._rows:
            cells = [
                None if value is None else to(value) for to, value in zip(to_text, row, strict=True)
            ]
            yield encode(write(cells) + "\n")

    def _binary(self) -> Iterator[bytes]:
        head = _HEADER
        write = [
            in_encoding(column.codec, column.oid, self._encoding).to_binary
            for column in self._columns
        ]
        for row in self._rows:
            yield head + _binary_row(row, write)
            head = b""
        yield head + _TRAILER


def _binary_row(row: Row, write: Sequence[Callable[[Any], bytes]]) -> bytes:
    parts = [pack("!h", len(row))]
    for to_binary, value in zip(write, row, strict=True):
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            data = to_binary(value)
            parts += (pack("!i", len(data)), data)
    return b"".join(parts)
