"""A simple query in-process: its statements one after another, from where it stopped when one had to wait."""

from collections.abc import Callable
from functools import partial

from dotdo_postgres.client import statements
from dotdo_postgres.client.copying import CopyResult
from dotdo_postgres.client.pgresult import PGresult
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.script import Script
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError

Run = Callable[[Prepared, Callable[[], Result]], Result]


class ScriptRun:
    """One simple query under way; call it again after it had to wait.

    Args:
        session: the engine's.
        sql: the statements.
        run: runs one of them.
        can_wait: in this thread, for other transactions.
    """

    def __init__(self, session: Session, sql: str, run: Run, *, can_wait: bool) -> None:
        self._session = session
        self._sql = sql
        self._run = run
        self._can_wait = can_wait
        self._script: Script | None = None
        self._results: list[PGresult] = []

    def __call__(self) -> list[PGresult]:
        """Run what is left; return the results, the last one of an error if there was any.

        Raises:
            PostgresError: the first statement failed.
            Blocked: one must wait.
        """
        try:
            script = self._script or Script(self._session, self._sql)
            self._script = script
            while not script.is_over:
                prepared = script.prepare()
                call = partial(script.run, prepared, wait=self._can_wait)
                result = self._run(prepared, call)
                if result.copy is not None:
                    return [*self._taken(), CopyResult(result, self)]
                self._results.append(statements.result_of(result, int(result.is_binary)))
            script.end(is_failed=False, wait=self._can_wait)
        except PostgresError as failure:
            self.abort()
            if not self._results:
                raise
            self._results.append(PGresult.failure(failure, self._sql))
        return self._taken()

    def _taken(self) -> list[PGresult]:
        taken, self._results = self._results, []
        return taken

    def abort(self) -> None:
        """Undo the statements that share a transaction with the one that failed."""
        self._session.fail()
        if self._script is not None:
            self._script.end(is_failed=True, wait=False)
