"""Which writes fire triggers, and the plans of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.dml.insert import plan_insert
from dotdo_postgres.engine.dml.spread import has_family
from dotdo_postgres.engine.dml.update import plan_delete, plan_update
from dotdo_postgres.engine.objects.descent import is_partitioned
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import Relation, relation_of
from dotdo_postgres.engine.triggers.around import Around, run_around
from dotdo_postgres.engine.triggers.by_rows import plan_by_rows
from dotdo_postgres.engine.triggers.cascading import followers
from dotdo_postgres.engine.triggers.definitions import (
    BEFORE,
    DELETE,
    INSERT,
    INSTEAD,
    ROW,
    TRUNCATE,
    UPDATE,
)
from dotdo_postgres.engine.triggers.firing import applies, fire, fitting, has_triggers
from dotdo_postgres.engine.triggers.merging import MergeByRows
from dotdo_postgres.engine.triggers.planning import (
    Node,
    is_view,
    plan_triggered_change,
    plan_triggered_insert,
)
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session


def triggered_relation(planner: Planner, node: Node) -> Relation | None:
    """Return the table or view that a write names when it has triggers, None otherwise."""
    noun = planner.names.table(node)
    if noun is None or not has_triggers(planner.catalog, noun) or planner.may_write_materialized:
        return None
    if kind_of(noun) == "v" and not _has_instead(noun):
        return None
    return relation_of(noun)


def _has_instead(noun: Noun) -> bool:
    return any(facts["type"] & 64 for facts in noun.extra["postgres"]["triggers"].values())


def _is_for(relation: Relation, event: int) -> bool:
    """Tell whether a view's triggers do what is asked; those of a table always fire."""
    kinds = [
        facts["type"] for facts in relation.noun.extra["postgres"].get("triggers", {}).values()
    ]
    return not is_view(relation) or any(kind & INSTEAD and kind & event for kind in kinds)


_EVENTS = {"INSERT": INSERT, "UPDATE": UPDATE, "DELETE": DELETE}


class TriggerPlans:
    """Plans writes that fire triggers; None where there are none."""

    def merging(self, planner: Planner, relation: Relation, node: Node) -> MergeByRows | None:
        """Return how MERGE changes rows one by one; None where it need not."""
        is_family = has_family(planner, relation, node)
        if not (
            is_family
            or planner.is_contested(relation.noun)
            or triggered_relation(planner, node["relation"])
            or _followed_relation(planner, node["relation"])
        ):
            return None
        return MergeByRows(relation, is_alone=not is_family)

    def by_rows(self, planner: Planner, node: Node, word: str) -> Prepared:
        """Plan an `UPDATE` or a `DELETE` of a table that looks for its rows first and changes them one by one."""
        relation = planner.binder().relation(node["relation"])
        return plan_by_rows(planner, relation, node, _EVENTS[word])

    def truncating(self, session: Session, noun: Noun, *, is_before: bool) -> None:
        """Fire the triggers of TRUNCATE."""
        relation = relation_of(noun)
        for trigger in fitting(session, relation, BEFORE if is_before else 0, 0, TRUNCATE):
            if applies(session, trigger, None, None):
                fire(session, trigger, TRUNCATE, None, None)

    def calling(self, planner: Planner, node: Node, word: str, made: Prepared) -> Prepared:
        """Return the plan of a write that calls routines which change something: these run before SQLite writes."""
        if not any(call.routine.is_stored and call.routine.writes for call in made.python_calls):
            return made
        relation: Relation = made.detail["relation"]
        if word == "INSERT":
            return plan_triggered_insert(planner, relation, node)
        return plan_triggered_change(planner, relation, node, _EVENTS[word])

    def insert(self, planner: Planner, node: Node) -> Prepared | None:
        """Plan an INSERT."""
        relation = triggered_relation(planner, node["relation"])
        if relation is None or not _is_for(relation, INSERT):
            return None
        if is_partitioned(relation.noun):
            return _around(planner, relation, node, "INSERT", plan_insert)
        return plan_triggered_insert(planner, relation, node)

    def upsert(self, planner: Planner, node: Node) -> Prepared:
        """Plan an INSERT that tells by `xmax` which rows were there before: they are written one by one."""
        relation = planner.binder().relation(node["relation"])
        if is_partitioned(relation.noun):
            raise not_supported("xmax of a partitioned table")
        return plan_triggered_insert(planner, relation, node)

    def change(self, planner: Planner, node: Node, word: str) -> Prepared | None:
        """Plan an `UPDATE` or a `DELETE`."""
        relation = triggered_relation(planner, node["relation"])
        if relation is None:
            relation = _followed_relation(planner, node["relation"])
        if relation is None or not _is_for(relation, _EVENTS[word]):
            return None
        if planner.is_contested(relation.noun) and not is_view(relation):
            return self.by_rows(planner, node, word)
        if has_family(planner, relation, node):
            return _around(
                planner, relation, node, word, plan_update if word == "UPDATE" else plan_delete
            )
        return plan_triggered_change(planner, relation, node, _EVENTS[word])


def _followed_relation(planner: Planner, node: Node) -> Relation | None:
    """Return the table of a change that takes rows of tables with triggers along; None of any other."""
    noun = planner.names.table(node)
    if noun is None or kind_of(noun) != "r" or not any(followers(planner.catalog, noun)):
        return None
    return relation_of(noun)


def _around(
    planner: Planner,
    relation: Relation,
    node: Node,
    word: str,
    plan: Callable[[Planner, Node], Prepared],
) -> Prepared | None:
    """Plan a write to a table with descendants; None when it has no statement triggers, or they are planned for."""
    kinds = [facts["type"] for facts in facts_of(relation.noun).get("triggers", {}).values()]
    event = _EVENTS[word]
    if planner.is_in_family or not any(kind & event and not kind & ROW for kind in kinds):
        return None
    planner.is_in_family = True
    inner = plan(planner, node)
    names = (
        {item["ResTarget"]["name"] for item in node.get("targetList", ())}
        if event == UPDATE
        else set()
    )
    changed = tuple(column.number for column in relation.columns if column.name in names)
    prepared = Prepared(
        inner.columns, inner.param_types, inner.tag_kind, run_around, catalog=planner.catalog
    )
    prepared.codecs = inner.codecs
    prepared.detail = Around(relation, event, inner, changed)
    return prepared
