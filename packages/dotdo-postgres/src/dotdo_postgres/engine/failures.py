"""The one place where the kernel's errors become PostgreSQL's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo import errors as kernel
from dotdo_postgres.engine.constraints import translate_violation
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

_PLAIN: tuple[tuple[type[kernel.DotdoError], str, str], ...] = (
    (kernel.ReadOnly, "25006", "cannot execute {tag} in a read-only transaction"),
    (kernel.Deadlock, "40P01", "deadlock detected"),
    (kernel.SerializationFailure, "40001", "could not serialize access due to concurrent update"),
    (kernel.LockTimeout, "55P03", "canceling statement due to lock timeout"),
    (kernel.StatementTimeout, "57014", "canceling statement due to statement timeout"),
    (kernel.Interrupted, "57014", "canceling statement due to user request"),
    (kernel.StorageFull, "53100", "could not extend file: No space left on device"),
    (kernel.TransactionError, "25000", "{message}"),
    (kernel.InvalidValue, "54000", "{message}"),
)


_BY_TEXT = (
    ("frame starting offset", "22013", "invalid preceding or following size in window function"),
    ("frame ending offset", "22013", "invalid preceding or following size in window function"),
    ("circular reference", "0A000", "this form of a recursive query is not supported"),
    ("multiple recursive references", "0A000", "this form of a recursive query is not supported"),
)
"""What SQLite finds only as it runs a statement."""


def translate(
    session: Session,
    prepared: Prepared | None,
    params: Sequence[StorageValue],
    failure: kernel.DotdoError,
) -> PostgresError:
    """Return PostgreSQL's error for one of the kernel's.

    Args:
        session: Where it happened.
        prepared: The statement, None at commit.
        params: Its parameters.
        failure: What the kernel raised.

    Returns:
        The error to raise.
    """
    if isinstance(failure, kernel.ConstraintViolation):
        return translate_violation(session, prepared, params, failure)
    tag = prepared.tag_kind if prepared else "COMMIT"
    for kind, sqlstate, message in _PLAIN:
        if isinstance(failure, kind):
            return error(sqlstate, message.format(tag=tag, message=failure))
    if "integer overflow" in str(failure):
        return error("22003", "bigint out of range")
    for words, sqlstate, message in _BY_TEXT:
        if words in str(failure):
            return error(sqlstate, message)
    return error("XX000", f"{type(failure).__name__}: {failure}")
