"""The kernel's errors: one tree, one class for each thing that can go wrong; packages translate them into their vendor's."""

from collections.abc import Sequence


class DotdoError(Exception):
    """Root of every error the kernel raises on purpose."""


# --- names and references ------------------------------------------------------------------


class InvalidName(DotdoError):
    """A tenant, branch, noun, verb or field name that is not allowed; the message names the offending part."""


class InvalidReference(DotdoError):
    """A reference such as `acme@~x` that cannot be read."""


class UnknownTenant(DotdoError):
    """No such tenant, branch or point in its history."""


class UnknownNoun(DotdoError):
    """No noun of that name, nor exactly one variant of it."""


class UnknownVerb(DotdoError):
    """No verb has this form."""


class AmbiguousName(DotdoError):
    """Several nouns are variants of the name; the message lists them."""


class InUse(DotdoError):
    """A tenant or branch that is to be deleted is open elsewhere."""


class AlreadyExists(DotdoError):
    """A tenant, branch or noun of that name is there already."""


# --- requests ------------------------------------------------------------------------------


class InvalidQuery(DotdoError):
    """A filter, sort or projection that is not valid; `part` is the offending piece."""

    def __init__(self, message: str, part: object = None) -> None:
        super().__init__(message)
        self.part = part


class InvalidValue(DotdoError):
    """A value that a field cannot hold."""


class ThingNotFound(DotdoError):
    """No thing of that noun has that id."""


class ReadOnly(DotdoError):
    """A write to the past, to a read-only file or in a read-only transaction."""


# --- constraints ---------------------------------------------------------------------------


class ConstraintViolation(DotdoError):
    """A row breaks a constraint of its noun.

    Args:
        message: What SQLite said.
        table: Physical name of the table, when known.
        columns: Physical names of the columns, when known.
        constraint: Name of the constraint, when SQLite tells it (CHECK only).
    """

    def __init__(
        self,
        message: str,
        *,
        table: str | None = None,
        columns: Sequence[str] = (),
        constraint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.table = table
        self.columns = tuple(columns)
        self.constraint = constraint


class UniqueViolation(ConstraintViolation):
    """Two rows have the same key."""


class NotNullViolation(ConstraintViolation):
    """A required column has no value."""


class CheckViolation(ConstraintViolation):
    """A CHECK expression is false."""


class ForeignKeyViolation(ConstraintViolation):
    """A reference leads nowhere, or a row that is referred to goes away."""


class TypeViolation(ConstraintViolation):
    """A value of the wrong storage class for a strict column."""


# --- transactions --------------------------------------------------------------------------


class TransactionError(DotdoError):
    """Begin, commit or savepoint used out of turn."""


class LockTimeout(DotdoError):
    """A row or the writer is held by another transaction and was not waited for (any longer)."""


class Deadlock(DotdoError):
    """Waiting would close a cycle of transactions that wait for each other."""


class SerializationFailure(DotdoError):
    """The transaction stands on a state that others have changed; run it again."""


class StatementTimeout(DotdoError):
    """The statement ran past its deadline and was stopped; nothing of it remains."""


class EventLoop(DotdoError):
    """Handlers of events cause each other's events without end; the transaction itself was committed."""


class Interrupted(DotdoError):
    """The statement was cancelled from outside; nothing of it remains."""


# --- files ---------------------------------------------------------------------------------


class StorageError(DotdoError):
    """The file cannot be used."""


class StorageFull(StorageError):
    """No room is left; the transaction was undone."""


class NotADatabase(StorageError):
    """The file is no dotdo tenant."""


class CorruptFile(StorageError):
    """The file is damaged."""


class NewerFormat(StorageError):
    """The file was written by a newer version of dotdo."""


class UnknownFunction(StorageError):
    """A statement, or a definition that it concerns, uses an SQL function that no installed package offers."""


class StatementError(StorageError):
    """SQLite refused a statement that the kernel or a compiler made: a fault of ours."""


# --- history -------------------------------------------------------------------------------


class HistoryUnavailable(DotdoError):
    """That far back the history of a noun is no longer kept."""


class MergeConflict(DotdoError):
    """The branches changed the same fields differently; `conflicts` lists where."""

    def __init__(self, message: str, conflicts: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.conflicts = tuple(conflicts)
