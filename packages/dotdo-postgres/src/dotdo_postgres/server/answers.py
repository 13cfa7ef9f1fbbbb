"""Results as messages: how each column's values are written, in text or binary, in the client's encoding."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dotdo_postgres.engine.plan import ResultColumn
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.encodings import UTF8, Encoding
from dotdo_postgres.mapping.recoding import in_encoding
from dotdo_postgres.protocol import backend

Encode = Callable[[Any], bytes]
MAX_SHAPES = 512
MAX_CELLS = 1024  # of one column
MAX_INTEGERS = 32_768
_INTEGERS = frozenset({t.INT2, t.INT4, t.INT8, t.OID})
_REPEATING = frozenset({t.INT2, t.INT4, t.INT8, t.OID, t.NUMERIC, t.BOOL, t.DATE})
_PLAIN_TEXT = frozenset({t.TEXT, t.VARCHAR, t.UNKNOWN, t.NAME, t.JSON})


class Shape(NamedTuple):
    """How rows of certain columns are told.

    Args:
        columns: the columns.
        description: RowDescription.
        writers: what writes the values of each column.
    """

    columns: tuple[ResultColumn, ...]
    description: bytes
    writers: tuple[backend.ColumnWriter, ...]


class Shapes:
    """The shapes that one connection has met, kept as long as there are not too many."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[int, ...], str], Shape] = {}

    def of(
        self, columns: tuple[ResultColumn, ...], formats: tuple[int, ...], encoding: Encoding
    ) -> Shape:
        """Return the shape of columns in these formats.

        Raises:
            PostgresError: the formats do not fit the columns (08P01), or are unknown (22023).
        """
        key = (id(columns), formats, encoding.name)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MAX_SHAPES:
                self._known.clear()
            found = self._known[key] = make_shape(columns, formats, encoding)
        return found


def make_shape(
    columns: tuple[ResultColumn, ...], formats: tuple[int, ...], encoding: Encoding
) -> Shape:
    """Return how rows of these columns are told; see `Shapes.of`."""
    each = spread(formats, len(columns))
    description = backend.row_description(columns, each, encoding.codec)
    writers = tuple(
        column_writer(column, form, encoding) for column, form in zip(columns, each, strict=True)
    )
    return Shape(columns, description, writers)


def spread(formats: Sequence[int], count: int) -> Sequence[int]:
    """Return one format for each column."""
    for form in formats:
        if form not in {0, 1}:
            raise error("22023", f"unsupported format code: {form}")
    if not formats:
        return [0] * count
    if len(formats) == 1:
        return list(formats) * count
    if len(formats) != count:
        raise error(
            "08P01", f"bind message has {len(formats)} result formats but query has {count} columns"
        )
    return formats


def column_writer(column: ResultColumn, form: int, encoding: Encoding) -> backend.ColumnWriter:
    """Return what writes a column's values."""
    codec, oid = column.codec, column.oid
    if oid in _PLAIN_TEXT or (form and oid == t.BPCHAR):
        return _text_writer(encoding)
    if form:
        return _known_writer(in_encoding(codec, oid, encoding).to_binary, oid)
    if oid in _INTEGERS:
        return _writer(_INTEGER_CELLS.__getitem__)
    to_text, encode = codec.to_text, encoding.encode
    return _known_writer(lambda value: encode(to_text(value)), oid)


class _Cells(dict[Any, bytes]):
    """Cells of values that have been met: most columns repeat theirs."""

    def __init__(self, encode: Encode, most: int) -> None:
        super().__init__()
        self._encode = encode
        self._most = most

    def __missing__(self, value: Any) -> bytes:
        made = backend.cell(self._encode(value))
        if len(self) < self._most:
            self[value] = made
        return made


_INTEGER_CELLS = _Cells(b"%d".__mod__, MAX_INTEGERS)
"""Of all connections: text of whole numbers is the same for everyone."""


def _known_writer(encode: Encode, oid: int) -> backend.ColumnWriter:
    if oid in _REPEATING:
        return _writer(_Cells(encode, MAX_CELLS).__getitem__)
    return lambda values: backend.cells(values, encode)


def _writer(write: Encode) -> backend.ColumnWriter:
    null = backend.NULL

    def write_all(values: Sequence[Any]) -> list[bytes]:
        if None in values:
            return [null if value is None else write(value) for value in values]
        return list(map(write, values))

    return write_all


def _text_writer(encoding: Encoding) -> backend.ColumnWriter:
    is_utf8 = encoding is UTF8 or encoding.codec == "utf-8"
    encode: Encode = str.encode if is_utf8 else encoding.encode
    return lambda values: backend.cells(values, encode)
