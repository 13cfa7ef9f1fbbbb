"""PostgreSQL's errors as the engine raises them: one class for each SQLSTATE; knows nothing of psycopg."""

from typing import Any, ClassVar

from dotdo_postgres.errors.sqlstates import SQLSTATES


class PostgresError(Exception):
    """An error as PostgreSQL reports it.

    Args:
        message: Primary message, PostgreSQL's own words.
        sqlstate: Five-character code.
        severity: `ERROR`, `FATAL` or `PANIC`.
        detail: Second line with the values at fault.
        hint: What to try instead.
        position: Where in the statement, in characters from 1.
        schema: Name of the schema at fault.
        table: Name of the table at fault.
        column: Name of the column at fault.
        datatype: Name of the type at fault.
        constraint: Name of the constraint at fault.
        context: Where it happened.
    """

    default_sqlstate: ClassVar[str] = "XX000"
    routine: str | None = None
    """PostgreSQL's function that raises it, where clients tell errors apart by that."""

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str | None = None,
        severity: str = "ERROR",
        detail: str | None = None,
        hint: str | None = None,
        position: int | None = None,
        schema: str | None = None,
        table: str | None = None,
        column: str | None = None,
        datatype: str | None = None,
        constraint: str | None = None,
        context: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate or self.default_sqlstate
        self.severity = severity
        self.detail = detail
        self.hint = hint
        self.position = position
        self.schema = schema
        self.table = table
        self.column = column
        self.datatype = datatype
        self.constraint = constraint
        self.context = context


class Notice(PostgresError):
    """A message that stops nothing; severity is `WARNING`, `NOTICE`, `INFO`, `LOG` or `DEBUG`."""

    default_sqlstate = "00000"


def _class_name(condition: str) -> str:
    return "".join(word.capitalize() for word in condition.split("_"))


CLASSES: dict[str, type[PostgresError]] = {
    code: type(
        _class_name(name),
        (PostgresError,),
        {"default_sqlstate": code, "__doc__": f"{name} ({code})."},
    )
    for code, name in SQLSTATES.items()
    if not code.startswith(("00", "01", "02"))
}


def error(sqlstate: str, message: str, **fields: Any) -> PostgresError:
    """Make the error of that SQLSTATE.

    Args:
        sqlstate: Five-character code.
        message: Primary message.
        fields: The other fields of `PostgresError`.

    Returns:
        An instance of the class of that code, to be raised.
    """
    return CLASSES.get(sqlstate, PostgresError)(message, sqlstate=sqlstate, **fields)


def not_supported(what: str, position: int | None = None) -> PostgresError:
    """Make the error for what is valid in PostgreSQL and missing here: 0A000."""
    return error("0A000", f"{what} is not supported", position=position)
