"""The table of types in the documentation is the one that the matrix holds."""

from pathlib import Path

from values import VALUES, Value

PAGE = Path(__file__).parents[2] / "docs" / "doors.md"


def row(value: Value) -> str:
    redis = {str: "the text in UTF-8", bytes: "the bytes", type(None): "no field"}.get(
        type(value.thing), f"`{(value.redis or b'').decode(errors='replace')}`"
    )
    return f"| {value.name} | `{type(value.thing).__name__}` | `{value.sql_type}` | `{value.mongo_type}` | {redis} |"


def test_the_page_has_a_row_for_each_type():
    lines = PAGE.read_text().splitlines()
    start = lines.index("| value | things | SQL | MongoDB | Redis |") + 2
    assert lines[start : start + len(VALUES)] == [row(value) for value in VALUES]
    assert not lines[start + len(VALUES)]
