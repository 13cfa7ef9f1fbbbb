"""What $searchMeta tells of a search: how many documents it finds, and how many of them in each bucket of a facet."""

from bisect import bisect_right
from collections import Counter
from datetime import datetime
from typing import Any

from bson import Int64

from dotdo_mongo.engine.kinds import is_number
from dotdo_mongo.engine.search.corpus import values_at
from dotdo_mongo.engine.search.failing import field, only, wrong
from dotdo_mongo.engine.search.postings import Scores
from dotdo_mongo.engine.search.search import Search
from dotdo_mongo.engine.values import sort_key

Document = dict[str, Any]
_MOST_BUCKETS = 1000
_KINDS = {"string": "token", "number": "number", "date": "date"}


def counted(spec: Any, count: int) -> Document:
    """Return how many there are, as the `count` of a search asks.

    Raises:
        CommandFailure: It is malformed (code 8).
    """
    given = only({} if spec is None else spec, "count", "type", "threshold")
    kind = field(given, "count", "type", str, default="lowerBound")
    if kind not in {"lowerBound", "total"}:
        raise wrong('"count.type" must be one of [lowerBound, total]')
    field(given, "count", "threshold", int)
    return {kind: Int64(count)}


def facets(search: Search, spec: Document, found: Scores) -> Document:
    """Return the buckets of each facet.

    Raises:
        CommandFailure: One is malformed (code 8).
    """
    given = field(spec, "facet", "facets", dict, default=...)
    if not given:
        raise wrong('"facet.facets" cannot be empty')
    shown = {}
    for name, one in given.items():
        where = f"facet.facets.{name}"
        only(one, where, "type", "path", "numBuckets", "boundaries", "default")
        kind = field(one, where, "type", str, default=...)
        path = field(one, where, "path", str, default=...)
        if kind not in _KINDS:
            raise wrong(f'"{where}.type" must be one of [date, number, string]')
        if not search.mapping.has(path, _KINDS[kind]):
            raise wrong(f'Cannot facet on field "{path}" because it was not indexed as a "{kind}Facet" or "{_KINDS[kind]}"')  # fmt: skip
        values = _values(search, path, found)
        shown[name] = {
            "buckets": _of_texts(values, one, where) if kind == "string" else _between(values, one, where, kind)
        }  # fmt: skip
    return shown


def _values(search: Search, path: str, found: Scores) -> list[list[Any]]:
    names = path.split(".")
    return [
        list(values_at(record.document, names))
        for record in search.collection.table.scan(search.reader)
        if record.row in found
    ]


def _of_texts(values: list[list[Any]], spec: Document, where: str) -> list[Document]:
    most = int(field(spec, where, "numBuckets", int, default=10))
    if not 1 <= most <= _MOST_BUCKETS:
        raise wrong(f'"{where}.numBuckets" must be within bounds [1 - {_MOST_BUCKETS}]')
    counts = Counter(
        text for several in values for text in {one for one in several if isinstance(one, str)}
    )
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"_id": text, "count": Int64(count)} for text, count in ranked[:most]]


def _between(values: list[list[Any]], spec: Document, where: str, kind: str) -> list[Document]:
    bounds = field(spec, where, "boundaries", list, default=...)
    rest = field(spec, where, "default", str)
    fits = is_number if kind == "number" else (lambda one: isinstance(one, datetime))
    keys = [sort_key(bound) for bound in bounds]
    if len(bounds) < 2 or not all(map(fits, bounds)) or keys != sorted(keys):
        raise wrong(f'"{where}.boundaries" must be at least two {kind}s in ascending order')
    counts = [0] * (len(bounds) - 1)
    others = 0
    for several in values:
        places = {bisect_right(keys, sort_key(one)) - 1 for one in several if fits(one)}
        inside = {place for place in places if 0 <= place < len(counts)}
        for place in inside:
            counts[place] += 1
        others += not inside
    shown = [{"_id": bound, "count": Int64(n)} for bound, n in zip(bounds, counts, strict=False)]
    return [*shown, {"_id": rest, "count": Int64(others)}] if rest is not None else shown
