"""An error as libpq tells it: the text with its excerpt of the statement, and the fields by their letters."""

import unicodedata
from typing import Protocol

from psycopg.pq import DiagnosticField

DISPLAY_COLUMNS = 60
MIN_RIGHT_COLUMNS = 10


class Report(Protocol):
    """What an error or a notice of the engine says of itself."""

    message: str
    sqlstate: str
    severity: str
    detail: str | None
    hint: str | None
    position: int | None
    schema: str | None
    table: str | None
    column: str | None
    datatype: str | None
    constraint: str | None
    context: str | None


ATTRIBUTES = {
    DiagnosticField.SEVERITY: "severity",
    DiagnosticField.SEVERITY_NONLOCALIZED: "severity",
    DiagnosticField.SQLSTATE: "sqlstate",
    DiagnosticField.MESSAGE_PRIMARY: "message",
    DiagnosticField.MESSAGE_DETAIL: "detail",
    DiagnosticField.MESSAGE_HINT: "hint",
    DiagnosticField.STATEMENT_POSITION: "position",
    DiagnosticField.CONTEXT: "context",
    DiagnosticField.SCHEMA_NAME: "schema",
    DiagnosticField.TABLE_NAME: "table",
    DiagnosticField.COLUMN_NAME: "column",
    DiagnosticField.DATATYPE_NAME: "datatype",
    DiagnosticField.CONSTRAINT_NAME: "constraint",
}


def field(report: Report, code: int) -> str | None:
    """Return a field of an error by its code, None when it is not set."""
    value = getattr(report, ATTRIBUTES.get(DiagnosticField(code), ""), None)
    return None if value is None else str(value)


def text(report: Report, statement: str | None) -> str:
    """Write an error as libpq's default verbosity does.

    Args:
        report: the error or notice.
        statement: what was sent; None when only its prepared name was.
    """
    lines = [f"{report.severity}:  {report.message}"]
    if report.position is not None:
        if statement is None:
            lines[0] += f" at character {report.position}"
        else:
            lines += excerpt(statement, report.position)
    for label, value in (
        ("DETAIL", report.detail),
        ("HINT", report.hint),
        ("CONTEXT", report.context),
    ):
        if value is not None:
            lines.append(f"{label}:  {value}")
    return "\n".join(lines) + "\n"


def excerpt(statement: str, position: int) -> list[str]:
    """Return the line of a statement around a position, cut to the width of a screen, and the caret below.

    Args:
        statement: the whole text.
        position: characters from 1; nothing is shown when it lies behind the end.
    """
    at = position - 1
    if at > len(statement):
        return []
    before = statement[:at].replace("\r\n", "\n").replace("\r", "\n")
    start = max(statement.rfind("\n", 0, at), statement.rfind("\r", 0, at)) + 1
    ends = [end for end in (statement.find("\n", at), statement.find("\r", at)) if end >= 0]
    end = min(ends, default=len(statement))
    line, caret = statement[start:end].replace("\t", " "), at - start
    columns = [0]
    for character in line:
        columns.append(columns[-1] + width(character))
    first, last = window(columns, caret)
    head = f"LINE {before.count(chr(10)) + 1}: " + ("..." if first else "")
    shown = line[first:last] + ("..." if last < len(line) else "")
    return [head + shown, " " * (len(head) + columns[caret] - columns[first]) + "^"]


def window(columns: list[int], caret: int) -> tuple[int, int]:
    """Return which characters of a line to show: cut right if that is enough, else on both sides."""
    first, last = 0, len(columns) - 1
    if columns[last] <= DISPLAY_COLUMNS:
        return first, last
    if columns[caret] + MIN_RIGHT_COLUMNS <= DISPLAY_COLUMNS:
        while columns[last] > DISPLAY_COLUMNS:
            last -= 1
        return first, last
    while columns[last] > columns[caret] + MIN_RIGHT_COLUMNS:
        last -= 1
    while columns[last] - columns[first] > DISPLAY_COLUMNS:
        first += 1
    return first, last


def width(character: str) -> int:
    """Return how many columns a character takes."""
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
