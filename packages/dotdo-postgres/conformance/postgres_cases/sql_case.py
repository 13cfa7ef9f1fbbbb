"""A case of SQL: statements run one after the other on one connection; its answer is what each of them gave, as JSON values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dotdo_testing import Case

Step = str | tuple[str, Sequence[Any]]

# Values that JSON has; everything else is written with the name of its Python type.
PLAIN = (str, bool, int, type(None))
WRITERS: dict[str, Callable[[Any], Any]] = {
    "float": repr,
    "Decimal": str,
    "datetime": lambda value: value.isoformat(),
    "date": lambda value: value.isoformat(),
    "time": lambda value: value.isoformat(),
    "timedelta": lambda value: [value.days, value.seconds, value.microseconds],
    "UUID": str,
    "bytes": lambda value: value.hex(),
    "dict": lambda value: {key: written(item) for key, item in value.items()},
    "tuple": lambda value: [written(item) for item in value],
}
FIELDS = [
    "sqlstate",
    "severity",
    "message_primary",
    "message_detail",
    "message_hint",
    "statement_position",
    "schema_name",
    "table_name",
    "column_name",
    "datatype_name",
    "constraint_name",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlCase(Case):
    """Statements with their parameters, run in autocommit unless they begin a transaction themselves."""

    steps: tuple[Step, ...]


def case(name: str, *steps: Step, gap: str = "") -> SqlCase:
    """Return a case; `gap` says why it is known to differ, in-process and over the wire."""
    return SqlCase(id=name, steps=steps, gaps={"inproc": gap, "wire": gap} if gap else {})


def answer(connection: psycopg.Connection[Any], steps: Sequence[Step]) -> list[Any]:
    """Run the steps and return what each gave: rows, description and status, or the error."""
    answers = []
    for step in steps:
        sql, params = (step, None) if isinstance(step, str) else step
        cursor = connection.cursor()
        try:
            cursor.execute(sql, params)
        except psycopg.Error as error:
            answers.append(told(error))
        else:
            answers.append(shown(cursor))
    return answers


def shown(cursor: psycopg.Cursor[Any]) -> dict[str, Any]:
    """Return the result of a statement as JSON values."""
    result: dict[str, Any] = {"status": cursor.statusmessage, "rowcount": cursor.rowcount}
    if cursor.description is not None:
        result["columns"] = [list(column) for column in cursor.description]
        result["rows"] = [[written(value) for value in row] for row in cursor]
    return result


def told(error: psycopg.Error) -> dict[str, Any]:
    """Return an error as JSON values: its class, its text, and the fields of its diagnostics that are set."""
    fields = {name: getattr(error.diag, name) for name in FIELDS}
    return {
        "error": type(error).__name__,
        "text": str(error),
        **{name: value for name, value in fields.items() if value is not None},
    }


def written(value: Any) -> Any:
    """Return a value as JSON that keeps its Python type."""
    if type(value) in PLAIN:
        return value
    if type(value) is list:
        return [written(item) for item in value]
    return {type(value).__name__: WRITERS[type(value).__name__](value)}
