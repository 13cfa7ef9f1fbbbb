"""Trees of SQLite statements: the parameters that their text takes."""

import pytest

from dotdo_postgres.engine.compile import nodes as n


@pytest.mark.parametrize(
    ("sql", "highest"),
    [
        ("SELECT 1", 0),
        ("SELECT ?1, ?12 + ?3", 12),
        ("SELECT '?9', 'it''s ?8', ?2", 2),
        ('SELECT "a ?7", "b ""?6""" FROM "t" WHERE "x" = ?1', 1),
        ("SELECT x'00' || ?4", 4),
    ],
)
def test_highest_parameter_is_that_of_the_text(sql: str, highest: int) -> None:
    assert n.highest_parameter(sql) == highest
