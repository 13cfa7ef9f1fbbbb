"""Bound queries as PostgreSQL writes them back, line by line: what pg_get_viewdef shows. Forms it does not know are refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.names import ANONYMOUS
from dotdo_postgres.engine.catalog.deparse import BREAK, Deparser
from dotdo_postgres.engine.catalog.from_text import FromText
from dotdo_postgres.engine.catalog.query_expressions import QUERY_WRITERS
from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.engine.query import Query, Select, SetOperation, SortKey, Target, Values
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.query import Entry

STEP, FIELD = 8, 4
_LOCKS = {"update": "UPDATE", "no key update": "NO KEY UPDATE", "share": "SHARE", "key share": "KEY SHARE"}  # fmt: skip


class QueryText(Deparser):
    """Writes a query and those inside it.

    Args:
        names: How names resolve.
        is_pretty: Leave out parentheses that are not needed.
        width: Fields and tables go on one line up to that many letters.
        indent: How far lines are moved to the right.
        outer: What the queries around it call their entries.
        bare: Entries whose columns are not qualified.
    """

    writers: ClassVar = {**Deparser.writers, **QUERY_WRITERS}

    def __init__(
        self,
        names: Names,
        *,
        is_pretty: bool = False,
        width: int = 0,
        indent: int = 0,
        outer: dict[int, str] | None = None,
        bare: frozenset[int] = frozenset(),
    ) -> None:
        super().__init__(is_pretty=is_pretty, qualify=self._qualified)
        self.names, self.width, self.indent = names, width, indent
        self.labels: dict[int, str] = dict(outer or {})
        self.bare = bare
        self.buffer = ""

    def _qualified(self, expr: ir.Column) -> str:
        name = quote_ident(expr.entry.columns[expr.index].name)
        if id(expr.entry) in self.bare:
            return name
        label = self.labels.get(id(expr.entry), expr.entry.name)
        return f"{quote_ident(label)}.{name}" if label else name

    def label(self, entry: Entry) -> str:
        """Return what an entry is called: no two that see each other are called the same."""
        if id(entry) not in self.labels:
            taken, name, number = set(self.labels.values()), entry.name, 0
            while name in taken:
                number += 1
                name = f"{entry.name}_{number}"
            self.labels[id(entry)] = name
        return self.labels[id(entry)]

    # --- lines -------------------------------------------------------------------------------

    def add(self, text: str) -> None:
        """Go on in the line."""
        if text.startswith(BREAK):
            self.buffer = self.buffer.rstrip(" ")
        self.buffer += text

    def keyword(self, text: str, before: int, after: int, plus: int) -> None:
        """Begin a line: `before` and `after` move this one and those that follow, `plus` only this one."""
        self.indent += before
        self.buffer = self.buffer.rstrip(" ") + "\n" + " " * (max(self.indent, 0) + plus) + text
        self.indent = max(self.indent + after, 0)

    def clause(self, text: str, plus: int = 0) -> None:
        """Begin a clause of a SELECT."""
        self.keyword(text, -STEP, STEP, plus)

    def inner(self, query: Query, *, is_named: bool = True) -> str:
        """Return the text of a query inside this one."""
        made = QueryText(self.names, is_pretty=self.is_pretty, width=self.width, indent=self.indent, outer=self.labels)  # fmt: skip
        return made.query(query, None, is_named=is_named)

    # --- queries -----------------------------------------------------------------------------

    def query(self, query: Query, columns: Sequence[str] | None, *, is_named: bool = True) -> str:
        """Return the text of a query.

        Args:
            query: The query.
            columns: What its columns are called, None for their own names.
            is_named: Every column's name is shown.
        """
        sources = FromText(self, query) if isinstance(query, Select) else None
        self._with(query)
        if isinstance(query, SetOperation):
            self._operation(query, columns, is_named=is_named)
        elif isinstance(query, Select) and sources is not None:
            self._select(query, sources, columns, is_named=is_named)
        elif isinstance(query, Values):
            self.indent += STEP
            self.add(f" {self.values(query)}")
        else:
            raise not_supported("showing this query")
        self._ends(query)
        return self.buffer

    def _with(self, query: Query) -> None:
        if not query.ctes:
            return
        self.indent += STEP
        self.add(" ")
        word = "WITH RECURSIVE " if any(cte.is_recursive for cte in query.ctes) else "WITH "
        for cte in query.ctes:
            if cte.query is None:
                raise not_supported("showing this WITH query")
            own = _first_names(cte.query)
            listed = [column.name for column in cte.columns]
            shown = f"({', '.join(map(quote_ident, listed))})" if listed != own else ""
            how = {True: "MATERIALIZED ", False: "NOT MATERIALIZED ", None: ""}[cte.is_materialized]
            self.add(f"{word}{quote_ident(cte.name)}{shown} AS {how}(")
            self.keyword("", 0, 0, 0)
            self.add(self.inner(cte.query))
            self.keyword("", 0, 0, 0)
            self.add(")")
            word = ", "
        self.indent -= STEP
        self.keyword("", 0, 0, 0)

    def _select(
        self, query: Select, sources: FromText, columns: Sequence[str] | None, *, is_named: bool
    ) -> None:
        self.indent += STEP
        self.add(" SELECT")
        if query.distinct_on is not None:
            listed = ", ".join(self.term(expr) for expr in query.distinct_on)
            self.add(f" DISTINCT ON ({listed})")
        elif query.is_distinct:
            self.add(" DISTINCT")
        self._targets(query.targets, columns, is_named=is_named)
        sources.write()
        if query.where is not None:
            self.clause(" WHERE ", 1)
            self.add(self.text(query.where))
        if query.group:
            self.clause(" GROUP BY ", 1)
            self.add(self._groups(query))
        if query.having is not None:
            self.clause(" HAVING ")
            self.add(self.text(query.having))

    def _groups(self, query: Select) -> str:
        terms = [self.term(expr) for expr in query.group]
        if query.grouping_sets is None:
            return ", ".join(terms)
        sets = [f"({', '.join(terms[at] for at in places)})" for places in query.grouping_sets]
        return f"GROUPING SETS ({', '.join(sets)})"

    def _targets(
        self, targets: list[Target], columns: Sequence[str] | None, *, is_named: bool
    ) -> None:
        separator, was_long = " ", False
        for at, target in enumerate(targets):
            text = self._target(target, None if columns is None else columns[at], is_named=is_named)
            self.buffer += separator
            separator = ", "
            if text.startswith(BREAK):
                self.buffer = self.buffer.rstrip(" ")
            else:
                line = self.buffer.rpartition("\n")[2]
                if at and (len(line) + len(text) > self.width or was_long):
                    self.keyword("", -STEP, STEP, FIELD)
            was_long = "\n" in text.removeprefix(BREAK)
            self.buffer += text

    def _target(self, target: Target, given: str | None, *, is_named: bool) -> str:
        text = self.text(target.expr)
        name = target.column.name if given is None else given
        own = None if is_named else ANONYMOUS
        if isinstance(target.expr, ir.Column):
            own = target.expr.entry.columns[target.expr.index].name
        return text if own == name else f"{text} AS {quote_ident(name)}"

    def values(self, query: Values) -> str:
        """Return VALUES with its rows."""
        rows = [f"({','.join(self.text(cell) for cell in row)})" for row in query.rows]
        return f"VALUES {', '.join(rows)}"

    def _operation(
        self, query: SetOperation, columns: Sequence[str] | None, *, is_named: bool
    ) -> None:
        left, right = query.left, query.right
        assert left is not None
        assert right is not None
        is_nested = isinstance(left, SetOperation) and _is_bare(left)
        is_same = isinstance(left, SetOperation) and (left.kind, left.is_all) == (query.kind, query.is_all)  # fmt: skip
        needs = is_nested and not is_same
        if needs:
            self.add("(")
            self.keyword("", STEP, 0, 0)
        self._side(left, columns, is_named=is_named)
        self.keyword(") " if needs else "", -STEP if needs else 0, 0, 0)
        self.add(f"{query.kind.upper()} {'ALL ' if query.is_all else ''}")
        is_deep = isinstance(right, SetOperation) and _is_bare(right)
        if is_deep:
            self.add("(")
        self.keyword("", STEP if is_deep else 0, 0, 0)
        self._side(right, columns, is_named=False)
        if is_deep:
            self.indent -= STEP
            self.keyword(")", 0, 0, 0)

    def _side(self, query: Query, columns: Sequence[str] | None, *, is_named: bool) -> None:
        if isinstance(query, SetOperation) and _is_bare(query):
            self._operation(query, columns, is_named=is_named)
            return
        made = QueryText(self.names, is_pretty=self.is_pretty, width=self.width, indent=self.indent, outer=self.labels)  # fmt: skip
        text = made.query(query, columns, is_named=is_named)
        self.add(text if _is_bare(query) else f"({text})")

    def _ends(self, query: Query) -> None:
        order = [self.sort_term(key) for key in query.order]
        if isinstance(query, (SetOperation, Values)):
            order = [f"{at}{_direction(*how)}" for at, *how in query.order_positions]
        if order:
            self.clause(" ORDER BY ", 1)
            self.add(", ".join(order))
        if query.offset is not None:
            self.clause(" OFFSET ")
            self.add(self.text(_counted(query.offset)))
        if query.limit is not None:
            self.clause(" FETCH FIRST " if query.with_ties else " LIMIT ")
            limit = self.text(_counted(query.limit))
            self.add(f"{limit} ROWS WITH TIES" if query.with_ties else limit)
        for lock in getattr(query, "locking", ()):
            self.clause(f" FOR {_LOCKS[lock.mode]}")
            if lock.entries:
                self.add(f" OF {', '.join(quote_ident(self.label(one)) for one in lock.entries)}")
            self.add({False: " NOWAIT", "skip": " SKIP LOCKED"}.get(lock.wait, ""))

    def sort_term(self, key: SortKey) -> str:
        """Return a term of ORDER BY."""
        return self.term(key.expr) + _direction(key.is_descending, key.nulls_first)

    def term(self, expr: ir.Expr) -> str:
        """Return a term of GROUP BY or ORDER BY, which an expression is in parentheses."""
        text = self.text(expr)
        if isinstance(expr, (ir.Column, ir.Const)):
            return text
        is_call = isinstance(expr, ir.Aggregate) or (
            isinstance(expr, ir.Call) and expr.routine.kind in {"function", "cast"}
        )
        return f"({text})" if self.is_pretty or is_call else text


def _counted(expr: ir.Expr) -> ir.Expr:
    """Return LIMIT or OFFSET without the cast that PostgreSQL puts around a number."""
    is_cast = isinstance(expr, ir.Call) and expr.routine.kind == "cast"
    return expr.args[0] if is_cast else expr  # type: ignore[attr-defined]  # a call


def _first_names(query: Query) -> list[str]:
    """Return the names that the first term of a query gives its columns."""
    while isinstance(query, SetOperation) and query.left is not None:
        query = query.left
    if isinstance(query, Select):
        return [target.column.name for target in query.targets]
    return [column.name for column in query.columns]


def _direction(is_descending: bool, nulls_first: bool) -> str:
    if is_descending:
        return " DESC" + ("" if nulls_first else " NULLS LAST")
    return " NULLS FIRST" if nulls_first else ""


def _is_bare(query: Query) -> bool:
    positions = getattr(query, "order_positions", ())
    return not (query.ctes or query.order or positions or query.limit or query.offset)


def expression_shown(
    names: Names, expr: ir.Expr, entries: list[Entry], *, is_pretty: bool = False
) -> str:
    """Return the text of an expression over a table's columns that may hold subqueries."""
    bare = frozenset(id(entry) for entry in entries)
    outer = {id(entry): entry.name for entry in entries}
    return QueryText(names, is_pretty=is_pretty, outer=outer, bare=bare).shown(expr)


def query_shown(
    names: Names, query: Query, columns: Sequence[str], *, is_pretty: bool, width: int
) -> str:
    """Return the text of a view's query."""
    made = QueryText(names, is_pretty=is_pretty, width=width).query(query, columns)
    return re.sub(f" *{BREAK}", "\n", made)
