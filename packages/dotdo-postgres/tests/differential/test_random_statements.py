"""Random statements over random tables answer, and leave behind, what a real PostgreSQL does.

`DOTDO_DIFFERENTIAL_SCHEMAS` says how many schemas are tried, each with eight statements, and how many
scripts of fifteen statements that change a schema.
"""

import os

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from postgres_definitions import Definitions
from postgres_sides import Side
from postgres_statements import Writer

SCHEMAS = int(os.environ.get("DOTDO_DIFFERENTIAL_SCHEMAS", "0"))
STATEMENTS = 8
DEFINITIONS = 15
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@st.composite
def scripts(draw: st.DrawFn) -> list[str]:
    """A schema, statements, and at last what the tables hold."""
    writer = Writer(lambda count: draw(st.integers(0, count - 1)))
    statements = writer.schema()
    statements += [writer.statement() for _ in range(STATEMENTS)]
    return statements + [f"select * from {table.name}" for table in writer.tables]


def asked(real: Side, ours: Side, statement: str) -> bool:
    """Ask both sides, which must agree; whether they are still in the same state."""
    expected, found = real.ask(statement), ours.ask(statement)
    assert found.agrees_with(expected), (statement, found, expected)
    return found.code == expected.code


@st.composite
def definitions(draw: st.DrawFn) -> list[str]:
    """A script that changes a schema."""
    return Definitions(lambda count: draw(st.integers(0, count - 1))).script(DEFINITIONS)


def run(statements: list[str], real: Side, ours: Side) -> None:
    """Ask both sides until their states may differ."""
    real.start()
    ours.start()
    for statement in statements:
        if not asked(real, ours, statement):
            break


REPEATABLY = settings(
    max_examples=SCHEMAS or 25,
    derandomize=not SCHEMAS,
    database=None,
    deadline=None,
    suppress_health_check=QUIET,
    phases=[Phase.generate, Phase.shrink],
)


@REPEATABLY
@given(statements=scripts())
def test_random_statements_answer_as_the_real_server(
    statements: list[str], real: Side, ours: Side
) -> None:
    run(statements, real, ours)


@REPEATABLY
@given(statements=definitions())
def test_random_definitions_answer_as_the_real_server(
    statements: list[str], real: Side, ours: Side
) -> None:
    run(statements, real, ours)
