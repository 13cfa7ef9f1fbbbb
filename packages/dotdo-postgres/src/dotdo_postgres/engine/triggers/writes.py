"""A write that fires triggers as planned, and one run of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.triggers.firing import (
    DELETE,
    INSERT,
    UPDATE,
    Trigger,
    fitting,
)
from dotdo_postgres.engine.udf.rowvalues import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.triggers.rows import RowWriter, Values
    from dotdo_postgres.engine.udf.rowvalues import Fields
    from dotdo_postgres.mapping.codecs import StorageValue


TAGS = {INSERT: "INSERT 0", UPDATE: "UPDATE", DELETE: "DELETE"}


@dataclass(slots=True)
class Write:
    """A write as planned.

    Args:
        event: INSERT, UPDATE or DELETE.
        relation: The table or view.
        writer: Writes its rows; None for a view, whose triggers do.
        source: Gives the rows: of INSERT the values by `places`; of UPDATE and DELETE the row id, the row, the new values, others.
        places: Of INSERT: which columns the source gives; of UPDATE: which columns are assigned.
        sequences: Of INSERT: columns numbered by a sequence that the source leaves out.
        conflict: Of INSERT: what ON CONFLICT does, None without.
        returning: What RETURNING gives of the rows, None without.
        others: How many values of other tables follow in the source.
        is_part: It is a step of a write to a table that this one descends from: statement triggers are that one's.
    """

    event: int
    relation: Relation
    writer: RowWriter | None
    source: Prepared
    places: tuple[int, ...]
    sequences: tuple[tuple[int, str], ...] = ()
    conflict: Conflicting | None = None
    returning: Returning | None = None
    others: int = 0
    is_part: bool = False


@dataclass(slots=True)
class Returning:
    """RETURNING as planned: reads the changed rows under a name, with the columns of other tables behind.

    Args:
        prepared: The query; it takes the statement's own parameters.
        table: Where the rows are put.
        width: How many columns they have.
        checks: Its last columns are checks, which are not shown.
    """

    prepared: Prepared
    table: str
    width: int
    checks: int = 0


@dataclass(slots=True)
class Conflicting:
    """ON CONFLICT as planned.

    Args:
        columns: Of the constraint meant, empty for any.
        update: Finds the row in the way and its new values, given the row that was to be inserted; None: nothing is done.
        table: Where that row is put.
        places: Which columns are assigned.
    """

    columns: tuple[str, ...]
    update: Prepared | None = None
    table: str = ""
    places: tuple[int, ...] = ()


@dataclass(slots=True)
class Run:
    """One run of a write."""

    session: Session
    write: Write
    params: Sequence[StorageValue]
    fields: Fields
    shown: list[Values] = field(default_factory=list)
    events: list[tuple[int, Row | None, Row | None]] = field(default_factory=list)
    changed: tuple[int, ...] = ()
    count: int = 0
    touched: set[Any] = field(default_factory=set)

    def triggers(self, time: int, level: int, event: int) -> list[Trigger]:
        """Return the triggers for an event of this write."""
        return fitting(self.session, self.write.relation, time, level, event, self.changed)

    def row(self, values: Values) -> Row:
        """Return values as a row of the relation."""
        return Row(self.fields, values)
