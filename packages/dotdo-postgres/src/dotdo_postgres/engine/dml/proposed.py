"""ON CONFLICT under row-level security: rows are held against policies before SQLite looks for conflicts, and again on the update's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.bind.from_items import table_entry
from dotdo_postgres.engine.bind.policies import new_row_check, old_row_check
from dotdo_postgres.engine.bind.security import INSERT, UPDATE
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.dml.conflict import Conflict
    from dotdo_postgres.engine.query import Entry
    from dotdo_postgres.engine.relations import Relation


class Proposed:
    """What policies ask of the rows of an INSERT with ON CONFLICT.

    Args:
        binder: The statement's.
        relation: The table.
        is_reading: The statement reads rows of the table, too.
        conflict: What ON CONFLICT does.
    """

    def __init__(
        self, binder: Binder, relation: Relation, conflict: Conflict, *, is_reading: bool
    ) -> None:
        noun = relation.noun
        self.relation, self.conflict = relation, conflict
        self.entry: Entry = table_entry(relation, relation.name)
        self.insert = new_row_check(binder, noun, self.entry, INSERT, is_reading=is_reading)
        self.updated: Entry = table_entry(relation, relation.name)
        self.existing: ir.Expr | None = None
        self.update: ir.Expr | None = None
        if conflict.assignments is not None:
            self.existing = old_row_check(binder, noun, conflict.existing)
            self.update = new_row_check(binder, noun, self.updated, UPDATE, is_reading=is_reading)

    def source(self, compiler: Compiler, names: list[str], source: Any) -> Any:
        """Return the rows to insert, each held against the policies before it goes anywhere.

        Raises:
            PostgresError: the table has generated columns, whose values are not known yet (0A000).
        """
        if any(column.generated is not None for column in self.relation.columns):
            raise not_supported("ON CONFLICT under row-level security of a table with generated columns")  # fmt: skip
        assert self.insert is not None
        inner, alias = compiler.alias(), compiler.alias()
        cells = [f"column{at}" for at in range(1, len(names) + 1)]
        if isinstance(source, exp.Select):
            pairs = zip(source.expressions, cells, strict=True)
            source.set("expressions", [n.aliased(cell, name) for cell, name in pairs])
        missing = [c.physical for c in self.relation.columns if c.physical not in names]
        listed = [n.aliased(n.column(inner, cell), name) for cell, name in zip(cells, names, strict=True)]  # fmt: skip
        listed += [n.aliased(n.null(), name) for name in missing]
        rows: Any = exp.Select(expressions=listed)
        rows.set("from_", exp.From(this=n.subquery(source, inner)))
        rows.set("limit", exp.Limit(expression=n.integer(-1)))  # volatile values are drawn once
        table_columns(compiler, self.entry, alias)
        made: Any = exp.Select(expressions=[n.column(alias, name) for name in names])
        made.set("from_", exp.From(this=n.subquery(rows, alias)))
        made.set("where", exp.Where(this=compiler.node(self.insert)))
        return made

    def guard(self, compiler: Compiler, clause: Any) -> None:
        """Let DO UPDATE fail where policies hide the row in the way, or refuse what it becomes."""
        if self.existing is None or self.update is None:
            return
        noun = self.relation.noun
        table_columns(compiler, self.updated, noun.table)
        changed = {item.this.name: item.expression for item in clause.expressions}
        for at, column in enumerate(self.relation.columns):
            if column.physical in changed:
                cell: Any = exp.Paren(this=changed[column.physical].copy())
                is_json = column.type == t.JSONB
                form = compiler.columns[id(self.updated), at]
                form.node = n.call("json", cell) if is_json else cell
        checks = n.binary("and", compiler.node(self.existing), compiler.node(self.update))
        where = clause.args.get("where")
        if where is not None:
            case: Any = exp.Case(ifs=[exp.If(this=where.this, true=checks)], default=n.integer(0))
            checks = case
        clause.set("where", exp.Where(this=checks))


def is_reading(node: dict[str, Any]) -> bool:
    """Tell whether an INSERT reads rows of its table: it gives them back, or names the columns of a conflict."""
    returns = "returningClause" in node or "returningList" in node
    return returns or "infer" in node.get("onConflictClause", {})
