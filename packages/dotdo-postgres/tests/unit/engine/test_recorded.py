"""Statements beside what PostgreSQL 15.18 answered to them: rows, names, OIDs, type modifiers, tags, errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError

HERE = Path(__file__).parent
EXPRESSIONS = json.loads((HERE / "expressions.json").read_text())
RECORDED = [
    pytest.param(case, id=f"{path.stem}: {case['sql'][:60]}")
    for path in sorted((HERE / "recorded").glob("*.json"))
    for case in json.loads(path.read_text())
]
SCRIPTS = sorted((HERE / "scripts").glob("*.json"))


def answer(session: Session, sql: str) -> dict[str, Any]:
    """Run a statement; return columns, rows as text and tag, or the fields of the error."""
    try:
        (result,) = session.simple(sql)
    except PostgresError as failure:
        return {
            "sqlstate": failure.sqlstate,
            "message": failure.message,
            "detail": failure.detail,
            "position": failure.position,
            "constraint": failure.constraint,
            "table": failure.table,
            "column": failure.column,
        }
    columns = result.columns or ()
    rows = [
        [
            None if value is None else column.codec.to_text(value)
            for column, value in zip(columns, row, strict=True)
        ]
        for row in result.rows
    ]
    shown = [[column.name, column.oid, column.typmod, column.size] for column in columns]
    return {"columns": shown, "rows": rows, "tag": result.tag}


def without_order(case: dict[str, Any]) -> dict[str, Any]:
    if "rows" not in case or "order by" in case.get("sql", "").lower():
        return case
    return case | {"rows": sorted(case["rows"], key=repr)}


@pytest.mark.parametrize("case", EXPRESSIONS, ids=[case["sql"][:60] for case in EXPRESSIONS])
def test_expression_gives_the_recorded_answer(session: Session, case: dict[str, Any]) -> None:
    given = {"sql": case["sql"], **answer(session, case["sql"])}
    assert without_order(given) == without_order(case)


@pytest.mark.parametrize("case", RECORDED)
def test_statement_gives_the_recorded_answer(shared_session: Session, case: dict[str, Any]) -> None:
    given = {"sql": case["sql"], **answer(shared_session, case["sql"])}
    assert without_order(given) == without_order(case)


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_script_gives_the_recorded_answers_in_turn(session: Session, path: Path) -> None:
    for case in json.loads(path.read_text()):
        given = {"sql": case["sql"], **answer(session, case["sql"])}
        assert without_order(given) == without_order(case)
