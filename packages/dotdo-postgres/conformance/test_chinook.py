"""SQL over Chinook: rows, types, names, status and errors are those of the real server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_cases import aggregates, errors, functions, queries, routines, tables, targets, writes
from postgres_cases.sql_case import SqlCase, answer

from dotdo_testing import Conform, Suite, Target

SUITE = Suite(
    package="dotdo-postgres",
    service="postgres",
    folder=Path(__file__).parent,
    targets=frozenset({Target.INPROC, Target.WIRE, Target.REAL}),
    real_version=targets.real_version,
)


@pytest.fixture(scope="session")
def inproc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOTDO_HOME", str(tmp_path_factory.mktemp("home")))
        with targets.inproc() as connection:
            yield connection


@pytest.fixture(scope="session")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with targets.wire(str(tmp_path_factory.mktemp("home"))) as connection:
        yield connection


@pytest.fixture(scope="session")
def real() -> Iterator[Any]:
    assert SUITE.real_url
    with targets.real(SUITE.real_url) as connection:
        yield connection


def check(case: SqlCase, target: Target, conform: Conform, request: pytest.FixtureRequest) -> None:
    connection = request.getfixturevalue(str(target))
    connection.rollback()  # nothing of a case that failed half-way
    conform(answer(connection, case.steps))


@SUITE.cases(queries.CASES)
def test_queries(
    case: SqlCase, target: Target, conform: Conform, request: pytest.FixtureRequest
) -> None:
    check(case, target, conform, request)


@SUITE.cases(aggregates.CASES)
def test_aggregates(
    case: SqlCase, target: Target, conform: Conform, request: pytest.FixtureRequest
) -> None:
    check(case, target, conform, request)


@SUITE.cases(functions.CASES)
def test_functions(
    case: SqlCase, target: Target, conform: Conform, request: pytest.FixtureRequest
) -> None:
    check(case, target, conform, request)


@SUITE.cases(writes.CASES)
def test_writes(
    case: SqlCase, target: Target, conform: Conform, request: pytest.FixtureRequest
) -> None:
    check(case, target, conform, request)


@SUITE.cases(errors.CASES)
def test_errors(
    case: SqlCase, target: Target, conform: Conform, request: pytest.FixtureRequest
) -> None:
    check(case, target, conform, request)


@SUITE.cases(routines.CASES)
def test_routines(
    case: SqlCase, target: Target, conform: Conform, request: pytest.FixtureRequest
) -> None:
    check(case, target, conform, request)


@SUITE.cases(tables.CASES)
def test_tables(
    case: SqlCase, target: Target, conform: Conform, request: pytest.FixtureRequest
) -> None:
    check(case, target, conform, request)
