"""Statements that waited under READ COMMITTED: when they run again, they look only at the rows of their first run."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from dotdo.storage import Blocked, TurnOver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


@contextmanager
def rechecking(session: Session) -> Iterator[None]:
    """Keep the rows of the first run for as long as the statement waits and runs again, and no longer."""
    kernel = session.kernel
    if not session.is_retrying:
        kernel.attempted = None
    try:
        yield
    except (Blocked, TurnOver):
        raise
    except BaseException:
        kernel.attempted = None
        raise
    kernel.attempted = None


def may_change(session: Session, noun: int, row_id: int) -> bool:
    """Tell whether a statement may change a row: the one of a client that runs again may not where it did not at first."""
    attempted = session.kernel.attempted
    return attempted is None or session.depth > 0 or row_id in attempted.get(noun, ())


def write_again(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> list[tuple[StorageValue, ...]]:
    """Run an UPDATE or a DELETE of one table that SQLite does at once; as `rechecking`, written out for speed."""
    kernel = session.kernel
    used = params if prepared.parameters == len(params) else params[: prepared.parameters]
    if session.depth:
        return kernel.write(prepared.sql, used, planned_for=prepared.catalog, wait=wait)
    if kernel.attempted is not None and not session.is_retrying:
        kernel.attempted = None
    try:
        rows = kernel.write(
            prepared.sql,
            used,
            planned_for=prepared.catalog,
            wait=wait,
            again=partial(_again, prepared, params),
        )
    except (Blocked, TurnOver):
        raise
    except BaseException:
        kernel.attempted = None
        raise
    if kernel.attempted is not None:
        kernel.attempted = None
    return rows


def _again(
    prepared: Prepared, params: Sequence[StorageValue], attempted: dict[int, set[int]]
) -> tuple[str, Sequence[StorageValue]]:
    if "recheck" not in prepared.detail:
        prepared.detail["recheck"] = prepared.detail["rechecked"]()
    rows = sorted(attempted.get(prepared.detail["relation"].noun.id, ()))
    return prepared.detail["recheck"], [*params, json.dumps(rows)]
