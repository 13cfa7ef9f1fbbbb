"""Three-way, field-wise merges: what one branch changed since the common point, brought into another."""

from dataclasses import dataclass
from typing import NamedTuple

from dotdo.history.ancestry import common_point
from dotdo.history.branching import Sync, note_merge, origin_of
from dotdo.history.conflicts import Conflict, Conflicts, Policy
from dotdo.history.merged_definitions import DefinitionMerger
from dotdo.history.merged_rows import Decision, RowWriter, outcome_of
from dotdo.history.net import Difference, Fields, RowChange, Snapshots, member_of
from dotdo.history.transactions import head
from dotdo.sql import codec_of, stored_value
from dotdo.storage import Column, Noun, Session, system
from dotdo.storage.names import quoted
from dotdo.values import Canonical, decode, encode


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


def differences(ours: Session, theirs: Session) -> list[Difference]:
    """Return what `theirs` changed since the common point: what a merge into `ours` would bring."""
    base, mine, their = common_point(ours, theirs), Snapshots(ours), Snapshots(theirs)
    found = []
    for change in their.changes(base.theirs, is_net=not base.is_ours):
        if base.is_ours and change.noun.id in ours.catalog.by_id:
            change.before = mine.at(change.noun, change.row, base.ours)
        if change.noun.id >= system.FIRST_NOUN and change.changed:
            found.append(_difference(their, change))
    return found


def _difference(their: Snapshots, change: RowChange) -> Difference:
    before = their.thing(change.noun, change.row, change.before)
    after = their.thing(change.noun, change.row, change.after)
    shown = after or before
    assert shown is not None
    verb = outcome_of(change.before, change.after)
    fields = sorted(map(member_of, change.changed))
    return Difference(change.noun.name, shown.id, verb, before, after, fields)


class _Ends(NamedTuple):
    """One side's view of a relationship's fields: which noun and row each end is."""

    noun: str
    row: str


_ENDS = (_Ends("src_noun", "src"), _Ends("dst_noun", "dst"))


class Merger:
    """One merge of `theirs` into `ours`.

    Args:
        ours: Writes the branch merged into; a transaction is open, which is undone when the merge fails.
        theirs: Reads the branch merged, in one snapshot.
        policy: What decides conflicts.
    """

    def __init__(self, ours: Session, theirs: Session, policy: Policy) -> None:
        self._ours, self._theirs = ours, theirs
        self._base = common_point(ours, theirs)
        self._conflicts = Conflicts(policy)
        self._mine, self._their = Snapshots(ours), Snapshots(theirs)
        self._definitions = DefinitionMerger(ours, theirs, self._base, self._conflicts)
        self._verbs: dict[int, int] = {}  # their number -> ours
        self._decisions: dict[tuple[int, int], Decision] = {}

    def run(self) -> Merge:
        """Bring their changes in.

        Raises:
            MergeConflict: The policy is `fail` and there are conflicts.
            ConstraintViolation: The result breaks a constraint.
        """
        self._ours.pin()
        theirs, before = head(self._theirs), head(self._ours)
        self._definitions.run()
        self._merge_verbs()
        changes = self._their.changes(self._base.theirs, is_net=not self._base.is_ours)
        for change in changes:
            if change.noun.id >= system.FIRST_NOUN:
                self._decide(change)
        for change in changes:
            if change.noun.id == system.RELATIONSHIP:
                self._decide(self._translated(change))
        self._keep_ends()
        self._conflicts.require_decided()
        writer = RowWriter(self._ours)
        self._ours.mutate(lambda: writer.write(list(self._decisions.values())))
        after = head(self._ours)
        sync = Sync(theirs, after if after == before else after + 1)
        uid = origin_of(self._theirs).uid
        self._ours.mutate(lambda: note_merge(self._ours, uid, sync))
        return Merge(**writer.counts, conflicts=tuple(self._conflicts.found))

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

    # --- which row of ours a row of theirs is ------------------------------------------------

    def _our_noun(self, number: int) -> Noun | None:
        if number in self._definitions.left_alone:
            return None
        return self._ours.catalog.by_id.get(self._definitions.nouns.get(number, number))

    def _our_row(self, noun: Noun, row: int, fields: Fields | None) -> int:
        """Return our row of the same thing: that of the same row id, else that of the same key."""
        if fields is None or not noun.has_hidden_rowid or self._mine.current(noun, row) is not None:
            return row
        names = ("id",) if noun.layout == "document" else noun.key
        values = [fields.get(name) for name in names]
        if not names or None in values:
            return row
        condition = " and ".join(f"{quoted(name)} = ?" for name in names)
        rows = self._ours.read(
            f"select {quoted(noun.rowid)} from {quoted(noun.table)} where {condition}", values
        )
        return rows[0][0] if rows else row

    def _translated(self, change: RowChange) -> RowChange:
        """Return a change of a relationship with its verb and ends numbered as ours."""
        before, after = self._relationship(change.before), self._relationship(change.after)
        return RowChange(change.noun, change.row, before, after)

    def _relationship(self, fields: Fields | None) -> Fields | None:
        if fields is None:
            return None
        verb, form = divmod(fields["verb"], 4)
        translated = fields | {"verb": self._verbs.get(verb, verb) * 4 + form}
        for end in _ENDS:
            theirs = self._theirs.catalog.by_id.get(fields[end.noun])
            mine = None if theirs is None else self._our_noun(theirs.id)
            if theirs is not None and mine is not None:
                current = self._their.current(theirs, fields[end.row])
                translated[end.noun] = mine.id
                translated[end.row] = self._our_row(mine, fields[end.row], current)
        return translated

    # --- what becomes of each row ------------------------------------------------------------

    def _decide(self, change: RowChange) -> None:
        """Note what is to become of our row of the thing, when anything is."""
        noun = self._our_noun(change.noun.id)
        if noun is None:
            return
        known = change.before or change.after or self._their.last(change.noun, change.row)
        row = self._our_row(noun, change.row, known)
        mine, base, theirs = self._mine.current(noun, row), change.before, change.after
        if self._base.is_ours:
            base = self._mine.at(noun, row, self._base.ours)
        if theirs in (mine, base):
            return
        if mine == base:
            wanted: Fields | None = theirs
        elif mine is None or theirs is None:
            shown = [self._mine.thing(noun, row, fields) for fields in (base, mine, theirs)]
            identity = next(thing.id for thing in shown if thing is not None)
            if not self._conflicts.takes_theirs(Conflict(noun.name, identity, None, *shown)):
                return
            wanted = theirs
        else:
            wanted = self._joined(noun, row, base or {}, mine, theirs)
        self._note(Decision(noun, row, mine, wanted))

    def _note(self, decision: Decision) -> None:
        self._decisions[decision.noun.id, decision.row] = decision

    def _joined(self, noun: Noun, row: int, base: Fields, mine: Fields, theirs: Fields) -> Fields:
        """Return our fields with their changes; fields that both changed differently are conflicts."""
        joined = dict(mine)
        for name in sorted(theirs.keys() | base.keys()):
            b, m, t = base.get(name), mine.get(name), theirs.get(name)
            is_gone = name not in mine and not name.startswith("$.")  # we dropped the column
            if is_gone or t in (b, m):
                continue
            joined[name] = t if m == b else self._decide_field(noun, row, mine, name, (b, m, t))
        return joined

    def _decide_field(
        self, noun: Noun, row: int, fields: Fields, name: str, values: tuple[Canonical, ...]
    ) -> Canonical:
        thing = self._mine.thing(noun, row, fields)
        assert thing is not None
        base, mine, theirs = (_shown(noun, name, value) for value in values)
        conflict = Conflict(noun.name, thing.id, member_of(name), base, mine, theirs)
        return _stored(noun, name, self._conflicts.decide(conflict))

    # --- relationships whose ends went -------------------------------------------------------

    def _keep_ends(self) -> None:
        """A relationship that one side made, of a thing that the other deleted, is a conflict."""
        for decision in list(self._decisions.values()):
            if decision.noun.id == system.RELATIONSHIP and decision.wanted is not None:
                self._keep_their_relationship(decision, decision.wanted)
            elif decision.noun.id != system.RELATIONSHIP and decision.wanted is None:
                self._keep_our_relationships(decision)

    def _keep_their_relationship(self, decision: Decision, fields: Fields) -> None:
        for end in _ENDS:
            if fields[end.noun] is None or self._will_exist(fields[end.noun], fields[end.row]):
                continue
            noun = self._our_noun(fields[end.noun])
            restored = None if noun is None else self._their.current(noun, fields[end.row])
            conflict = Conflict(decision.noun.name, decision.row, end.row, None, None, fields)
            if self._conflicts.takes_theirs(conflict) and noun is not None and restored is not None:
                self._note(Decision(noun, fields[end.row], None, restored))
            else:
                self._decisions.pop((decision.noun.id, decision.row), None)

    def _keep_our_relationships(self, deletion: Decision) -> None:
        """They deleted a thing that relationships of ours lead to or from."""
        kernel_noun = self._ours.catalog.by_id[system.RELATIONSHIP]
        rows = self._ours.read(
            "select id, 'src' from _rel where src_noun = ?1 and src = ?2"
            " union all select id, 'dst' from _rel where dst_noun = ?1 and dst = ?2",
            (deletion.noun.id, deletion.row),
        )
        for number, end in rows:
            decided = self._decisions.get((kernel_noun.id, number))
            if decided is not None and decided.wanted is None:
                continue
            fields = self._mine.current(kernel_noun, number)
            conflict = Conflict(kernel_noun.name, number, end, None, fields, None)
            if self._conflicts.takes_theirs(conflict):
                self._note(Decision(kernel_noun, number, fields, None))
            else:
                self._decisions.pop((deletion.noun.id, deletion.row), None)

    def _will_exist(self, number: int, row: int) -> bool:
        decided = self._decisions.get((number, row))
        if decided is not None:
            return decided.wanted is not None
        noun = self._our_noun(number)
        return noun is not None and self._mine.current(noun, row) is not None


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
