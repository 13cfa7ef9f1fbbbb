"""Transactions that were prepared for the second phase of their commit, by tenant."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Session as KernelSession
    from dotdo.storage import Store

_numbers = itertools.count(1)
_UNSERIAL = "could not serialize access due to read/write dependencies among transactions"


@dataclass(slots=True)
class PreparedTransaction:
    """A transaction that waits for its end.

    Args:
        gid: The name it was given.
        kernel: Has its changes and its locks.
        owner: Who prepared it.
        database: Where.
        prepared_us: When.
        is_serializable: Its place in the order of serializable transactions is settled, before those that end after it was prepared.
        number: Of the transaction.
    """

    gid: str
    kernel: KernelSession
    owner: str
    database: str
    prepared_us: int
    is_serializable: bool = False
    number: int = field(default_factory=lambda: next(_numbers))


_TABLES: WeakKeyDictionary[Store, dict[str, PreparedTransaction]] = WeakKeyDictionary()


def prepared_transactions(store: Store) -> dict[str, PreparedTransaction]:
    """Return the prepared transactions of a tenant by their names."""
    return _TABLES.setdefault(store, {})


def require_serial(kernel: KernelSession) -> None:
    """See that a serializable transaction may end: not while a prepared one is to come before it, whose commit must not fail any more.

    Raises:
        PostgresError: it may not (40001).
    """
    if kernel.isolation != "serializable" or not kernel.has_written:
        return
    if any(one.is_serializable for one in prepared_transactions(kernel.store).values()):
        hint = "The transaction might succeed if retried."
        raise error("40001", _UNSERIAL, hint=hint)
