"""Rows of tables one by one: written in the form that columns keep, read back in the form of parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.dml.assign import guarded
from dotdo_postgres.engine.dml.run import run_write
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.udf.running import run_step, unscaled
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.relations import Relation, RelationColumn
    from dotdo_postgres.engine.session import Session

Values = tuple[Any, ...]


@dataclass(slots=True)
class RowWriter:
    """The statements that write one row of a table.

    Args:
        relation: The table.
        updates: Those of UPDATE, by the places of the columns they set.
    """

    relation: Relation
    updates: dict[tuple[int, ...], Prepared] = field(default_factory=dict)
    inserts: dict[tuple[str, ...] | None, Prepared] = field(default_factory=dict)

    @property
    def written(self) -> list[int]:
        """Places of the columns that are written, not computed."""
        return [at for at, column in enumerate(self.relation.columns) if column.generated is None]

    def insert(
        self, session: Session, values: Values, skipping: tuple[str, ...] | None = None
    ) -> Any:
        """Insert a row; return its row id, None when ON CONFLICT left it out.

        Args:
            session: Whose.
            values: Of all columns, in the form of parameters.
            skipping: Columns of the constraint whose conflict leaves it out, empty for any; None: none does.
        """
        noun = self.relation.noun
        prepared = self.inserts.get(skipping)
        if prepared is None:
            prepared = self.inserts[skipping] = self._insert_plan(skipping)
        params = [stored(self.relation.columns[at], values[at]) for at in self.written]
        if noun.has_hidden_rowid:
            params.append(session.kernel.allocate(noun))
        prepared.detail["rows"] = [tuple(params[: len(self.written)])]
        rows = run_step(session, prepared, params).rows
        return rows[0][0] if rows else None

    def _insert_plan(self, skipping: tuple[str, ...] | None) -> Prepared:
        noun, columns = self.relation.noun, [self.relation.columns[at] for at in self.written]
        compiler = make_compiler(len(columns) + 1)
        names = [column.physical for column in columns]
        cells = [
            guarded(compiler, _place(column, at + 1), column, noun)
            for at, column in enumerate(columns)
        ]
        if noun.has_hidden_rowid:
            names.append(noun.rowid)
            cells.append(n.parameter(len(names)))
        schema = exp.Schema(this=n.table(noun.table), expressions=[n.name(name) for name in names])
        node: Any = exp.Insert(
            this=schema, expression=exp.Values(expressions=[exp.Tuple(expressions=cells)])
        )
        if skipping is not None:
            keys = [n.name(name) for name in skipping] or None
            node.set(
                "conflict", exp.OnConflict(conflict_keys=keys, action=exp.Var(this="DO NOTHING"))
            )
        node.set("returning", exp.Returning(expressions=[n.bare_column(noun.rowid)]))
        return self._plan(compiler, node, "INSERT", columns)

    def update(
        self, session: Session, row_id: Any, before: Values, after: Values, assigned: Sequence[int]
    ) -> Any:
        """Change a row; return its row id."""
        places = tuple(
            at
            for at in self.written
            if at in assigned or before[at] != after[at] or type(before[at]) is not type(after[at])
        )
        if not places:
            return row_id
        prepared = self.updates.get(places)
        if prepared is None:
            prepared = self.updates[places] = self._update_plan(places)
        params = [stored(self.relation.columns[at], after[at]) for at in places]
        every = tuple(
            stored(column, value)
            for column, value in zip(self.relation.columns, after, strict=True)
        )
        prepared.detail["rows"], prepared.detail["columns"] = [every], list(self.relation.columns)
        rows = run_step(session, prepared, [*params, row_id]).rows
        return rows[0][0] if rows else row_id

    def _update_plan(self, places: tuple[int, ...]) -> Prepared:
        noun, columns = self.relation.noun, [self.relation.columns[at] for at in places]
        compiler = make_compiler(len(columns) + 1)
        settings = [
            exp.EQ(
                this=n.bare_column(column.physical),
                expression=guarded(compiler, _place(column, at + 1), column, noun),
            )
            for at, column in enumerate(columns)
        ]
        node: Any = exp.Update(this=n.table(noun.table), expressions=settings)
        node.set(
            "where",
            exp.Where(this=n.binary("=", n.bare_column(noun.rowid), n.parameter(len(columns) + 1))),
        )
        node.set("returning", exp.Returning(expressions=[n.bare_column(noun.rowid)]))
        return self._plan(compiler, node, "UPDATE", columns)

    def delete(self, session: Session, row_id: Any, before: Values) -> bool:
        """Delete a row; tell whether it was still there."""
        del before
        noun = self.relation.noun
        node: Any = exp.Delete(this=n.table(noun.table))
        node.set("where", exp.Where(this=n.binary("=", n.bare_column(noun.rowid), n.parameter(1))))
        prepared = self.updates.get((-1,))
        if prepared is None:
            prepared = self.updates[-1,] = self._plan(make_compiler(1), node, "DELETE", [])
            prepared.columns = None
        return bool(run_step(session, prepared, [row_id]).row_count)

    def _plan(self, compiler: Any, node: Any, tag: str, columns: list[RelationColumn]) -> Prepared:
        prepared = Prepared((), (), tag, run_write)
        prepared.sql = n.to_text(node)
        prepared.parameters = n.highest_parameter(prepared.sql)
        prepared.python_calls = tuple(compiler.python_calls.values())
        prepared.detail = {
            "relation": self.relation,
            "tag": tag,
            "probe": None,
            "rows": [],
            "columns": columns,
        }
        return prepared

    def read(self, session: Session, row_id: Any) -> Values | None:
        """Return a row in the form of parameters, None when it is gone."""
        noun, columns = self.relation.noun, self.relation.columns
        listed = [_read(column) for column in columns]
        node: Any = exp.Select(expressions=listed)
        node.set("from_", exp.From(this=n.table(noun.table)))
        node.set("where", exp.Where(this=n.binary("=", n.bare_column(noun.rowid), n.parameter(1))))
        text = self.inserts.get(("read",))
        if text is None:
            text = self.inserts["read",] = Prepared(None, (), "SELECT", run_write, n.to_text(node))
        rows = session.kernel.read(text.sql, [row_id])
        return plain(self.relation, rows[0]) if rows else None


def _place(column: RelationColumn, at: int) -> n.Node:
    place = n.parameter(at)
    return n.call("jsonb", place) if column.type == t.JSONB else place


def _read(column: RelationColumn) -> n.Node:
    node = n.bare_column(column.physical)
    return n.call("json", node) if column.type == t.JSONB else node


def plain(relation: Relation, row: Sequence[Any]) -> Values:
    """Return a row of a table with its numerics in the form of parameters."""
    return tuple(
        unscaled(value, column.scale) if column.scale is not None else value
        for column, value in zip(relation.columns, row, strict=False)
    )


def stored(column: RelationColumn, value: Any) -> Any:
    """Return a value in the form that its column keeps."""
    if value is None or column.type != t.NUMERIC or column.scale is None:
        return value
    precision, scale = t.numeric_limits(column.typmod)
    number = numeric.fit(numeric.decode(value), precision, scale)
    if number.is_nan():
        raise error("0A000", "NaN in a numeric with a scale is not supported")
    return int(number.scaleb(scale, numeric.CONTEXT))
