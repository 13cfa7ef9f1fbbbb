"""The one place where the kernel's errors become MongoDB's."""

from dotdo import errors
from dotdo.serving.faults import log_fault
from dotdo.storage import Blocked
from dotdo_mongo.engine.sessions import transient
from dotdo_mongo.errors import CommandFailure, failure

_CONFLICT = "Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction."
_CODES: tuple[tuple[type[Exception], int], ...] = (
    (errors.UniqueViolation, 11000),
    (errors.ConstraintViolation, 121),
    (errors.ReadOnly, 20),
    (errors.StatementTimeout, 50),
    (errors.Interrupted, 11601),
    (errors.StorageFull, 14031),
    (errors.InvalidName, 73),
    (errors.InvalidReference, 73),
    (errors.UnknownTenant, 26),
    (errors.InvalidValue, 121),
    (errors.HistoryUnavailable, 286),
    (errors.InUse, 12586),
    (errors.TransactionError, 251),
)
_CONFLICTS = (errors.SerializationFailure, errors.Deadlock, errors.LockTimeout, Blocked)


def translated(error: Exception, *, in_transaction: bool, connection: int) -> CommandFailure:
    """Return MongoDB's failure for an error of the kernel; others are an internal error without their text, logged by type and place."""
    if isinstance(error, CommandFailure):
        return error
    if isinstance(error, _CONFLICTS):
        return transient(112, _CONFLICT) if in_transaction else failure(112, _CONFLICT)
    for kind, code in _CODES:
        if isinstance(error, kind):
            return failure(code, str(error))
    if isinstance(error, RecursionError):
        return failure(15, "the request nests too deep")
    if isinstance(error, errors.DotdoError):
        return failure(8, str(error))
    log_fault("mongo", connection, error)
    return failure(1, f"internal error: {type(error).__name__}")
