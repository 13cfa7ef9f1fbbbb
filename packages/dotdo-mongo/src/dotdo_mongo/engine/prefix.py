"""How much of a pipeline SQL does, and the documents that the rest of it begins with."""

from collections.abc import Iterable
from typing import Any

from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.pushdown import grouping, groups, one_group
from dotdo_mongo.engine.query import Plan
from dotdo_mongo.engine.tables import Reader

Document = dict[str, Any]


def begin(way: Plan, stages: list[Any], reader: Reader) -> tuple[Iterable[Document], list[Any]]:
    """Return the documents that a plan and the first of some checked stages give, and the stages that are left."""
    names = [next(iter(stage)) for stage in stages[:3]]
    found: list[Document] | None = None
    if way.is_told and names[:1] == ["$count"]:
        count = way.count(reader)
        found = [{stages[0]["$count"]: count}] if count else []
    elif way.is_told and names[:1] == ["$group"]:
        asked = grouping(stages[0]["$group"])
        if asked is not None and not asked.paths:
            found = one_group(asked, way.count(reader))
        elif asked is not None:
            found = groups(way.collection, reader, way.condition, way.said, asked)
    elif names[:1] == ["$sort"]:
        records = way.ordered(reader, stages[0]["$sort"], _limit(stages, names))
        if records is not None:
            return (record.document for record in records), stages[1:]
    if found is None:
        return (record.document for record in way.records(reader)), stages
    return found, stages[1:]


def _limit(stages: list[Any], names: list[str]) -> int | None:
    """Return how many documents are wanted after a $sort; $skip and $limit themselves are done by the rest."""
    if names[1:2] == ["$limit"]:
        return whole64(stages[1]["$limit"])
    if names[1:] == ["$skip", "$limit"]:
        skipped, limit = whole64(stages[1]["$skip"]), whole64(stages[2]["$limit"])
        return None if skipped is None or limit is None else skipped + limit
    return None
