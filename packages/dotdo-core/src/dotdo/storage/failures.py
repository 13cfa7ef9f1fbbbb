"""Translation of SQLite's errors into the kernel's; the only place that reads SQLite's messages."""

import re
from typing import NoReturn

import apsw

from dotdo import errors

_FAILED = re.compile(r"(?:UNIQUE|NOT NULL) constraint failed: (.*)", re.DOTALL)
_INDEX = re.compile(r"index '(.*)'", re.DOTALL)
_UNKNOWN = re.compile(r"(?:no such|unknown) function: ([^()\s]+)")
_CHECK = re.compile(r"CHECK constraint failed: (.*)", re.DOTALL)
_DATATYPE = re.compile(r"cannot store \w+ value in \w+ column ([^.]*)\.(.*)", re.DOTALL)

_UNIQUE_CODES = frozenset(
    {apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY, apsw.SQLITE_CONSTRAINT_ROWID}
)


def fail(error: apsw.Error) -> NoReturn:
    """Raise the kernel's error for one of SQLite's.

    Raises:
        DotdoError: Always; the class says what happened.
    """
    raise translate(error) from error


BINDING = (UnicodeEncodeError, OverflowError, TypeError)
"""What apsw raises for a value that SQLite has no form for; functions called by a statement may raise them too."""


def fail_to_bind(error: BaseException) -> None:
    """Raise the kernel's error when SQLite was handed a value that it has no form for; else return.

    Raises:
        InvalidValue: It was.
    """
    text = str(error)
    if isinstance(error, UnicodeEncodeError):
        raise errors.InvalidValue("text holds half a surrogate pair") from error
    if isinstance(error, OverflowError) and text == "int too big to convert":
        raise errors.InvalidValue("a whole number has more than 64 bits") from error
    if isinstance(error, TypeError) and text.startswith("Bad binding argument type"):
        raise errors.InvalidValue(text) from error


def translate(error: apsw.Error) -> errors.DotdoError:
    """Return the kernel's error for one of SQLite's."""
    message = str(error)
    if isinstance(error, apsw.ConstraintError):
        return _constraint(error, message)
    if unknown := _UNKNOWN.search(message):
        return errors.UnknownFunction(
            f"no installed package offers the SQL function {unknown[1]!r}"
        )
    for kind, result in _KINDS:
        if isinstance(error, kind):
            return result(message)
    return errors.StatementError(message)


def _constraint(error: apsw.ConstraintError, message: str) -> errors.ConstraintViolation:
    code = getattr(error, "extendedresult", 0)
    if code == apsw.SQLITE_CONSTRAINT_FOREIGNKEY:
        return errors.ForeignKeyViolation(message)
    is_raised = code == apsw.SQLITE_CONSTRAINT_TRIGGER
    if code == apsw.SQLITE_CONSTRAINT_CHECK or (is_raised and _CHECK.search(message)):
        found = _CHECK.search(message)
        return errors.CheckViolation(message, constraint=found[1] if found else None)
    if code == apsw.SQLITE_CONSTRAINT_DATATYPE:
        found = _DATATYPE.search(message)
        return (
            errors.TypeViolation(message, table=found[1], columns=[found[2]])
            if found
            else errors.TypeViolation(message)
        )
    is_unique = is_raised or code in _UNIQUE_CODES
    kind = errors.UniqueViolation if is_unique else errors.NotNullViolation
    found = _FAILED.search(message)
    if not found:
        return kind(message)
    if index := _INDEX.fullmatch(found[1]):
        return kind(message, constraint=index[1])
    table, columns = _columns(found[1])
    return kind(message, table=table, columns=columns)


def _columns(listed: str) -> tuple[str, list[str]]:
    """Read `t.a, t.b`, where names may hold any character."""
    table = listed.partition(".")[0]
    return table, [part.removeprefix(f"{table}.") for part in listed.split(f", {table}.")]


_KINDS: tuple[tuple[type[apsw.Error], type[errors.DotdoError]], ...] = (
    (apsw.ReadOnlyError, errors.ReadOnly),
    (apsw.FullError, errors.StorageFull),
    (apsw.NotADBError, errors.NotADatabase),
    (apsw.CorruptError, errors.CorruptFile),
    (apsw.InterruptError, errors.Interrupted),
    (apsw.BusyError, errors.LockTimeout),
    (apsw.LockedError, errors.LockTimeout),
    (apsw.CantOpenError, errors.StorageError),
    (apsw.IOError, errors.StorageError),
    (apsw.TooBigError, errors.InvalidValue),
)
