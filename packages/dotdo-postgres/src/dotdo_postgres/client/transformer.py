"""psycopg's transformer over our results: values in text format are loaded natively, column by column where a loader is customised."""

from collections.abc import Sequence
from typing import Any

from psycopg.pq import Format
from psycopg.rows import Row, RowMaker

from dotdo_postgres.client import rows, seam
from dotdo_postgres.client.adapters import AdaptersMap
from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.mapping.encodings import UTF8


class Transformer(seam.PyTransformer):
    """psycopg's transformer in Python; it takes the native way when the result and its format allow."""

    __module__ = "psycopg.adapt"
    __slots__ = ("_native",)

    def __init__(self, context: Any = None) -> None:
        super().__init__(context)
        self._native: Sequence[tuple[Any, ...]] | None = None

    def set_pgresult(
        self, result: Any, *, set_loaders: bool = True, format: Format | None = None
    ) -> None:
        """Take a result to load rows from."""
        super().set_pgresult(result, set_loaders=set_loaders, format=format)
        self._native = None
        is_text = format is None or format == Format.TEXT
        if not (set_loaders and is_text and isinstance(result, PGresult)):
            return
        if not result.format and result.encoding is UTF8:
            self._native = self._loaded(result)

    def _loaded(self, result: PGresult) -> Sequence[tuple[Any, ...]] | None:
        adapters = self.adapters
        if not isinstance(adapters, AdaptersMap):
            return None
        by_column = rows.loaders(
            result.columns, adapters, lambda oid: self.get_loader(oid, Format.TEXT).load
        )
        try:
            return rows.load(result.rows, by_column)  # type: ignore[arg-type]  # rows are tuples
        except (OverflowError, ValueError):
            return None  # not a Python value: the stock loader says so in its own words

    def load_rows(self, row0: int, row1: int, make_row: RowMaker[Row]) -> list[Row]:
        """Return the rows from `row0` up to `row1`."""
        native = self._native
        if native is None or not 0 <= row0 <= row1 <= len(native):
            return super().load_rows(row0, row1, make_row)
        if make_row is tuple:
            return list(native[row0:row1])  # type: ignore[arg-type]  # the row maker's own type
        return [make_row(row) for row in native[row0:row1]]

    def load_row(self, row: int, make_row: RowMaker[Row]) -> Row:
        """Return one row."""
        native = self._native
        if native is None or not 0 <= row < len(native):
            return super().load_row(row, make_row)
        return make_row(native[row])
