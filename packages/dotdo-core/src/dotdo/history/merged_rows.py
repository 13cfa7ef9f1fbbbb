"""The writing of a merge's rows, in an order that foreign keys and unique values allow."""

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from dotdo.errors import MergeConflict
from dotdo.graph.fields import enter_fields
from dotdo.history.conflicts import Conflict
from dotdo.history.net import Fields, container_of, split
from dotdo.history.transactions import head
from dotdo.storage import Noun, Session, system
from dotdo.storage.names import quoted
from dotdo.values import Canonical


class Decision(NamedTuple):
    """What is to become of one row of ours.

    Args:
        noun: Its noun.
        row: Its row id.
        mine: Its fields now; None when there is none.
        wanted: Its fields afterward; None when there is to be none.
    """

    noun: Noun
    row: int
    mine: Fields | None
    wanted: Fields | None


def outcome_of(before: object, after: object) -> str:
    """Return `created`, `updated` or `deleted`."""
    return "created" if before is None else "deleted" if after is None else "updated"


class RowWriter:
    """Writes rows as a merge decided.

    Args:
        session: Writes; to be used within `mutate`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.counts = {"created": 0, "updated": 0, "deleted": 0}

    def write(self, decisions: list[Decision]) -> None:
        """Write deletes first, then updates, then inserts; foreign keys are checked when the transaction ends.

        Raises:
            MergeConflict: A foreign key would take rows along that only our branch made or changed.
        """
        self._session.execute("pragma defer_foreign_keys = 1")
        start = head(self._session)
        by_outcome: dict[str, list[Decision]] = {"deleted": [], "updated": [], "created": []}
        for decision in decisions:
            by_outcome[outcome_of(decision.mine, decision.wanted)].append(decision)
        for decision in by_outcome["deleted"]:
            self._delete(decision)
        self._update_all(by_outcome["updated"])
        for decision in by_outcome["created"]:
            self._insert(decision)
        self._check_followers(start, decisions)
        self.counts = {
            outcome: sum(d.noun.id != system.RELATIONSHIP for d in those)
            for outcome, those in by_outcome.items()
        }

    def _delete(self, decision: Decision) -> None:
        table, rowid = quoted(decision.noun.table), quoted(decision.noun.rowid)
        self._session.execute(f"delete from {table} where {rowid} = ?", (decision.row,))

    def _update_all(self, decisions: list[Decision]) -> None:
        """Update rows, those whose unique values are still in use after those that give them free."""
        waiting = decisions
        while waiting:
            late = [d for d in waiting if not self._update(d, "or ignore")]
            if len(late) == len(waiting):
                for decision in late:
                    self._update(decision, "")
                return
            waiting = late

    def _update(self, decision: Decision, resolution: str) -> bool:
        noun, row, _, wanted = decision
        assert wanted is not None
        values = self._values(noun, wanted)
        sets = [f"{quoted(name)} = {mark}" for name, mark, _ in values]
        if noun.layout == "document":
            sets.append("bson = null")
        found = self._session.execute(
            f"update {resolution} {quoted(noun.table)} set {', '.join(sets)}"
            f" where {quoted(noun.rowid)} = ? returning true",
            [*(value for _, _, value in values), row],
        )
        return bool(found)

    def _insert(self, decision: Decision) -> None:
        noun, row, _, wanted = decision
        assert wanted is not None
        values = [(noun.rowid, "?", row), *self._values(noun, wanted)]
        names = ", ".join(quoted(name) for name, _, _ in values)
        marks = ", ".join(mark for _, mark, _ in values)
        self._session.execute(
            f"insert into {quoted(noun.table)}({names}) values ({marks})",
            [value for _, _, value in values],
        )

    def _values(self, noun: Noun, wanted: Fields) -> Iterable[tuple[str, str, Canonical]]:
        """Return (column, placeholder, value) for everything that a row of the noun holds."""
        columns, members = split(wanted)
        known = {c.column for c in noun.columns if c.generated is None} | {"_visibility", "id"}
        json_columns = {c.column for c in noun.columns if c.type == "jsonb"}
        values = [
            (name, "jsonb(?)" if name in json_columns else "?", value)
            for name, value in columns.items()
            if name in known
        ]
        if noun.layout == "document":
            enter_fields(self._session, noun.id, members)
        document = members or noun.layout == "document"
        text = orjson.dumps(members).decode() if document else None
        return [*values, (container_of(noun), "jsonb(?)", text)]

    def _check_followers(self, start: int, decisions: list[Decision]) -> None:
        """See that no row went or changed but those decided about."""
        decided = {(d.noun.id, d.row) for d in decisions}
        rows = self._session.execute(
            "select distinct noun, id from _log where seq > ? and op between 1 and 3", (start,)
        )
        catalog = self._session.catalog.by_id
        followers = [
            Conflict(catalog[noun].name, row, None, None, None, None)
            for noun, row in rows
            if (noun, row) not in decided
        ]
        if followers:
            msg = f"{len(followers)} rows would follow rows that the other branch deleted; first: {followers[0]}"
            raise MergeConflict(msg, followers)
