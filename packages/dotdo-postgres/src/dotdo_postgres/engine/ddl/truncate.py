"""TRUNCATE: rows of several tables at once, with CASCADE and RESTART IDENTITY."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage.names import quoted
from dotdo_postgres.engine.atomic import atomically
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import has_children, is_partitioned, members_of
from dotdo_postgres.engine.objects.kept import kind_of
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


def plan_truncate(planner: Planner, node: Node) -> Prepared:
    """Plan TRUNCATE.

    Raises:
        PostgresError: no such table (42P01), not a table (42809), other tables refer to it (0A000).
    """
    binder = planner.binder()
    wanted: dict[str, Noun] = {}
    for item in node["relations"]:
        noun = planner.names.table(item["RangeVar"])
        if noun is None:
            place_free = {k: v for k, v in item["RangeVar"].items() if k != "location"}
            binder.relation(place_free | {"location": -1})  # raises what is wrong with the name
            raise error("42809", f'"{item["RangeVar"]["relname"]}" is not a table')
        if kind_of(noun) != "r":
            raise error("42809", f'"{item["RangeVar"]["relname"]}" is not a table')
        is_whole = bool(item["RangeVar"].get("inh"))
        own = planner.names.temporary
        members = members_of(planner.catalog, noun, own) if is_whole else [noun]
        is_only = is_partitioned(noun) and not item["RangeVar"].get("inh")
        if is_only and has_children(planner.catalog, noun):
            hint = (
                "Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions directly."
            )
            raise error("42809", "cannot truncate only a partitioned table", hint=hint)
        wanted |= {member.name: member for member in members}
    named = set(wanted)
    _add_children(planner, wanted, cascade=node.get("behavior") == "DROP_CASCADE")
    prepared = Prepared(None, (), "TRUNCATE TABLE", _truncate, catalog=planner.catalog)
    cascaded = [split_name(name)[1] for name in wanted if name not in named]
    prepared.detail = (
        _order(list(wanted.values())),
        bool(node.get("restart_seqs")),
        cascaded,
    )
    return prepared


def _add_children(planner: Planner, wanted: dict[str, Noun], *, cascade: bool) -> None:
    grown = True
    while grown:
        grown = False
        for other in planner.catalog.nouns:
            fk = next((fk for fk in other.foreign_keys if fk.target in wanted), None)
            if fk is None or other.name in wanted:
                continue
            if not cascade:
                here, there = split_name(other.name)[1], split_name(fk.target)[1]
                raise error(
                    "0A000",
                    "cannot truncate a table referenced in a foreign key constraint",
                    detail=f'Table "{here}" references "{there}".',
                    hint=f'Truncate table "{here}" at the same time, or use TRUNCATE ... CASCADE.',
                )
            wanted[other.name] = other
            grown = True


def _order(nouns: list[Noun]) -> list[Noun]:
    """Order tables so that each comes before those it refers to; in a circle any order, foreign keys decide."""
    left, found = list(nouns), []
    while left:
        targets = {fk.target for n in left for fk in n.foreign_keys if fk.target != n.name}
        free = [n for n in left if n.name not in targets] or left
        found += free
        left = [noun for noun in left if noun not in free]
    return found


def _truncate(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    kernel = session.kernel
    nouns, restarts, cascaded = prepared.detail

    def work() -> None:
        for noun in nouns:
            session.trigger_plans.truncating(session, noun, is_before=True)
        for noun in nouns:
            kernel.execute(f"delete from {quoted(noun.table)}")  # noqa: S608 -- quoted
        for noun in nouns:
            session.trigger_plans.truncating(session, noun, is_before=False)

    atomically(session, work, planned_for=prepared.catalog, wait=wait)
    for name in cascaded:
        session.notice("NOTICE", "00000", f'truncate cascades to table "{name}"')
    if restarts:
        numbers = {noun.id for noun in nouns}
        for sequence in session.names.objects.sequences.values():
            if sequence.owner is not None and sequence.owner[0] in numbers:
                session.sequences.set(sequence, sequence.start, is_called=False)
    return Result(None, [], "TRUNCATE TABLE")
