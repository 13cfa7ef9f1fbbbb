"""Three-way, field-wise merges: what one branch changed since the common point, brought into another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
import orjson

from dotdo.errors import HistoryUnavailable, InvalidReference, MergeConflict
from dotdo.graph.fields import enter_fields
from dotdo.history.branching import Sync, last_merge, note_merge, origin_of
from dotdo.history.net import Difference, Fields, RowChange, Snapshots, split
from dotdo.history.transactions import head, horizon
from dotdo.sql import codec_of, stored_value
from dotdo.storage import Column, Noun, Session, alter_noun, create_noun, drop_noun, system
from dotdo.storage.names import quoted
from dotdo.values import Canonical, decode, encode

Policy = Literal["fail", "ours", "theirs"] | Callable[["Conflict"], Canonical]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where both branches changed the same differently.

    Args:
        noun: Name of the noun.
        id: Id of the thing; None when the definitions conflict.
        field: Name of the field; None when one side deleted the thing, or the definitions conflict.
        base: The value at the common point.
        ours: The value in the branch merged into.
        theirs: The value in the branch merged.
    """

    noun: str
    id: Canonical
    field: str | None
    base: Canonical
    ours: Canonical
    theirs: Canonical


@dataclass(frozen=True, slots=True)
class Merge:
    """The outcome of a merge.

    Args:
        created: Things that came.
        updated: Things that changed.
        deleted: Things that went.
        conflicts: What was decided by the policy.
    """

    created: int
    updated: int
    deleted: int
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The common point of two branches.

    Args:
        since: Position in their log after which rows count as changed.
        ours: Position in our log at which the base rows are read; None: in theirs at `since`.
    """

    since: int
    ours: int | None = None


def common_point(ours: Session, theirs: Session) -> Base:
    """Return the point that two branches of a tenant have in common last.

    Raises:
        InvalidReference: They have none.
        HistoryUnavailable: It lies before what is kept.
    """
    us, them = origin_of(ours), origin_of(theirs)
    if them.parent == us.branch:
        since = them.fork_seq
    elif us.parent == them.branch:
        since = us.fork_seq
    elif us.parent is not None and us.parent == them.parent:
        since = min(us.fork_seq, them.fork_seq)
    else:
        msg = f"{us.branch!r} and {them.branch!r} have no common point; merge through the branch between them"
        raise InvalidReference(msg)
    merged = last_merge(ours, them.branch)
    if merged is not None:
        since = max(since, merged.theirs)
    back = last_merge(theirs, us.branch)
    if since < horizon(theirs):
        msg = f"{them.branch!r} was compacted since the common point"
        raise HistoryUnavailable(msg)
    if back is not None and back.ours > since:
        return Base(since, back.theirs)
    return Base(since)


def differences(ours: Session, theirs: Session) -> list[Difference]:
    """Return what `theirs` changed since the common point: what a merge into `ours` would bring."""
    base = common_point(ours, theirs)
    snapshots = Snapshots(theirs)
    found = []
    for change in snapshots.changes(base.since):
        if change.noun.id < system.FIRST_NOUN:
            continue
        before = snapshots.thing(change.noun, change.row, change.before)
        after = snapshots.thing(change.noun, change.row, change.after)
        verb = "created" if before is None else "deleted" if after is None else "updated"
        shown = after or before
        assert shown is not None
        found.append(
            Difference(
                change.noun.name,
                shown.id,
                verb,
                before,
                after,
                sorted(map(field_name, change.changed)),
            )
        )
    return found


def field_name(name: str) -> str:
    """Return a field's name as users know it."""
    return name.removeprefix("$.")


class Merger:
    """One merge of `theirs` into `ours`.

    Args:
        ours: Writes the branch merged into; a transaction is open.
        theirs: Reads the branch merged.
        policy: What decides conflicts.
    """

    def __init__(self, ours: Session, theirs: Session, policy: Policy) -> None:
        self._ours, self._theirs, self._policy = ours, theirs, policy
        self._base = common_point(ours, theirs)
        self._mine, self._their = Snapshots(ours), Snapshots(theirs)
        self._conflicts: list[Conflict] = []
        self._counts = {"created": 0, "updated": 0, "deleted": 0}
        self._verbs: dict[int, int] = {}  # their number -> ours
        self._nouns: dict[int, int] = {}  # their number -> ours
        self._rows: dict[tuple[int, int], int] = {}  # our noun, their row -> our row

    def run(self) -> Merge:
        """Bring their changes in.

        Raises:
            MergeConflict: The policy is `fail` and there are conflicts.
            ConstraintViolation: The result breaks a constraint.
        """
        position = head(self._theirs)
        self._merge_definitions()
        self._merge_verbs()
        changes = [c for c in self._their.changes(self._base.since) if c.noun.id != system.VERB]
        decided = [d for d in map(self._decide, changes) if d is not None]
        if self._conflicts and self._policy == "fail":
            msg = f"{len(self._conflicts)} conflicts; first: {self._conflicts[0]}"
            raise MergeConflict(msg, self._conflicts)
        self._ours.mutate(lambda: self._write_all(decided))
        branch = origin_of(self._theirs).branch
        self._ours.mutate(
            lambda: note_merge(self._ours, branch, Sync(position, head(self._ours) + 1))
        )
        return Merge(**self._counts, conflicts=tuple(self._conflicts))

    # --- definitions -------------------------------------------------------------------------

    def _merge_definitions(self) -> None:
        for noun in sorted(self._theirs.catalog.by_id.values(), key=lambda noun: noun.id):
            self._merge_definition(noun)
        number: int
        for (number,) in self._theirs.read(
            "select distinct noun from _schema where seq > ? and def is null", (self._base.since,)
        ):
            mine = self._ours.catalog.by_id.get(number)
            base = self._their.reader.noun_at(number, self._base.since)
            if mine is not None and base is not None and mine.id not in self._theirs.catalog.by_id:
                drop_noun(self._ours, mine)

    def _merge_definition(self, theirs: Noun) -> None:
        catalog = self._ours.catalog
        mine = catalog.by_id.get(theirs.id) or catalog.noun(theirs.name)
        base = self._their.reader.noun_at(theirs.id, self._base.since)
        if mine is None and base is None:
            self._nouns[theirs.id] = create_noun(self._ours, theirs).id
        elif mine is not None:
            self._nouns[theirs.id] = mine.id
            wanted = msgspec.structs.replace(theirs, id=mine.id)
            if wanted in (mine, base):
                return
            if base is None or mine != base:
                wanted = self._joined(mine, theirs, base)
            if wanted != mine:
                alter_noun(self._ours, wanted)

    def _joined(self, mine: Noun, theirs: Noun, base: Noun | None) -> Noun:
        """Return our definition with what theirs adds; anything else that differs is a conflict."""
        added = tuple(c for c in theirs.columns if c.column not in {m.column for m in mine.columns})
        if base is not None:
            added = tuple(c for c in added if c.column not in {b.column for b in base.columns})
        indexes = tuple(i for i in theirs.indexes if i.name not in {m.name for m in mine.indexes})
        for column in theirs.columns:
            same = next((m for m in mine.columns if m.column == column.column), column)
            if same != column and (base is None or column not in base.columns):
                self._conflicts.append(Conflict(mine.name, None, column.name, None, same, column))
        return msgspec.structs.replace(
            mine, columns=(*mine.columns, *added), indexes=(*mine.indexes, *indexes)
        )

    def _merge_verbs(self) -> None:
        """Verbs are the same when their action is; those that only they have come with their numbers."""
        mine: dict[str, int] = dict(self._ours.read("select action, id from _verb"))
        number: int
        for number, action, text in self._theirs.read("select id, action, def from _verb"):
            if action not in mine:
                self._ours.write(
                    "insert into _verb(id, action, def) values (?, ?, ?)", (number, action, text)
                )
            self._verbs[number] = mine.get(action, number)

    # --- rows --------------------------------------------------------------------------------

    def _decide(self, change: RowChange) -> tuple[Noun, int, Fields | None, Fields | None] | None:
        """Return (noun, row, our fields, wanted fields), None when nothing is to be done."""
        noun = self._ours.catalog.by_id.get(self._nouns.get(change.noun.id, change.noun.id))
        if noun is None:
            return None
        row, mine = self._counterpart(noun, change)
        base, theirs = change.before, change.after
        if self._base.ours is not None:
            base = self._mine.at(noun, row, self._base.ours)
        if mine == theirs or theirs == base:
            return None
        if mine == base:
            return noun, row, mine, theirs
        if mine is None or theirs is None:
            return self._decide_deleted(noun, row, base, mine, theirs)
        return noun, row, mine, self._joined_fields(noun, row, base or {}, mine, theirs)

    def _counterpart(self, noun: Noun, change: RowChange) -> tuple[int, Fields | None]:
        """Return our row of the same thing: that of the same row id, else that of the same key."""
        mine = self._mine.current(noun, change.row)
        if (
            mine is not None
            or change.before is not None
            or change.after is None
            or not noun.has_hidden_rowid
        ):
            return change.row, mine
        names = ("id",) if noun.layout == "document" else noun.key
        if not names:
            return change.row, None
        condition = " and ".join(f"{quoted(name)} = ?" for name in names)
        rows = self._ours.read(
            f"select {quoted(noun.rowid)} from {quoted(noun.table)} where {condition}",
            [change.after.get(name) for name in names],
        )
        if not rows:
            return change.row, None
        row = rows[0][0]
        self._rows[noun.id, change.row] = row
        return row, self._mine.current(noun, row)

    def _decide_deleted(
        self, noun: Noun, row: int, base: Fields | None, mine: Fields | None, theirs: Fields | None
    ) -> tuple[Noun, int, Fields | None, Fields | None] | None:
        """One side deleted what the other changed."""
        shown = [self._mine.thing(noun, row, fields) for fields in (base, mine, theirs)]
        identity = next(thing.id for thing in shown if thing is not None)
        conflict = Conflict(noun.name, identity, None, *shown)
        self._conflicts.append(conflict)
        if self._policy in ("ours", "fail"):
            return None
        if self._policy == "theirs":
            return noun, row, mine, theirs
        assert callable(self._policy)
        chosen = self._policy(conflict)
        return None if chosen is conflict.ours else (noun, row, mine, theirs)

    def _joined_fields(
        self, noun: Noun, row: int, base: Fields, mine: Fields, theirs: Fields
    ) -> Fields:
        """Return our fields with their changes; fields that both changed differently are conflicts."""
        joined = dict(mine)
        for name in theirs.keys() | base.keys():
            b, m, t = base.get(name), mine.get(name), theirs.get(name)
            if t in (b, m):
                continue
            joined[name] = t if m == b else self._decide_field(noun, row, mine, name, (b, m, t))
        return joined

    def _decide_field(
        self,
        noun: Noun,
        row: int,
        fields: Fields,
        name: str,
        values: tuple[Canonical, Canonical, Canonical],
    ) -> Canonical:
        thing = self._mine.thing(noun, row, fields)
        assert thing is not None
        shown = [_shown(noun, name, value) for value in values]
        conflict = Conflict(noun.name, thing.id, field_name(name), *shown)
        self._conflicts.append(conflict)
        if self._policy in ("ours", "fail"):
            return values[1]
        if self._policy == "theirs":
            return values[2]
        assert callable(self._policy)
        return _stored(noun, name, self._policy(conflict))

    # --- writing -----------------------------------------------------------------------------

    def _write_all(self, decided: list[tuple[Noun, int, Fields | None, Fields | None]]) -> None:
        """Deletes first, then updates, then inserts; relationships last, foreign keys are checked at the end."""
        self._ours.execute("pragma defer_foreign_keys = 1")
        self._counts = dict.fromkeys(self._counts, 0)
        order = {"deleted": 0, "updated": 1, "created": 2}

        def rank(item: tuple[Noun, int, Fields | None, Fields | None]) -> tuple[bool, int]:
            noun, _, mine, wanted = item
            return noun.id == system.RELATIONSHIP, order[_verb(mine, wanted)]

        for noun, row, mine, wanted in sorted(decided, key=rank):
            self._write(noun, row, mine, wanted)
            if noun.id != system.RELATIONSHIP:
                self._counts[_verb(mine, wanted)] += 1

    def _write(self, noun: Noun, row: int, mine: Fields | None, wanted: Fields | None) -> None:
        table, rowid = quoted(noun.table), quoted(noun.rowid)
        if wanted is None:
            self._ours.execute(f"delete from {table} where {rowid} = ?", (row,))
            return
        values = self._values(noun, wanted)
        if noun.layout == "document":
            enter_fields(
                self._ours, noun.id, [name[2:] for name in wanted if name.startswith("$.")]
            )
        if mine is None:
            names = ", ".join([rowid, *(quoted(name) for name, _, _ in values)])
            marks = ", ".join(["?", *(mark for _, mark, _ in values)])
            self._ours.execute(
                f"insert into {table}({names}) values ({marks})", [row, *(v for _, _, v in values)]
            )
            return
        sets = ", ".join(f"{quoted(name)} = {mark}" for name, mark, _ in values)
        if noun.layout == "document":
            sets += ", bson = null"
        self._ours.execute(
            f"update {table} set {sets} where {rowid} = ?", [*(v for _, _, v in values), row]
        )

    def _values(self, noun: Noun, wanted: Fields) -> list[tuple[str, str, Canonical]]:
        columns, members = split(wanted)
        if noun.id == system.RELATIONSHIP:
            columns = self._mapped(columns)
        known = {c.column for c in noun.columns if c.generated is None} | {"_visibility", "id"}
        json_columns = {c.column for c in noun.columns if c.type == "jsonb"}
        values = [
            (name, "jsonb(?)" if name in json_columns else "?", value)
            for name, value in columns.items()
            if name in known
        ]
        if noun.layout == "document":
            values.append(("data", "jsonb(?)", orjson.dumps(members).decode()))
        elif noun.id != system.RELATIONSHIP:
            values.append(
                ("_extra", "jsonb(?)", orjson.dumps(members).decode() if members else None)
            )
        return values

    def _mapped(self, columns: dict[str, Canonical]) -> dict[str, Canonical]:
        """Return a relationship's ends as our nouns and rows."""
        verb, form = divmod(columns["verb"], 4)
        mapped = columns | {"verb": self._verbs.get(verb, verb) * 4 + form}
        for end in ("src", "dst"):
            number: int = columns[f"{end}_noun"]
            noun = self._nouns.get(number, number)
            mapped[f"{end}_noun"] = noun
            mapped[end] = self._rows.get((noun, columns[end]), columns[end])
        return mapped


def _verb(mine: Fields | None, wanted: Fields | None) -> str:
    return "created" if mine is None else "deleted" if wanted is None else "updated"


def _column(noun: Noun, name: str) -> Column | None:
    return next((column for column in noun.columns if column.column == name), None)


def _shown(noun: Noun, name: str, value: Canonical) -> Canonical:
    """Return a stored value as users know it."""
    column = _column(noun, name)
    if value is None or (column is None and not name.startswith("$.")):
        return value
    reader = decode if column is None else codec_of(column.type).to_python
    return value if reader is None else reader(value)


def _stored(noun: Noun, name: str, value: Canonical) -> Canonical:
    """Return a value that a policy chose in stored form."""
    column = _column(noun, name)
    if column is not None:
        return stored_value(column, value)
    return encode(value) if value is not None and name.startswith("$.") else value
