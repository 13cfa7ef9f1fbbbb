"""Scripts of definitions beside what PostgreSQL 15.18 answered to them: rows, names, types, tags, notices, errors with detail and hint."""

import json
from pathlib import Path
from typing import Any

import pytest

from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError

SCRIPTS = sorted((Path(__file__).parent / "definitions").glob("*.json"))
FIRST_USER_OID = 16384
OID = 26


def answer(session: Session, sql: str) -> dict[str, Any]:
    """Run a statement; return what the server would have sent."""
    session.notices.clear()
    try:
        (result,) = session.simple(sql)
    except PostgresError as failure:
        return {
            "sqlstate": failure.sqlstate,
            "message": failure.message,
            "detail": failure.detail,
            "hint": failure.hint,
            "position": failure.position,
        }
    columns = result.columns or ()
    rows = [
        [
            None if value is None else column.codec.to_text(value)
            for column, value in zip(columns, row, strict=True)
        ]
        for row in result.rows
    ]
    return {
        "tag": result.tag,
        "columns": [[column.name, column.oid, column.typmod] for column in columns],
        "rows": rows,
        "notices": [notice.message for notice in session.notices],
    }


def comparable(case: dict[str, Any]) -> dict[str, Any]:
    """Leave out what differs from server to server: OIDs of objects that users made, order that was not asked for."""
    if "rows" not in case:
        return case
    kinds = [column[1] for column in case["columns"]]
    columns = [
        [name, oid if oid < FIRST_USER_OID else "made", typmod]
        for name, oid, typmod in case["columns"]
    ]
    rows = [
        [
            "made" if kind == OID and value is not None and int(value) >= FIRST_USER_OID else value
            for kind, value in zip(kinds, row, strict=True)
        ]
        for row in case["rows"]
    ]
    is_ordered = "order by" in case["sql"].lower()
    return case | {"columns": columns, "rows": rows if is_ordered else sorted(rows, key=repr)}


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_script_gives_the_recorded_answers_in_turn(session: Session, path: Path) -> None:
    for case in json.loads(path.read_text()):
        given = {"sql": case["sql"], **answer(session, case["sql"])}
        assert comparable(given) == comparable(case)
