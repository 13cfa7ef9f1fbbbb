"""How much of a pipeline SQL does, and the documents that the rest of it begins with."""

from collections.abc import Iterable
from typing import Any

from dotdo_mongo.engine.pushdown import grouping, groups
from dotdo_mongo.engine.query import Plan
from dotdo_mongo.engine.tables import Reader

Document = dict[str, Any]


def begin(way: Plan, stages: list[Any], reader: Reader) -> tuple[Iterable[Document], list[Any]]:
    """Return the documents that a plan and the first of some checked stages give, and the stages that are left."""
    names = [next(iter(stage)) for stage in stages[:3]]
    found: list[Document] | None = None
    taken = 1
    if way.is_told and names[:1] == ["$count"]:
        count = way.count(reader)
        found = [{stages[0]["$count"]: count}] if count else []
    elif way.is_told and names[:1] == ["$group"]:
        asked = grouping(stages[0]["$group"])
        if asked is not None:
            found = groups(way.collection, reader, way.condition, way.said, asked)
    elif names[:1] == ["$sort"] and "$limit" in names[1:]:
        found, taken = _first(way, stages, names, reader)
    if found is None:
        return (record.document for record in way.records(reader)), stages
    return found, stages[taken:]


def _first(
    way: Plan, stages: list[Any], names: list[str], reader: Reader
) -> tuple[list[Document] | None, int]:
    """Return the first documents of an order; $skip and $limit after it are left, and cut once more."""
    skip = 0
    if names[1] == "$skip" and names[2:] == ["$limit"]:
        skip = int(stages[1]["$skip"])
    elif names[1] != "$limit":
        return None, 0
    limit = int(stages[2 if skip or names[1] == "$skip" else 1]["$limit"])
    records = way.first(reader, stages[0]["$sort"], skip + limit)
    return None if records is None else [record.document for record in records], 1
