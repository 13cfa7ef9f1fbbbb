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
_INTEGERS = frozenset({t.INT2, t.INT4, t.INT8, t.OID})
_PLAIN_TEXT = frozenset({t.TEXT, t.VARCHAR, t.UNKNOWN, t.NAME, t.JSON})


class Shape(NamedTuple):
    """How rows of certain columns are told.

    Args:
        columns: the columns.
        description: RowDescription.
        encoders: what writes the values of each column.
    """

    columns: tuple[ResultColumn, ...]
    description: bytes
    encoders: tuple[Encode, ...]


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
    encoders = tuple(
        encoder(column, form, encoding) for column, form in zip(columns, each, strict=True)
    )
    return Shape(columns, description, encoders)


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


def encoder(column: ResultColumn, form: int, encoding: Encoding) -> Encode:
    """Return what writes a column's values."""
    codec = column.codec
    if form:
        if column.oid in _PLAIN_TEXT or column.oid == t.BPCHAR:
            return _text_encoder(encoding)
        return in_encoding(codec, column.oid, encoding).to_binary
    if column.oid in _INTEGERS:
        return b"%d".__mod__
    write = _text_encoder(encoding)
    if column.oid in _PLAIN_TEXT:
        return write
    to_text = codec.to_text
    return lambda value: write(to_text(value))


def _text_encoder(encoding: Encoding) -> Encode:
    return str.encode if encoding is UTF8 or encoding.codec == "utf-8" else encoding.encode
