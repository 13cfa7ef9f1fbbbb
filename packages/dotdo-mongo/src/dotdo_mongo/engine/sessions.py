"""Logical sessions with their transactions and the replies of retryable writes; refuses numbers out of turn as MongoDB does."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dotdo.clock import Clock
from dotdo.storage import Session, Store
from dotdo_mongo.engine.awaiting import Progress
from dotdo_mongo.engine.guards import Free, Guard, NewLock
from dotdo_mongo.errors import CommandFailure, failure

TIMEOUT_MINUTES = 30
_MAX_SESSIONS = 1_000_000
_TRANSACTION_LIFE_US = 60 * 1_000_000
_LOOK_EVERY_US = 5_000_000


def transient(code: int, message: str) -> CommandFailure:
    """Return a failure after which the whole transaction may be run again."""
    found = failure(code, message)
    found.extra["errorLabels"] = ["TransientTransactionError"]
    return found


@dataclass(slots=True)
class Transaction:
    """One multi-document transaction: a kernel session for each store that it touches."""

    number: int
    started_us: int
    state: str = "in progress"  # "committed" | "aborted"
    parts: dict[Store, Session] = field(default_factory=dict)
    read_concern: dict[str, Any] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)

    def session(self, store: Store, *, actor: str | None) -> Session:
        """Return the kernel session on a store, begun at the first use."""
        found = self.parts.get(store)
        if found is None:
            found = self.parts[store] = store.acquire()
            found.describe(api="mongo", actor=actor)
            found.begin("snapshot")
        return found

    def _hold(self, sessions: list[Session]) -> None:
        """Own the writers of all stores at once, so that a conflict in one undoes it before any has committed."""
        for session in sessions:
            session.pin()
        for session in sessions:
            if session.has_unmet_references(wait=False):
                session.commit()  # which tells what is unmet

    def end(self, *, commits: bool) -> None:
        """Commit or undo it everywhere: a conflict anywhere undoes all of it."""
        parts = dict(sorted(self.parts.items(), key=lambda part: str(part[0].path)))
        self.parts = {}
        self.state = "committed" if commits else "aborted"
        try:
            if commits and len(parts) > 1:
                self._hold(list(parts.values()))
            for session in parts.values():
                if session.in_transaction:
                    if commits:
                        session.commit()
                    else:
                        session.rollback()
        except BaseException:
            self.state = "aborted"
            raise
        finally:
            for store, session in parts.items():
                if session.in_transaction:
                    session.rollback()
                session.describe(api="dotdo")
                store.give_back(session)


@dataclass(slots=True)
class LogicalSession:
    """One client's session.

    Args:
        lsid: Its 16 bytes.
        user: Whose.
    """

    lsid: bytes
    user: str | None = None
    used_us: int = 0
    number: int = -1  # the newest txnNumber
    transaction: Transaction | None = None
    reply: dict[str, Any] | None = None  # of the retryable write of `number`, once it is done
    progress: Progress | None = None  # of that write
    guard: Guard = field(default_factory=Free)

    def abort(self) -> None:
        """Undo the transaction that is open, if any."""
        transaction = self.transaction
        if transaction is not None and transaction.state == "in progress":
            transaction.end(commits=False)

    # --- numbers ---------------------------------------------------------------------------------

    def begin_retryable(self, number: int) -> None:
        """Take the number of a retryable write.

        Raises:
            CommandFailure: It is older than one seen already (code 225).
        """
        if number < self.number:
            raise self._too_old(number)
        if number > self.number:
            self.abort()
            self.number, self.transaction = number, None
            self.reply = self.progress = None
        elif self.transaction is not None:
            raise failure(
                50911,
                f"Cannot start a retryable write for txnNumber {number} on session {self.lsid.hex()} because it is a transaction's",
            )

    def _too_old(self, number: int) -> CommandFailure:
        return failure(
            225,
            f"Cannot start transaction with {{ txnNumber: {number} }} on session {self.lsid.hex()}"
            f" because a newer transaction with txnNumberAndRetryCounter {{ txnNumber: {self.number}, txnRetryCounter: 0 }}"
            " has already started on this session.",
        )

    def begin_transaction(
        self, number: int, now_us: int, read_concern: dict[str, Any]
    ) -> Transaction:
        """Begin the transaction of a number.

        Raises:
            CommandFailure: The number is too old (code 225) or was used (code 50911).
        """
        if number < self.number:
            raise self._too_old(number)
        known = self.transaction
        if number == self.number and (known is None or known.state != "aborted"):
            raise failure(
                50911,
                f"Cannot start a transaction at given transaction number {number}: a transaction with the same number"
                f" is in state {known.state if known is not None else 'none'}",
            )
        self.abort()
        self.number = number
        self.reply = self.progress = None
        self.transaction = Transaction(number, now_us, read_concern=read_concern)
        return self.transaction

    def continued(self, number: int) -> Transaction:
        """Return the open transaction of a number.

        Raises:
            CommandFailure: There is none (code 251), or it was committed (code 256).
        """
        transaction = self.transaction
        if number < self.number:
            raise self._too_old(number)
        if transaction is None or transaction.number != number:
            raise transient(
                251,
                f"Given transaction number {number} does not match any in-progress transactions."
                f" The active transaction number is {self.number}",
            )
        if transaction.state == "committed":
            raise failure(256, f"Transaction with {{ txnNumber: {number} }} has been committed.")
        if transaction.state == "aborted":
            raise transient(251, f"Transaction with {{ txnNumber: {number} }} has been aborted.")
        return transaction


class SessionTable:
    """The logical sessions of a deployment.

    Args:
        clock: Microseconds since 1970.
        new_lock: Makes a lock that its owner may take again.
    """

    def __init__(self, clock: Clock, new_lock: NewLock) -> None:
        self._clock = clock
        self._known: dict[tuple[bytes, str | None], LogicalSession] = {}
        self._guard, self._new_lock = new_lock(), new_lock
        self._looked_us = 0

    def __iter__(self) -> Iterator[LogicalSession]:
        return iter(list(self._known.values()))

    def __len__(self) -> int:
        return len(self._known)

    def get(self, lsid: bytes, user: str | None) -> LogicalSession:
        """Return a session, begun when it is not known."""
        with self._guard:
            found = self._known.get((lsid, user))
            if found is None:
                if len(self._known) >= _MAX_SESSIONS:
                    self.expire()
                found = self._known[lsid, user] = LogicalSession(lsid, user, guard=self._new_lock())
            found.used_us = self._clock()
            return found

    def known(self, lsid: bytes, user: str | None) -> LogicalSession | None:
        """Return a session that is known, or None."""
        return self._known.get((lsid, user))

    def end(self, lsid: bytes, user: str | None) -> None:
        """Forget a session; its transaction is undone."""
        with self._guard:
            found = self._known.pop((lsid, user), None)
        if found is not None:
            with found.guard:
                found.abort()

    def tick(self, now_us: int) -> None:
        """Look for what is over, when some seconds have gone by since the last look."""
        if now_us - self._looked_us > _LOOK_EVERY_US:
            self._looked_us = now_us
            self.expire()

    def expire(self) -> None:
        """Forget sessions not used for half an hour, and undo transactions older than a minute."""
        now = self._clock()
        for session in self:
            if session.used_us < now - TIMEOUT_MINUTES * 60_000_000:
                self.end(session.lsid, session.user)
            elif (
                session.transaction is not None
                and session.transaction.state == "in progress"
                and session.transaction.started_us < now - _TRANSACTION_LIFE_US
                and session.guard.acquire(blocking=False)
            ):
                try:
                    session.abort()
                finally:
                    session.guard.release()
