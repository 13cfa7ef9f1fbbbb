"""Virtual tables: rows that are computed in Python when a statement names them; read-only, nothing of them is kept in the file."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import apsw

Cells = tuple[Any, ...]  # type: ignore[explicit-any]  # each table knows the types of its own columns
Rows = Sequence[Cells]
_EQUAL = apsw.SQLITE_INDEX_CONSTRAINT_EQ


class ComputedRows:
    """Rows, found by the values of a column where that is asked for; share one among sessions that see the same."""

    __slots__ = ("_indexes", "rows")

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._indexes: dict[int, dict[object, list[int]]] = {}

    def where(self, column: int, value: object) -> list[int]:
        """Return the places of the rows that have the value in the column."""
        index = self._indexes.get(column)
        if index is None:
            index = {}
            for place, row in enumerate(self.rows):
                index.setdefault(row[column], []).append(place)
            self._indexes[column] = index
        return index.get(value, []) if value is not None else []


Source = Callable[[], ComputedRows]


class VirtualTables:
    """The module behind one virtual table.

    Args:
        columns: Names of the columns.
        source: Gives the rows each time a statement scans the table.
    """

    def __init__(self, columns: Sequence[str], source: Source) -> None:
        self._table = _Table(source)
        listed = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
        self._schema = f"create table x({listed})"

    def Connect(self, *_: object) -> tuple[str, "_Table"]:  # noqa: N802 -- apsw's name
        """Return the declaration and the table."""
        return self._schema, self._table

    Create = Connect


class _Table:
    __slots__ = ("_source",)

    def __init__(self, source: Source) -> None:
        self._source = source

    def BestIndexObject(self, wanted: apsw.IndexInfo) -> bool:  # noqa: N802 -- apsw's name
        """Use one equality on a column where there is one."""
        wanted.estimatedCost, wanted.estimatedRows = 100_000.0, 10_000
        for at in range(wanted.nConstraint):
            column = wanted.get_aConstraint_iColumn(at)
            if (
                column >= 0
                and wanted.get_aConstraint_usable(at)
                and wanted.get_aConstraint_op(at) == _EQUAL
                and wanted.get_aConstraint_collation(at) == "BINARY"
            ):
                wanted.set_aConstraintUsage_argvIndex(at, 1)
                wanted.idxNum = column + 1
                wanted.estimatedCost, wanted.estimatedRows = 10.0, 5
                break
        return True

    def Open(self) -> "_Cursor":  # noqa: N802 -- apsw's name
        """Begin a scan."""
        return _Cursor(self._source())

    def Disconnect(self) -> None:  # noqa: N802 -- apsw's name
        """Nothing to give back."""

    Destroy = Disconnect


class _Cursor:
    __slots__ = ("_computed", "_places", "_row", "_rows")

    def __init__(self, computed: ComputedRows) -> None:
        self._computed = computed
        self._rows = computed.rows
        self._places: Iterator[int] = iter(())
        self._row = -1

    def Filter(self, number: int, _: object, arguments: Sequence[object]) -> None:  # noqa: N802 -- apsw's name
        places = (
            self._computed.where(number - 1, arguments[0]) if number else range(len(self._rows))
        )
        self._places = iter(places)
        self.Next()

    def Next(self) -> None:  # noqa: N802 -- apsw's name
        self._row = next(self._places, -1)

    def Eof(self) -> bool:  # noqa: N802 -- apsw's name
        return self._row < 0

    def Column(self, number: int) -> Any:  # type: ignore[explicit-any]  # noqa: N802 -- apsw's name
        return self._row if number < 0 else self._rows[self._row][number]

    def Rowid(self) -> int:  # noqa: N802 -- apsw's name
        return self._row

    def Close(self) -> None:  # noqa: N802 -- apsw's name
        pass


def register(
    connection: apsw.Connection, name: str, columns: Sequence[str], source: Source
) -> None:
    """Let statements of the connection read a virtual table under its name."""
    connection.create_module(
        name,
        cast("apsw.VTModule", VirtualTables(columns, source)),
        use_bestindex_object=True,
        eponymous=True,
        eponymous_only=True,
        read_only=True,
    )
