"""Cursors in SQL: DECLARE, FETCH, MOVE and CLOSE; a cursor's rows are those there were when it was declared."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.planner import plan_select
from dotdo_postgres.engine.portals import Portal
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo_postgres.engine.plan import Row
    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

_BINARY, _SCROLL, _NO_SCROLL, _INSENSITIVE, _ASENSITIVE, _HOLD = (1 << bit for bit in range(6))


@dataclass(frozen=True, slots=True)
class _Declaration:
    name: str
    options: int
    query: Prepared
    sql: str
    locks: bool


def plan_declare(planner: Planner, node: Node) -> Prepared:
    """Plan DECLARE CURSOR.

    Raises:
        PostgresError: options that exclude each other (42P11), no query (42601), locks and WITH HOLD (0A000).
    """
    options = node.get("options", 0)
    if options & _SCROLL and options & _NO_SCROLL:
        raise error("42P11", "cannot specify both SCROLL and NO SCROLL")
    if options & _INSENSITIVE and options & _ASENSITIVE:
        raise error("42P11", "cannot specify both INSENSITIVE and ASENSITIVE")
    select = node["query"]["SelectStmt"]
    locks = "lockingClause" in select
    for bit, words in ((_HOLD, "WITH HOLD"), (_SCROLL, "SCROLL"), (_INSENSITIVE, "INSENSITIVE")):
        if locks and options & bit:
            told = "holdable" if bit == _HOLD else words.lower()
            raise error(
                "0A000" if bit != _INSENSITIVE else "42P11",
                f"DECLARE {words if bit == _SCROLL else 'CURSOR'} "
                f"{'CURSOR' if bit == _SCROLL else words} ... FOR UPDATE is not supported",
                detail=f"{told.capitalize()} cursors must be READ ONLY.",
            )
    wanted = _Declaration(
        node["portalname"], options, plan_select(planner, select), planner.sql, locks
    )
    return _declaring(wanted)


def _declaring(wanted: _Declaration) -> Prepared:
    query = wanted.query
    prepared = Prepared(None, query.param_types, "DECLARE CURSOR", _declare)
    prepared.is_read = query.is_read
    prepared.codecs = query.codecs
    prepared.python_calls = query.python_calls
    prepared.detail = wanted
    if (rebuild := query.rebuild) is not None:
        prepared.rebuild = lambda: _declaring(replace(wanted, query=rebuild()))
    return prepared


def _declare(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    wanted: _Declaration = prepared.detail
    is_hold = bool(wanted.options & _HOLD)
    if session.is_idle and not is_hold:
        raise error("25P01", "DECLARE CURSOR can only be used in transaction blocks")
    if wanted.name in session.portals.named and wanted.name:
        raise error("42P03", f'cursor "{wanted.name}" already exists')
    query = wanted.query
    result = query.execute(session, query, params, wait)
    session.portals.add(
        Portal(
            wanted.name,
            result=result,
            is_scroll=not wanted.options & _NO_SCROLL and not wanted.locks,
            is_hold=is_hold,
            is_binary=bool(wanted.options & _BINARY),
            is_kept=is_hold and session.is_idle,
            is_cursor=True,
            depth=session.settings.depth,
            sql=wanted.sql,
            made_us=session.facts.statement_us,
        )
    )
    return Result(None, [], "DECLARE CURSOR")


# --- FETCH and MOVE --------------------------------------------------------------------------


def plan_fetch(planner: Planner, node: Node) -> Prepared:
    """Plan FETCH or MOVE of a portal that is open now; the plan is for once.

    Raises:
        PostgresError: there is no such portal (34000).
    """
    name = node["portalname"]
    is_move = bool(node.get("ismove"))
    portal = planner.session.portals.named.get(name)
    columns = None if is_move or portal is None else portal.columns
    prepared = Prepared(columns, (), "MOVE" if is_move else "FETCH", _fetch, is_kept=False)
    prepared.is_read = True
    prepared.detail = name, node["direction"], int(node.get("howMany", 0)), is_move
    return prepared


def _fetch(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    name, direction, count, is_move = prepared.detail
    portal = session.portals.get(name)
    if portal.result is None and portal.prepared is not None:
        plan, values = portal.prepared.lifted or (portal.prepared, portal.params)
        portal.result = session.run_part(plan, values, wait)
    result = portal.result
    if result is None or result.columns is None:
        raise error("55000", f'portal "{name}" cannot be run')
    if not portal.is_cursor:  # of the protocol: its position is not on a row
        portal.is_scroll = False
    rows = Walk(portal, result.rows).go(direction, count)
    if is_move:
        return Result(None, [], f"MOVE {len(rows)}", len(rows))
    return Result(result.columns, rows, f"FETCH {len(rows)}", len(rows), is_binary=portal.is_binary)


class Walk:
    """One FETCH over the rows of a portal; position 0 is before the first row, n on row n."""

    def __init__(self, portal: Portal, rows: list[Row]) -> None:
        self._portal = portal
        self._rows = rows

    def go(self, direction: str, count: int) -> list[Row]:
        """Return the rows on the way.

        Raises:
            PostgresError: it leads backward, and the portal does not (55000).
        """
        ways: dict[str, Callable[[int], list[Row]]] = {
            "FETCH_FORWARD": self._forward,
            "FETCH_BACKWARD": lambda n: self._forward(-n),
            "FETCH_ABSOLUTE": self._absolute,
            "FETCH_RELATIVE": lambda n: self._to(self._portal.position + n, self._portal.position),
        }
        return ways[direction](count)

    def _forward(self, count: int) -> list[Row]:
        if count < 0:
            return self._backward(-count)
        portal, rows = self._portal, self._rows
        if not count:
            return self._to(portal.position, portal.position)
        start = min(portal.position, len(rows))
        found = rows[start : start + count]
        portal.position = start + count if start + count <= len(rows) else len(rows) + 1
        return found

    def _backward(self, count: int) -> list[Row]:
        portal, rows = self._portal, self._rows
        self._require_scroll()
        last = min(portal.position, len(rows) + 1) - 1
        found = rows[max(last - count, 0) : max(last, 0)][::-1]
        portal.position = max(last - count + 1, 0) if last - count >= 0 else 0
        return found

    def _absolute(self, count: int) -> list[Row]:
        target = count if count >= 0 else len(self._rows) + 1 + count
        return self._to(max(target, 0), self._portal.position)

    def _to(self, target: int, start: int) -> list[Row]:
        size = len(self._rows)
        target = min(max(target, 0), size + 1)
        if target < start or (target == start and 0 < target <= size):
            self._require_scroll()
        self._portal.position = target
        return [self._rows[target - 1]] if 0 < target <= size else []

    def _require_scroll(self) -> None:
        if not self._portal.is_scroll:
            raise _forward_only()


def _forward_only() -> PostgresError:
    return error(
        "55000",
        "cursor can only scan forward",
        hint="Declare it with SCROLL option to enable backward scan.",
    )


# --- CLOSE -----------------------------------------------------------------------------------


def plan_close(planner: Planner, node: Node) -> Prepared:
    """Plan CLOSE."""
    name = node.get("portalname")
    tag = "CLOSE CURSOR ALL" if name is None else "CLOSE CURSOR"
    return Prepared(None, (), tag, _close, detail=name)


def _close(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if prepared.detail is None:
        session.portals.named.clear()
    else:
        session.portals.get(prepared.detail)
        session.portals.close(prepared.detail)
    return Result(None, [], prepared.tag_kind)
