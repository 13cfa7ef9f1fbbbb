"""A query on one collection: which records it reads and by what way, as a plan that find, count and the writes share."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bson import Decimal128, Int64, ObjectId

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.indexes import is_ordinary, keys_of
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.pushdown import best_index, bounds, by_index, is_pushed, loose
from dotdo_mongo.engine.tables import EVERYTHING, Condition, Reader, Record
from dotdo_mongo.engine.values import sort_key
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_PLAIN = frozenset({int, Int64, float, str, bool, ObjectId, Decimal128})


@dataclass(slots=True)
class Plan:
    """How a query reads its records.

    Args:
        collection: Whose.
        query: The filter.
        matches: The filter as a function; None when every document passes.
        stage: What explain names: COLLSCAN, IXSCAN, IDHACK ...
        index: The index used, if any.
        backward: Natural order is reversed.
        identity: The `_id` asked for, when `stage` is IDHACK.
        condition: What narrows the rows down, in SQL.
        is_hinted: The index was named by the query, whose results are those in it, in its order.
    """

    collection: Collection
    query: Document
    matches: Callable[[Document], bool] | None
    stage: str = "COLLSCAN"
    index: Document | None = None
    backward: bool = False
    identity: Any = None
    condition: Condition = EVERYTHING
    is_hinted: bool = False

    def records(self, reader: Reader) -> Iterator[Record]:
        """Yield the records that match."""
        found = self.candidates(reader)
        matches = self.matches
        if matches is None:
            return found
        return (record for record in found if matches(record.document))

    def candidates(self, reader: Reader) -> Iterator[Record]:
        """Yield the records that may match."""
        table = self.collection.table
        if self.stage == "IDHACK":
            found = table.by_identity(reader, self.identity)
            return iter(() if found is None else (found,))
        found_by = table.scan(reader, self.condition, backward=self.backward)
        if self.is_hinted and self.index is not None and is_ordinary(self.index):
            return iter(in_order(found_by, self.index))
        return found_by


def plan(collection: Collection, query: Document, context: Context, *, hint: Any = None) -> Plan:
    """Return how a query reads its records.

    Raises:
        CommandFailure: The query is malformed, or the hint names no index (code 2).
    """
    matches = compile_match(query, context) if query else None
    found = Plan(collection, query, matches)
    if hint is not None:
        apply_hint(found, hint)
    if hint is None and collection.kind == "collection" and context.collation is None:
        identity = query.get("_id", found)
        if type(identity) in _PLAIN:
            found.stage, found.identity = "IDHACK", identity
            return found
    if collection.noun.layout == "document" and context.collation is None:
        narrow(found, query)
    return found


def _is_key(key: Document, hint: Document) -> bool:
    return [(p, sort_key(d)) for p, d in key.items()] == [(p, sort_key(d)) for p, d in hint.items()]


def narrow(found: Plan, query: Document) -> None:
    """Let SQL leave out what cannot match, by an index where one helps."""
    asked = bounds(query)
    if not asked:
        return
    table = found.collection.table.table
    usable = [
        index
        for index in found.collection.indexes
        if index["name"] != "_id_" and not index.get("hidden") and is_pushed(index)
    ]
    whole = [i for i in usable if "partialFilterExpression" not in i and not i.get("sparse")]
    index = found.index if found.is_hinted else best_index(whole, asked)
    if index is not None and index in usable and next(iter(index["key"])) in asked:
        found.condition = by_index(table, index, asked)
        found.stage, found.index = "IXSCAN", index
        return
    conditions = [loose(path, bound) for path, bound in asked.items()]
    found.condition = Condition(
        " and ".join(c.sql for c in conditions), tuple(p for c in conditions for p in c.params)
    )


def in_order(records: Iterable[Record], index: Document) -> list[Record]:
    """Return the records that are in an index, in its order."""
    keyed = [(record, list(keys_of(record.document, index))) for record in records]
    keyed = [pair for pair in keyed if pair[1]]
    for at, direction in reversed(list(enumerate(index["key"].values()))):
        pick = max if direction < 0 else min
        keyed.sort(key=lambda pair: pick(key[at] for key in pair[1]), reverse=direction < 0)
    return [record for record, _ in keyed]


def apply_hint(found: Plan, hint: Any) -> None:
    """Read by the index that a hint names.

    Raises:
        CommandFailure: There is none (code 2).
    """
    if isinstance(hint, dict):
        if not hint:
            return
        if "$natural" in hint:
            if len(hint) > 1 or hint["$natural"] not in {1, -1}:
                raise failure(
                    2,
                    "$natural hint must be either 1 or -1, and cannot be combined with other hints",
                )
            found.backward = hint["$natural"] == -1
            return
        index = next(
            (i for i in found.collection.indexes if _is_key(i["key"], hint)),
            None,
        )
    else:
        index = found.collection.index(hint)
    if index is None or index.get("hidden"):
        raise failure(
            2,
            "error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index",
        )
    found.stage, found.index, found.is_hinted = "IXSCAN", index, True
