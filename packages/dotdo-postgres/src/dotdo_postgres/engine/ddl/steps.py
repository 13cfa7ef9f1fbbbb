"""Statements that take several steps of the kernel: all of them or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo.storage import Blocked

if TYPE_CHECKING:
    from dotdo_postgres.engine.session import Session


class atomic:  # noqa: N801 -- used as a statement's own transaction
    """Makes several steps of one statement a transaction where none is open."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_own = False
        self._is_part = False

    def __enter__(self) -> None:
        kernel = self._session.kernel
        if kernel.is_running:  # a step of a statement that is all or nothing itself
            self._is_part = True
        elif kernel.in_transaction:
            kernel.savepoint("_statement_steps")
        else:
            kernel.begin()
            self._is_own = True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        kernel = self._session.kernel
        if self._is_part:
            return
        waiting_for = kernel.waiting_for
        if self._is_own:
            if kind is None:
                kernel.commit()
            elif kernel.in_transaction:
                kernel.rollback()
        elif kernel.in_transaction:
            if kind is not None:
                kernel.rollback_to("_statement_steps")
            kernel.release("_statement_steps")
            if kind is Blocked:  # going back has no part in what the statement waits for
                kernel.waiting_for = waiting_for
