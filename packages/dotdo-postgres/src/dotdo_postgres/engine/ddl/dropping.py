"""Dropping objects with all that depends on them: refused without CASCADE, told in notices with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Noun, alter_noun, drop_noun
from dotdo_postgres.engine.catalog.dependencies import (
    Object,
    dependents,
    describe,
    needed,
    require_uncalled,
)
from dotdo_postgres.engine.ddl.definitions import with_facts, without_column
from dotdo_postgres.engine.objects.descent import family_of, is_partitioned
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import Notice, error

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.session import Session

_HINT = "Use DROP ... CASCADE to drop the dependent objects too."
_INTERNAL = frozenset({"constraint", "default", "trigger", "policy"})


def drop_objects(session: Session, names: Names, targets: list[Object], *, cascade: bool) -> None:
    """Drop objects and, with CASCADE, what depends on them.

    Raises:
        PostgresError: something depends on them and CASCADE was not written (2BP01).
    """
    targets = _with_partitions(session, targets)
    wanted = {item.identity for item in targets}
    extra: list[tuple[Object, Object]] = []
    left = list(targets)
    seen = set(wanted)
    while left:
        item = left.pop(0)
        for other in dependents(names, item):
            if other.identity in seen or _goes_with(other, seen):
                continue
            seen.add(other.identity)
            extra.append((other, item))
            left.append(other)
    if extra and not cascade:
        raise _refusal(names, targets, extra)
    if extra:
        _tell(session, names, [item for item, _ in extra])
    items = [*targets, *(item for item, _ in extra)]
    gone = {item.noun.id for item in items if item.kind in {"relation", "type", "function"}}
    for item in items:
        if item.kind == "extension":
            require_uncalled(names, item.name, gone)
    _perform(session, items)


def _with_partitions(session: Session, targets: list[Object]) -> list[Object]:
    """Add the partitions of tables that are dropped, which go with them."""
    found = {item.identity: item for item in targets}
    for item in targets:
        if item.kind == "relation" and is_partitioned(item.noun):
            for noun in family_of(session.kernel.catalog, item.noun):
                found.setdefault(("relation", noun.id, ""), Object("relation", noun))
    return list(found.values())


def clear_dependents(
    session: Session, names: Names, target: Object, *, cascade: bool
) -> list[Object]:
    """Drop what depends on a part of a table that is about to go; return what belongs to the same table, for the caller to drop.

    Raises:
        PostgresError: something depends on it and CASCADE was not written (2BP01).
    """
    found: list[tuple[Object, Object]] = []
    seen = {target.identity}
    left = [target]
    while left:
        item = left.pop(0)
        for other in dependents(names, item):
            if other.identity not in seen:
                seen.add(other.identity)
                found.append((other, item))
                left.append(other)
    if found and not cascade:
        raise _refusal(names, [target], found)
    if found:
        _tell(session, names, [item for item, _ in found])
    own = [item for item, _ in found if item.noun.id == target.noun.id]
    _perform(session, [item for item, _ in found if item.noun.id != target.noun.id])
    return own


def _goes_with(item: Object, seen: set[tuple[str, int, str]]) -> bool:
    """Tell whether an object goes with its table, which is dropped too."""
    return item.kind in {*_INTERNAL, "column"} and ("relation", item.noun.id, "") in seen


def _refusal(names: Names, targets: list[Object], extra: list[tuple[Object, Object]]) -> Exception:
    extra = extra[:100]
    lines = [
        f"{describe(names, item)} depends on {needed(names, item, owner)}" for item, owner in extra
    ]
    if len(targets) == 1:
        message = f"cannot drop {describe(names, targets[0])} because other objects depend on it"
    else:
        message = "cannot drop desired object(s) because other objects depend on them"
    return error("2BP01", message, detail="\n".join(lines), hint=_HINT)


def _tell(session: Session, names: Names, items: list[Object]) -> None:
    lines = [f"drop cascades to {describe(names, item)}" for item in items]
    if len(lines) == 1:
        session.notice("NOTICE", "00000", lines[0])
        return
    message = f"drop cascades to {len(lines)} other objects"
    session.notices.append(
        Notice(message, sqlstate="00000", severity="NOTICE", detail="\n".join(lines))
    )


def _perform(session: Session, items: list[Object]) -> None:  # noqa: C901 -- one step after the other
    """Drop what was chosen: parts of other tables first, then what reads tables, then tables, children first."""
    gone = {
        item.noun.id
        for item in items
        if item.kind in {"relation", "type", "function", "operator", "extension"}
    }
    gone |= {item.noun.id for item in items if item.kind == "sequence" and not item.name}
    for item in items:
        if item.kind in _PARTS and item.noun.id not in gone:
            _PARTS[item.kind](session, item)
    tables = [item.noun for item in items if item.kind == "relation" and item.noun.has_table]
    for item in items:
        if item.noun.id in gone and not item.noun.has_table:
            drop_noun(session.kernel, session.kernel.catalog.by_id[item.noun.id])
            gone.discard(item.noun.id)
    for noun in children_first(session, tables):
        owned = session.names.objects.sequences.values()
        drop_noun(session.kernel, session.kernel.catalog.by_id[noun.id])
        for sequence in owned:
            if (
                sequence.owner is not None
                and sequence.owner[0] == noun.id
                and sequence.column is None
            ):
                found = session.kernel.catalog.by_id.get(sequence.noun.id)
                if found is not None:
                    drop_noun(session.kernel, found)
    for item in items:
        if item.kind == "schema":
            found = session.kernel.catalog.by_id.get(item.noun.id)
            if found is not None:
                drop_noun(session.kernel, found)


def children_first(session: Session, nouns: list[Noun]) -> list[Noun]:
    """Order tables so that each comes before those it refers to; foreign keys that go round in a circle are dropped."""
    left, found = list(nouns), []
    while left:
        targets = {fk.target for n in left for fk in n.foreign_keys if fk.target != n.name}
        free = [n for n in left if n.name not in targets]
        if not free:
            noun = left[0]
            current = session.kernel.catalog.by_id[noun.id]
            for other in left:
                if any(fk.target == noun.name for fk in other.foreign_keys):
                    current = session.kernel.catalog.by_id[other.id]
                    kept = tuple(fk for fk in current.foreign_keys if fk.target != noun.name)
                    alter_noun(session.kernel, msgspec.structs.replace(current, foreign_keys=kept))
            left = [session.kernel.catalog.by_id[n.id] for n in left]
            continue
        found += free
        left = [noun for noun in left if noun not in free]
    return found


def _current(session: Session, item: Object) -> Noun:
    return session.kernel.catalog.by_id[item.noun.id]


def _drop_constraint(session: Session, item: Object) -> None:
    noun = _current(session, item)
    kept = tuple(fk for fk in noun.foreign_keys if fk.name != item.name)
    alter_noun(session.kernel, msgspec.structs.replace(noun, foreign_keys=kept))


def _drop_default(session: Session, item: Object) -> None:
    noun = _current(session, item)
    columns = tuple(_without_default(c) if c.name == item.name else c for c in noun.columns)
    alter_noun(session.kernel, msgspec.structs.replace(noun, columns=columns))


def _without_default(column: Any) -> Any:
    facts = {
        k: v
        for k, v in column.extra.get(EXTRA, {}).items()
        if k not in {"default", "sequence", "options"}
    }
    return msgspec.structs.replace(column, default=None, extra={**column.extra, EXTRA: facts})


def _drop_column(session: Session, item: Object) -> None:
    noun = _current(session, item)
    column = noun.column(item.name)
    if column is not None:
        alter_noun(session.kernel, without_column(noun, column))


def _drop_trigger(session: Session, item: Object) -> None:
    noun = _current(session, item)
    kept = {
        name: facts
        for name, facts in facts_of(noun).get("triggers", {}).items()
        if name != item.name
    }
    alter_noun(session.kernel, with_facts(noun, triggers=kept or None))


def _drop_policy(session: Session, item: Object) -> None:
    noun = _current(session, item)
    kept = {
        name: facts
        for name, facts in facts_of(noun).get("policies", {}).items()
        if name != item.name
    }
    alter_noun(session.kernel, with_facts(noun, policies=kept or None))


def _drop_serial(session: Session, item: Object) -> None:
    """The sequence of a serial column goes with the column's default."""
    noun = _current(session, item)
    columns = tuple(
        _without_default(c) if c.extra.get(EXTRA, {}).get("sequence") == item.name else c
        for c in noun.columns
    )
    alter_noun(session.kernel, msgspec.structs.replace(noun, columns=columns))


def _drop_own_sequence(session: Session, item: Object) -> None:
    if item.name:
        _drop_serial(session, item)


_PARTS = {
    "constraint": _drop_constraint, "default": _drop_default, "column": _drop_column, "trigger": _drop_trigger,
    "policy": _drop_policy, "sequence": _drop_own_sequence,
}  # fmt: skip
