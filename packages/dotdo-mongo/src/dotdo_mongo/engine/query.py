"""A query on one collection: which records it reads and by what way, as a plan that find, count and the writes share."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import total_ordering
from itertools import islice
from typing import Any

from bson import Decimal128, Int64, ObjectId

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.index_filters import is_allowed
from dotdo_mongo.engine.indexes import is_ordinary, keys_of
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.pushdown import (
    NEVER,
    UNKNOWN,
    Bound,
    Truth,
    best_index,
    bounds,
    by_index,
    by_key,
    in_order,
    is_pushed,
    opposite,
    sorting_index,
    truth,
)
from dotdo_mongo.engine.tables import EVERYTHING, Condition, DocumentTable, Reader, Record
from dotdo_mongo.engine.values import NUMBERS, sort_key
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_PLAIN = frozenset({int, Int64, float, str, bool, ObjectId, Decimal128})


@total_ordering
class _Directed:
    """One part of a key, in the direction of its index."""

    __slots__ = ("_is_down", "_key")

    def __init__(self, key: Any, direction: Any) -> None:
        self._key, self._is_down = key, direction < 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Directed) and self._key == other._key

    def __lt__(self, other: "_Directed") -> bool:
        return bool(self._key > other._key if self._is_down else self._key < other._key)

    __hash__ = None  # type: ignore[assignment]  # it is compared only


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
        low: Key from which on the index is read.
        high: Key at which it ends.
        said: What SQL says of the rows.
        allowed: The indexes that an index filter leaves; None when there is none for the query.
        branches: The indexes of the parts of an $or, with those parts.
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
    low: tuple[Any, ...] | None = None
    high: tuple[Any, ...] | None = None
    said: Truth = UNKNOWN
    allowed: list[Any] | None = None
    branches: list[tuple[Document, Document]] | None = None

    @property
    def is_told(self) -> bool:
        """SQL tells of some rows that they match."""
        return (
            not self.is_hinted
            and not self.backward
            and self.stage != "IDHACK"
            and self.said.certain != NEVER
        )

    def may_use(self, index: Document) -> bool:
        """No index filter forbids the index."""
        return self.allowed is None or is_allowed(index, self.allowed)

    def ordered(
        self, reader: Reader, sort: Mapping[str, Any], limit: int | None
    ) -> Iterable[Record] | None:
        """Return the records of an order, None when SQL cannot tell them."""
        if not self.is_told:
            return None
        return in_order(
            self.collection, reader, self.condition, said=self.said, sort=sort, limit=limit
        )

    def sorting_index(self, reader: Reader, sort: Mapping[str, Any]) -> Document | None:
        """Return the index in whose order the records are read for a sort, None when they are sorted."""
        if not self.is_told or self.query:
            return None
        found = sorting_index(self.collection, reader, sort)
        return found if found is not None and self.may_use(found) else None

    def count(self, reader: Reader, most: int | None = None) -> int:
        """Return how many records match, or `most` when there are more."""
        table = self.collection.table
        if not self.query and not self.is_hinted:
            return table.count(reader)
        if most is not None or not self.is_told or not isinstance(table, DocumentTable):
            return sum(1 for _ in islice(self.records(reader), most))
        three = self.said.three
        condition = self.condition
        if three is not None and condition == self.said.condition and "instr" not in condition.sql:
            condition = EVERYTHING  # it would be computed twice
        certain, undecided = table.tally(reader, condition, self.said.certain, three)
        if undecided:
            doubtful = opposite(Truth(self.said.certain, self.said.certain)).condition
            rest = table.scan(reader, _both(self.condition, doubtful))
            assert self.matches is not None
            certain += sum(1 for record in rest if self.matches(record.document))
        return certain

    def bounded(self, low: Document | None, high: Document | None) -> None:
        """Leave only what lies from one key of the hinted index up to, not including, another.

        Raises:
            CommandFailure: The bounds are not of that index (code 51174).
        """
        for bound in (low, high):
            if not bound:
                continue
            if self.index is None or list(bound) != list(self.index["key"]):
                raise failure(51174, "The index chosen is incompatible with min/max")
        self.low = tuple(sort_key(value) for value in low.values()) if low else None
        self.high = tuple(sort_key(value) for value in high.values()) if high else None

    def records(self, reader: Reader) -> Iterator[Record]:
        """Yield the records that match."""
        found = self.candidates(reader)
        matches = self.matches
        if matches is None:
            return found
        return (record for record in found if matches(record.document))

    def _lies_within(self, key: tuple[Any, ...]) -> bool:
        if self.low is None and self.high is None:
            return True
        assert self.index is not None
        order = [_Directed(k, d) for k, d in zip(key, self.index["key"].values(), strict=True)]
        low, high = self._directed(self.low), self._directed(self.high)
        return (low is None or order >= low) and (high is None or order < high)

    def _directed(self, key: tuple[Any, ...] | None) -> "list[_Directed] | None":
        assert self.index is not None
        if key is None:
            return None
        return [_Directed(k, d) for k, d in zip(key, self.index["key"].values(), strict=True)]

    def candidates(self, reader: Reader) -> Iterator[Record]:
        """Yield the records that may match."""
        table = self.collection.table
        if self.stage == "IDHACK":
            found = table.by_identity(reader, self.identity)
            return iter(() if found is None else (found,))
        found_by = table.scan(reader, self.condition, backward=self.backward)
        if self.is_hinted and self.index is not None and is_ordinary(self.index):
            return iter(by_keys(found_by, self.index, self._lies_within))
        return found_by


def plan(collection: Collection, query: Document, context: Context, *, hint: Any = None) -> Plan:
    """Return how a query reads its records.

    Raises:
        CommandFailure: The query is malformed, or the hint names no index (code 2).
    """
    found = Plan(collection, query, None)
    if hint is None and collection.kind == "collection" and context.collation is None:
        identity = query.get("_id", found)
        if type(identity) in _PLAIN:
            if len(query) > 1:
                found.matches = compile_match(query, context)
            found.stage, found.identity = "IDHACK", identity
            return found
    if query:
        found.matches = compile_match(query, context)
    if context.allowed_indexes is not None:
        found.allowed = context.allowed_indexes(query)
    if hint is not None and found.allowed is None:  # an index filter overrides hints
        apply_hint(found, hint)
    if collection.noun.layout == "document" and context.collation is None:
        narrow(found, query)
    return found


def _is_key(key: Document, hint: Document) -> bool:
    return [(p, sort_key(d)) for p, d in key.items()] == [(p, sort_key(d)) for p, d in hint.items()]


def narrowed(collection: Collection, query: Document) -> Plan:
    """Return what SQL leaves of a collection for a query, whose filter is for the caller to apply."""
    found = Plan(collection, query, None)
    narrow(found, query)
    return found


def narrow(found: Plan, query: Document) -> None:
    """Let SQL leave out what cannot match, by an index where one helps."""
    said = found.said = truth(query)
    found.condition = said.condition
    way = _by_index(found, query)
    if way is not None:
        found.stage, found.index = "IXSCAN", way[0]
        found.condition = _both(way[1], said.condition)


def _both(one: Condition, other: Condition) -> Condition:
    if not one.sql or not other.sql:
        return one if one.sql else other
    return Condition(f"{one.sql} and {other.sql}", (*one.params, *other.params))


def _by_index(found: Plan, query: Document) -> tuple[Document, Condition] | None:
    """Return an index that helps, and what it reads."""
    collection = found.collection
    asked = bounds(query)
    usable = [
        index
        for index in collection.indexes
        if index["name"] != "_id_"
        and not index.get("hidden")
        and is_pushed(index)
        and found.may_use(index)
    ]
    whole = [index for index in usable if _serves(index, query, asked)]
    index = found.index if found.is_hinted else best_index(whole, asked)
    if index is not None and index in usable and next(iter(index["key"])) in asked:
        return index, by_index(collection.table.table, index, asked)
    if found.is_hinted or collection.kind != "collection":
        return None
    if "$or" in query and not asked:
        return _by_indexes(found, query["$or"], usable)
    if "_id" not in query:
        return None
    if not found.may_use(collection.indexes[0]):
        return None
    keys = by_key(collection.table.table, query["_id"])
    return None if keys is None else (collection.indexes[0], keys)


def _by_indexes(
    found: Plan, parts: Any, usable: list[Document]
) -> tuple[Document, Condition] | None:
    """Return the indexes that help with each part of an $or, and what they read together; None when one part has none."""
    table = found.collection.table.table
    ways: list[tuple[Document, Condition]] = []
    for part in parts:
        asked = bounds(part)
        index = best_index([one for one in usable if _serves(one, part, asked)], asked)
        if index is None:
            return None
        ways.append((index, by_index(table, index, asked)))
    if not 0 < len(ways) <= _MOST_PARTS:
        return None
    found.branches = [(index, part) for (index, _), part in zip(ways, parts, strict=True)]
    sql = " or ".join(condition.sql for _, condition in ways)
    return ways[0][0], Condition(f"({sql})", tuple(p for _, c in ways for p in c.params))


_MOST_PARTS = 10
_SIDES = {"$lt": -1, "$lte": -1, "$gt": 1, "$gte": 1}


def _is_narrower(wanted: Any, condition: Any) -> bool:
    """A range lies within another on the same side."""
    if not (isinstance(wanted, dict) and isinstance(condition, dict) and len(condition) == 1):
        return False
    ((operator, bound),) = condition.items()
    for given, value in wanted.items():
        if _SIDES.get(given) == _SIDES.get(operator) is not None and type(value) is not bool:
            inner, outer = sort_key(value), sort_key(bound)
            return inner < outer if _SIDES[given] < 0 else inner > outer
    return False


def _serves(index: Document, query: Document, asked: Mapping[str, Bound]) -> bool:
    """Every document that the query may find is in the index."""
    if index.get("sparse") and all(
        asked[p].finds_nothing_there for p in index["key"] if p in asked
    ):
        return False
    for path, condition in index.get("partialFilterExpression", {}).items():
        if path.startswith("$") or path not in query:
            return False
        wanted = query[path]
        value = wanted.get("$eq", wanted) if isinstance(wanted, dict) else wanted
        is_value = not isinstance(value, (dict, list))
        if (
            wanted != condition
            and not _is_narrower(wanted, condition)
            and not (
                is_value
                and "." not in path
                and compile_match({path: condition}, Context())({path: value})
            )
        ):
            return False
    return True


def by_keys(
    records: Iterable[Record], index: Document, lies_within: Callable[[tuple[Any, ...]], bool]
) -> list[Record]:
    """Return the records that have keys of an index within bounds, in its order."""
    keyed = [
        (record, list(filter(lies_within, keys_of(record.document, index)))) for record in records
    ]
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
            given = hint["$natural"]
            direction = whole64(given) if type(given) in NUMBERS else None
            if len(hint) > 1 or direction not in {1, -1}:
                raise failure(
                    2,
                    "$natural hint must be either 1 or -1, and cannot be combined with other hints",
                )
            found.backward = direction == -1
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
