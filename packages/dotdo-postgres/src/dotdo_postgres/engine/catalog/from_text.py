"""FROM as PostgreSQL writes it back: tables, subqueries, functions, joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.naming import quote_ident, split_definition, split_name
from dotdo_postgres.engine.query import Entry, Join, Values
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.catalog.query_text import QueryText
    from dotdo_postgres.engine.query import FromItem, OutputColumn, Select

_JOINS = {"inner": " JOIN ", "cross": " CROSS JOIN ", "left": " LEFT JOIN ", "right": " RIGHT JOIN ", "full": " FULL JOIN "}  # fmt: skip
STEP, FIELD = 8, 4


class FromText:
    """Writes the FROM of a query.

    Args:
        writer: Writes the query.
        query: The query.
    """

    def __init__(self, writer: QueryText, query: Select) -> None:
        self.writer, self.query = writer, query
        for item in query.from_items:
            self._label(item)

    def _label(self, item: FromItem) -> None:
        if isinstance(item, Join):
            self._label(item.left)
            self._label(item.right)
        else:
            self.writer.label(item)

    def write(self) -> None:
        """Write it behind the select list."""
        writer = self.writer
        for at, item in enumerate(self.query.from_items):
            if at == 0:
                writer.clause(" FROM ", 2)
                self._item(item)
                continue
            writer.add(", ")
            kept, writer.buffer = writer.buffer, ""
            self._item(item)
            text, writer.buffer = writer.buffer, kept
            line = kept.rpartition("\n")[2]
            if len(line) + len(text) > writer.width:
                writer.keyword("", -STEP, STEP, FIELD)
            writer.buffer += text

    def _item(self, item: FromItem) -> None:
        if isinstance(item, Join):
            self._join(item)
        else:
            self._entry(item)

    def _join(self, join: Join) -> None:
        writer = self.writer
        if join.alias:
            raise not_supported("showing a join with an alias")
        if not writer.is_pretty:
            writer.add("(")
        self._item(join.left)
        writer.clause(_JOINS[join.kind], FIELD)
        needs = writer.is_pretty and isinstance(join.right, Join)
        if needs:
            writer.add("(")
        self._item(join.right)
        if needs:
            writer.add(")")
        if join.using:
            writer.add(f" USING ({', '.join(map(quote_ident, join.using))})")
        elif join.on is not None:
            text = writer.text(join.on)
            writer.add(f" ON {text}" if writer.is_pretty else f" ON ({text})")
        if not writer.is_pretty:
            writer.add(")")

    def _entry(self, entry: Entry) -> None:
        writer, label = self.writer, self.writer.label(entry)
        lateral = "LATERAL " if entry.is_lateral else ""
        if entry.cte is not None:
            writer.add(quote_ident(entry.cte.name))
            self._alias(entry, label if label != entry.cte.name else "", _names(entry.cte.columns))
        elif entry.view or entry.relation is not None:
            self._relation(entry, label)
        elif entry.query is not None:
            writer.add(f"{lateral}({writer.inner(entry.query)})")
            own = _names(entry.query.columns)
            if isinstance(entry.query, Values):
                own = []
            self._alias(entry, label, own)
        elif entry.calls:
            self._function(entry, label, lateral)
        else:
            raise not_supported("showing this item of FROM")

    def _relation(self, entry: Entry, label: str) -> None:
        names = self.writer.names
        noun = (
            entry.relation.noun if entry.relation is not None else names.catalog.by_id[entry.view]
        )
        is_view = noun.layout == "definition" and noun.id
        schema, name = split_definition(noun.name)[1:] if is_view else split_name(noun.name)
        if not noun.id and entry.relation is not None:
            schema, name = entry.relation.schema, entry.relation.name
        is_plain = schema == "pg_catalog" or names.is_visible((schema, name))
        only = ""
        if entry.relation is not None and noun.id and not entry.view:
            from dotdo_postgres.engine.objects.descent import has_children

            only = "ONLY " if has_children(names.catalog, noun) else ""
        shown = quote_ident(name) if is_plain else f"{quote_ident(schema)}.{quote_ident(name)}"
        self.writer.add(only + shown)
        columns = [column.name for column in noun.columns]
        if entry.relation is not None:
            columns = [column.name for column in entry.relation.columns]
        self._alias(entry, label if label != name else "", columns)

    def _alias(self, entry: Entry, label: str, own: list[str]) -> None:
        """Write what an entry and its columns are called, where they are not called so anyway."""
        columns = _names(entry.columns)[: len(entry.columns) - entry.hidden]
        is_renamed = columns != own[: len(columns)]
        if label or is_renamed:
            self.writer.add(f" {quote_ident(label or self.writer.label(entry))}")
        if is_renamed:
            self.writer.add(f"({', '.join(map(quote_ident, columns))})")

    def _function(self, entry: Entry, label: str, lateral: str) -> None:
        if len(entry.calls) != 1 or not isinstance(entry.calls[0], (ir.SeriesCall, ir.Call)):
            raise not_supported("showing these functions in FROM")
        call = entry.calls[0]
        args = ", ".join(self.writer.text(arg) for arg in call.args)
        schema = f"{quote_ident(call.routine.schema)}." if call.routine.schema else ""
        self.writer.add(f"{lateral}{schema}{quote_ident(call.routine.name)}({args})")
        if entry.with_ordinality:
            self.writer.add(" WITH ORDINALITY")
        self._alias(entry, label, [])


def _names(columns: list[OutputColumn]) -> list[str]:
    return [column.name for column in columns]
