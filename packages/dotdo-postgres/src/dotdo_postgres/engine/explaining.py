"""EXPLAIN: what SQLite will do for a statement, one line for each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.query import OutputColumn
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]
_FLAGS = frozenset(
    {"analyze", "verbose", "costs", "settings", "buffers", "wal", "timing", "summary"}
)
_NEEDS_ANALYZE = {"wal": "WAL", "timing": "TIMING"}


def plan_explain(planner: Planner, node: Node) -> Prepared:
    """Plan EXPLAIN; the statement is planned, and with ANALYZE it runs.

    Raises:
        PostgresError: an option is unknown (42601) or not valid (22023), and whatever is wrong with the statement.
    """
    options = _options(node.get("options", []))
    form = options.get("format", "text")
    if form not in {"text", "json"}:
        raise not_supported(f"EXPLAIN (FORMAT {form.upper()})")
    inner = planner.session.plan_inside(node["query"], planner.sql)
    kind = t.JSON if form == "json" else t.TEXT
    columns = planner.result_columns([OutputColumn("QUERY PLAN", kind)], [Sql(n.null())])
    prepared = Prepared(columns, inner.param_types, "EXPLAIN", _explain, catalog=planner.catalog)
    prepared.detail = inner, bool(options.get("analyze")), form
    prepared.is_kept = False
    return prepared


def _options(nodes: list[Node]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in nodes:
        element = item["DefElem"]
        name = element["defname"]
        value = _value(element.get("arg"))
        if name == "format":
            if value not in {"text", "xml", "json", "yaml"}:
                message = f'unrecognized value for EXPLAIN option "format": "{value}"'
                raise error("22023", message, position=element.get("location"))
            found[name] = value
        elif name in _FLAGS:
            found[name] = value in {"true", "on", "1"}
        else:
            message = f'unrecognized EXPLAIN option "{name}"'
            raise error("42601", message, position=element.get("location"))
    for name, word in _NEEDS_ANALYZE.items():
        if found.get(name) and not found.get("analyze"):
            raise error("22023", f"EXPLAIN option {word} requires ANALYZE")
    return found


def _value(arg: Node | None) -> str:
    if arg is None:
        return "true"
    (body,) = arg.values()
    return str(next(iter(body.values()), 0)).lower()


def _explain(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    inner, is_run, form = prepared.detail
    lines = _steps(session, inner, params)
    if is_run:
        result = session.run_part(inner, params, wait)
        count = result.row_count or 0
        lines.append(f"Actual Rows: {count}")
    if form == "json":
        plan = [{"Plan": {"Node Type": inner.tag_kind, "Steps": lines}}]
        rows: list[Any] = [(orjson.dumps(plan).decode(),)]
    else:
        rows = [(line,) for line in lines]
    return Result(prepared.columns, rows, "EXPLAIN", len(rows))


def _steps(session: Session, inner: Prepared, params: Sequence[StorageValue]) -> list[str]:
    """Ask SQLite; a statement of several steps only says what it is."""
    head = inner.tag_kind.capitalize()
    if not inner.sql:
        return [head]
    if inner.python_calls:
        session.register(inner.python_calls)
    given = [*params, *[None] * inner.parameters][: inner.parameters]
    found = session.kernel.read(f"explain query plan {inner.sql}", given)
    depth: dict[int, int] = {0: 0}
    lines = [head]
    for number, parent, _, detail in found:
        depth[int(str(number))] = level = depth.get(int(str(parent)), 0) + 1
        lines.append(f"{'  ' * level}->  {detail}")
    return lines
