"""Error texts as libpq writes them; the expected ones are what the real client showed."""

from dataclasses import dataclass

import pytest
from psycopg.pq import DiagnosticField

from dotdo_postgres.client import diagnostics


@dataclass
class Report:
    message: str = "boom"
    sqlstate: str = "XX000"
    severity: str = "ERROR"
    detail: str | None = None
    hint: str | None = None
    position: int | None = None
    schema: str | None = None
    table: str | None = None
    column: str | None = None
    datatype: str | None = None
    constraint: str | None = None
    context: str | None = None


def test_text_without_position_is_the_message_and_what_follows_it() -> None:
    report = Report(detail="d", hint="h", context="c")
    assert diagnostics.text(report, "select") == "ERROR:  boom\nDETAIL:  d\nHINT:  h\nCONTEXT:  c\n"


def test_a_position_in_an_unknown_statement_is_told_as_a_number() -> None:
    assert diagnostics.text(Report(position=3), None) == "ERROR:  boom at character 3\n"


@pytest.mark.parametrize(
    ("statement", "position", "lines"),
    [
        ("select nope", 8, ["LINE 1: select nope", "               ^"]),
        ("select 1\nfrom nope", 15, ["LINE 2: from nope", "             ^"]),
        ("a\r\nb", 4, ["LINE 2: b", "        ^"]),
        ("\tx", 2, ["LINE 1:  x", "         ^"]),
        ("x", 2, ["LINE 1: x", "         ^"]),
        ("x", 9, []),
        ("'日本' y", 6, ["LINE 1: '日本' y", "               ^"]),
        (
            "x" * 100,
            1,
            ["LINE 1: " + "x" * 60 + "...", "        ^"],
        ),
        (
            "x" * 100,
            90,
            ["LINE 1: ..." + "x" * 60 + "...", " " * 11 + " " * 50 + "^"],
        ),
        (
            "x" * 100,
            101,
            ["LINE 1: ..." + "x" * 60, " " * 11 + " " * 60 + "^"],
        ),
    ],
)
def test_the_excerpt_shows_the_line_with_a_caret(
    statement: str, position: int, lines: list[str]
) -> None:
    assert diagnostics.excerpt(statement, position) == lines


def test_fields_are_found_by_libpqs_letters() -> None:
    report = Report(constraint="k", position=7)
    assert diagnostics.field(report, DiagnosticField.CONSTRAINT_NAME) == "k"
    assert diagnostics.field(report, ord("P")) == "7"
    assert diagnostics.field(report, DiagnosticField.MESSAGE_HINT) is None
    assert diagnostics.field(report, DiagnosticField.SOURCE_FILE) is None
