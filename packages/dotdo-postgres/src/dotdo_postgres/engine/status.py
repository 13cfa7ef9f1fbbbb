"""Where a session's transaction stands, in libpq's numbers, and what is said to those who go on with a failed one."""

from enum import IntEnum


class TransactionStatus(IntEnum):
    """Where the transaction stands, in libpq's numbers."""

    IDLE = 0
    INTRANS = 2
    INERROR = 3


IDLE, INTRANS, INERROR = TransactionStatus  # a look-up in the class costs more than the check
ABORTED = "current transaction is aborted, commands ignored until end of transaction block"
