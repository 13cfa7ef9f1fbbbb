"""Bulk INSERT: many rows of literals are read once and bound as parameters."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.coercion import read_literal
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from decimal import Decimal

    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.relations import Relation, RelationColumn
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]
Reader = Callable[[Node], Any]
MIN_ROWS = 8
_NOT_SIMPLE = object()


def plan_bulk(
    planner: Planner, binder: Binder, relation: Relation, columns: list[RelationColumn], node: Node
) -> Prepared | None:
    """Plan an INSERT of many rows of literals; None when it is not one."""
    source = node.get("selectStmt", {}).get("SelectStmt", {})
    rows = source.get("valuesLists", ())
    if (
        len(rows) < MIN_ROWS
        or "returningList" in node
        or "returningClause" in node
        or "onConflictClause" in node
        or "withClause" in node
    ):
        return None
    if set(source) - {"valuesLists", "limitOption", "op"} or any(
        column.default is not None or column.domain or column.generated
        for column in relation.columns
    ):
        return None
    width = len(rows[0]["List"]["items"])
    if (
        width > len(columns)
        or (width < len(columns) and "cols" in node)
        or any(c.identity == "a" for c in columns[:width])
    ):
        return None
    given = columns[:width]
    values = _read_rows(planner, rows, given)
    if values is None:
        return None
    noun = relation.noun
    if not noun.has_hidden_rowid:
        at = next((at for at, column in enumerate(given) if column.physical == noun.rowid), None)
        numbered = any(
            column.physical == noun.rowid and column.sequence for column in relation.columns
        )
        if any(row[at] is None for row in values) if at is not None else not numbered:
            return None
    serial = [column for column in relation.columns if column.sequence and column not in given]
    names = [column.physical for column in (*given, *serial)]
    if relation.noun.has_hidden_rowid:
        names.append("_id")
    cells: list[n.Node] = []
    for at, column in enumerate((*given, *serial)):
        place = n.parameter(at + 1)
        cells.append(n.call("jsonb", place) if column.type == t.JSONB else place)
    if relation.noun.has_hidden_rowid:
        cells.append(n.parameter(len(names)))
    table = exp.Schema(
        this=n.table(relation.noun.table), expressions=[n.name(name) for name in names]
    )
    insert = exp.Insert(
        this=table, expression=exp.Values(expressions=[exp.Tuple(expressions=cells)])
    )
    prepared = Prepared(
        None, (), "INSERT", run_bulk, sql=n.to_text(insert), catalog=planner.catalog
    )
    prepared.detail = {
        "relation": relation,
        "rows": values,
        "serial": serial,
        "columns": [*given, *serial],
        "probe": None,
    }
    return prepared


def _read_rows(
    planner: Planner, rows: Sequence[Node], given: list[RelationColumn]
) -> list[tuple[Any, ...]] | None:
    readers = [_reader(planner, column) for column in given]
    width = len(given)
    found = []
    for row in rows:
        cells = row["List"]["items"]
        if len(cells) != width:
            raise error(
                "42601", "VALUES lists must all be the same length", position=_place(cells[0])
            )
        values = []
        for read, cell in zip(readers, cells, strict=True):
            constant = cell.get("A_Const") or _national(cell)
            if constant is None:
                return None
            value = read(constant)
            if value is _NOT_SIMPLE:
                return None
            values.append(value)
        found.append(tuple(values))
    return found


def _national(cell: Node) -> Node | None:
    """Read `N'text'`, which the grammar gives as a cast to bpchar: trailing spaces do not count."""
    cast = cell.get("TypeCast", {})
    names = cast.get("typeName", {}).get("names", [])
    constant: Node = cast.get("arg", {}).get("A_Const", {})
    if "sval" not in constant or "typmods" in cast["typeName"] or cast.get("location", 0) != -1:
        return None
    if names[-1]["String"]["sval"] != "bpchar":
        return None
    text = constant["sval"].get("sval", "").rstrip(" ")
    return {**constant, "sval": {"sval": text}, "national": True}


def _place(node: Node) -> int:
    ((_, body),) = node.items()
    return int(body.get("location", 0))


def _reader(planner: Planner, column: RelationColumn) -> Reader:
    """Return what reads one literal for a column; errors carry the literal's place."""
    from_text = _text_reader(planner, column)
    is_whole = column.type in t.INTEGERS
    bits = {t.INT2: 15, t.INT4: 31, t.INT8: 63}.get(column.type, 0)
    low, high = -(1 << bits), (1 << bits) - 1

    def read(constant: Node) -> Any:
        if "isnull" in constant:
            return None
        try:
            if "national" in constant and column.type not in {t.VARCHAR, t.TEXT}:
                return _NOT_SIMPLE
            if "sval" in constant:
                return from_text(constant["sval"].get("sval", ""))
            if is_whole and "ival" in constant:
                value = constant["ival"].get("ival", 0)
                return value if low <= value <= high else _NOT_SIMPLE
            if column.type == t.NUMERIC and ("fval" in constant or "ival" in constant):
                text = (
                    constant["fval"]["fval"]
                    if "fval" in constant
                    else str(constant["ival"].get("ival", 0))
                )
                return from_text(text)
            if column.type == t.BOOL and "boolval" in constant:
                return int(constant["boolval"].get("boolval", False))
        except PostgresError as failure:
            if failure.sqlstate.startswith("22P") or failure.sqlstate in {"22007", "22008"}:
                failure.position = constant.get("location", 0)
            raise
        return _NOT_SIMPLE

    return read


def _text_reader(planner: Planner, column: RelationColumn) -> Callable[[str], Any]:
    typmod = column.typmod
    if column.type in {t.VARCHAR, t.TEXT}:
        limit = typmod - 4 if typmod >= 0 else None

        def read_text(text: str) -> Any:
            return text if limit is None or len(text) <= limit else _NOT_SIMPLE

        return read_text
    if column.type == t.NUMERIC:
        return _numeric_reader(column)
    if typmod >= 0:
        return lambda text: _NOT_SIMPLE  # noqa: ARG005 one step for each form of the grammar
    return lambda text: read_literal(text, column.type, planner.zone)


def _numeric_reader(column: RelationColumn) -> Callable[[str], Any]:
    if column.typmod < 0:
        return lambda text: numeric.encode(numeric.from_text(text))
    precision, scale = t.numeric_limits(column.typmod)

    def read(text: str) -> Any:
        number: Decimal = numeric.fit(numeric.from_text(text), precision, scale)
        if column.scale is None:
            return numeric.encode(number)
        if number.is_nan():
            return _NOT_SIMPLE
        return int(number.scaleb(scale, numeric.CONTEXT))

    return read


def run_bulk(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Insert the rows as one statement."""
    detail = prepared.detail
    relation: Relation = detail["relation"]
    rows: list[tuple[Any, ...]] = detail["rows"]
    for column in detail["serial"]:
        first = session.sequences.next(column.sequence, len(rows))
        rows = [(*row, first + at) for at, row in enumerate(rows)]
    if relation.noun.has_hidden_rowid:
        first = session.kernel.allocate(relation.noun, len(rows))
        rows = [(*row, first + at) for at, row in enumerate(rows)]
    session.kernel.write_many(prepared.sql, rows, planned_for=prepared.catalog, wait=wait)
    return Result(None, [], f"INSERT 0 {session.kernel.changes}", session.kernel.changes)
