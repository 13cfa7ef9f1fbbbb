"""Three-way merges of definitions: what one branch changed of its nouns, brought into another."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from dotdo.history.ancestry import Base
from dotdo.history.conflicts import Conflict, Conflicts
from dotdo.history.entries import Reader
from dotdo.storage import (
    Noun,
    Session,
    alter_noun,
    create_noun,
    decode_noun,
    drop_noun,
    system,
)

T = TypeVar("T")
_KEYED = {
    "columns": "column",
    "uniques": "name",
    "checks": "name",
    "foreign_keys": "name",
    "indexes": "name",
}
_WHOLE = ("name", "key", "key_name", "search", "retention", "extra")


class DefinitionMerger:
    """Brings their definitions into ours.

    Args:
        ours: Writes the branch merged into.
        theirs: Reads the branch merged.
        base: Their common point.
        conflicts: Decides.
    """

    def __init__(self, ours: Session, theirs: Session, base: Base, conflicts: Conflicts) -> None:
        self._ours, self._theirs = ours, theirs
        self._base, self._conflicts = base, conflicts
        self._then = Reader(ours if base.is_ours else theirs)
        self.nouns: dict[int, int] = {}  # their number -> ours
        self.left_alone: set[int] = set()  # our numbers of nouns whose rows are not merged

    def run(self) -> None:
        """Create, alter and drop nouns of ours as they did theirs."""
        present = self._theirs.catalog.by_id
        for noun in sorted(present.values(), key=lambda noun: noun.id):
            if noun.id >= system.FIRST_NOUN:
                self._merge(noun)
        gone = self._theirs.read(
            "select distinct noun from _schema where seq > ? and def is null", (self._base.theirs,)
        )
        for (number,) in gone:
            mine = self._ours.catalog.by_id.get(number)
            if mine is not None and number not in present:
                self._drop(mine)

    def _base_of(self, number: int) -> Noun | None:
        return self._then.noun_at(
            number, self._base.ours if self._base.is_ours else self._base.theirs
        )

    def _merge(self, theirs: Noun) -> None:
        catalog = self._ours.catalog
        base = self._base_of(theirs.id)
        mine = catalog.by_id.get(theirs.id) or catalog.noun(theirs.name)
        if mine is None:
            self._merge_missing(theirs, base)
            return
        self.nouns[theirs.id] = mine.id
        if base is not None and mine == base:
            for definition, filled in self._versions(theirs.id):
                alter_noun(self._ours, definition, filled)
            return
        wanted = self._joined(mine, theirs, base)
        if wanted != mine:
            filled = {}
            for _, expressions in self._versions(theirs.id):
                filled |= expressions or {}
            added = {c.column for c in wanted.columns} - {c.column for c in mine.columns}
            alter_noun(self._ours, wanted, {k: v for k, v in filled.items() if k in added})

    def _merge_missing(self, theirs: Noun, base: Noun | None) -> None:
        """We have no such noun: they created it, or we dropped it."""
        if base is not None:
            is_changed = theirs != base or _has_changed(self._theirs, theirs.id, self._base.theirs)
            conflict = Conflict(theirs.name, None, None, base, None, theirs)
            if not is_changed or not self._conflicts.takes_theirs(conflict):
                self.left_alone.add(theirs.id)
                return
        self.nouns[theirs.id] = create_noun(self._ours, theirs).id

    def _drop(self, mine: Noun) -> None:
        """They dropped a noun of ours."""
        base = self._base_of(mine.id)
        is_changed = mine != base or _has_changed(self._ours, mine.id, self._base.ours)
        conflict = Conflict(mine.name, None, None, base, mine, None)
        if is_changed and not self._conflicts.takes_theirs(conflict):
            self.left_alone.add(mine.id)
            return
        drop_noun(self._ours, mine)

    def _versions(self, number: int) -> list[tuple[Noun, dict[str, str] | None]]:
        """Return the definitions that they gave the noun since, each with how it filled columns."""
        rows = self._theirs.read(
            "select def, filled from _schema where noun = ? and seq > ? and def is not null order by seq",
            (number, self._base.theirs),
        )
        return [
            (decode_noun(text), None if filled is None else msgspec.json.decode(filled))
            for text, filled in rows
        ]

    def _joined(self, mine: Noun, theirs: Noun, base: Noun | None) -> Noun:
        """Return our definition with what they changed of it."""
        parts: dict[str, object] = {}
        for part, key in _KEYED.items():
            b, m, t = (_keyed(noun, part, key) for noun in (base, mine, theirs))
            chosen = [
                self._joined_part(mine.name, name, b.get(name), m.get(name), t.get(name))
                for name in dict.fromkeys([*m, *t])
            ]
            parts[part] = tuple(value for value in chosen if value is not None)
        for part in _WHOLE if base is not None else ():
            b, m, t = (getattr(noun, part) for noun in (base, mine, theirs))
            parts[part] = self._joined_part(mine.name, part, b, m, t)
        return msgspec.structs.replace(mine, **parts)

    def _joined_part(self, noun: str, name: str, base: T, mine: T, theirs: T) -> T:
        if theirs in (base, mine):
            return mine
        if mine == base:
            return theirs
        chosen: T = self._conflicts.decide(Conflict(noun, None, name, base, mine, theirs))
        return chosen


def _keyed(noun: Noun | None, part: str, key: str) -> Mapping[str, object]:
    return {} if noun is None else {getattr(item, key): item for item in getattr(noun, part)}


def _has_changed(session: Session, number: int, since: int) -> bool:
    """Rows of the noun were written after a log position."""
    sql = "select 1 from _log where seq > ? and noun = ? and op between 1 and 4 limit 1"
    return bool(session.read(sql, (since, number)))
