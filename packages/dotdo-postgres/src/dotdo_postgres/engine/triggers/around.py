"""A write to a table with descendants between the statement triggers of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo_postgres.engine.atomic import atomically
from dotdo_postgres.engine.triggers.firing import (
    BEFORE,
    applies,
    fire,
    fitting,
)
from dotdo_postgres.engine.udf.running import run_step
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.plan import Prepared, Result
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


@dataclass(slots=True)
class Around:
    """A write to a table with descendants: what is done to them, and whose statement triggers fire around it."""

    relation: Relation
    event: int
    inner: Prepared
    changed: tuple[int, ...] = ()


def run_around(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run a write to a table with descendants between the statement triggers of the table."""
    around: Around = prepared.detail

    def work() -> Result:
        _fire_around(session, around, BEFORE)
        result = run_step(session, around.inner, params)
        _fire_around(session, around, 0)
        return result

    return atomically(session, work, planned_for=prepared.catalog, wait=wait)


def _fire_around(session: Session, around: Around, time: int) -> None:
    for trigger in fitting(session, around.relation, time, 0, around.event, around.changed):
        if {"old_table", "new_table"} & trigger.facts.keys():
            raise not_supported("transition tables of a table with descendants")
        if applies(session, trigger, None, None):
            fire(session, trigger, around.event, None, None)
