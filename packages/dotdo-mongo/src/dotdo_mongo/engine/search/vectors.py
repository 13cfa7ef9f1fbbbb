"""$vectorSearch: the documents whose vectors are nearest to another, found exactly."""

import math
import struct
from array import array
from collections.abc import Callable, Iterable
from heapq import nlargest
from operator import mul
from typing import Any, TypeAlias

from bson import Binary

from dotdo_mongo.engine.kinds import is_number
from dotdo_mongo.engine.search.corpus import values_at
from dotdo_mongo.engine.search.failing import field, only, wrong
from dotdo_mongo.engine.search.postings import Scores
from dotdo_mongo.engine.search.search import Search

Document = dict[str, Any]
Vector: TypeAlias = "array[float]"
_OPTIONS = ("index", "path", "queryVector", "numCandidates", "limit", "filter", "exact")
_MOST_CANDIDATES = 10_000
_VECTOR_SUBTYPE = 9


class Vectors:
    """The vectors of rows.

    Args:
        dimensions: How long they are; others are passed over.
    """

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self.of_row: dict[int, Vector] = {}

    def put(self, row: int, values: Any) -> None:
        """Let a row have a vector."""
        self.drop(row)
        found = as_vector(values)
        if found is not None and len(found) == self._dimensions:
            self.of_row[row] = found

    def drop(self, row: int) -> None:
        """Forget a row."""
        self.of_row.pop(row, None)


def as_vector(value: Any) -> "Vector | None":
    """Return an array of numbers, or a binary vector, as one; None for anything else."""
    if isinstance(value, Binary):
        if value.subtype != _VECTOR_SUBTYPE:
            return None
        return array("f", value.as_vector().data)
    if not isinstance(value, list) or not all(is_number(one) for one in value):
        return None
    return array("f", (float(str(one)) for one in value))


def single(value: float) -> float:
    """Return a number in single precision."""
    found: float = struct.unpack("f", struct.pack("f", value))[0]
    return found


def _dot(one: Iterable[float], other: Iterable[float]) -> float:
    return float(sum(map(mul, one, other)))


def _cosine(query: Vector) -> Callable[["Vector"], float | None]:
    length = math.sqrt(_dot(query, query))

    def score(vector: Vector) -> float | None:
        product = length * math.sqrt(_dot(vector, vector))
        return (1 + _dot(query, vector) / product) / 2 if product else None

    return score


_SCORES: dict[str, Callable[["Vector"], Callable[["Vector"], float | None]]] = {
    "cosine": _cosine,
    "dotProduct": lambda query: lambda vector: (1 + _dot(query, vector)) / 2,
    "euclidean": lambda query: lambda vector: 1 / (1 + sum((a - b) ** 2 for a, b in zip(query, vector, strict=True))),
}  # fmt: skip


def check_vector_search(spec: Any) -> Document:
    """See that a $vectorSearch is well-formed.

    Raises:
        CommandFailure: It is not (code 8).
    """
    only(spec, "$vectorSearch", *_OPTIONS)
    field(spec, "", "index", str, default=...)
    field(spec, "", "path", str, default=...)
    if "queryVector" not in spec:
        raise wrong('"queryVector" is required')
    if as_vector(spec["queryVector"]) is None:
        raise wrong('"queryVector" must be an array of numbers or a binary vector')
    limit = field(spec, "", "limit", int, default=...)
    if limit < 1:
        raise wrong('"limit" must be a positive number')
    is_exact = field(spec, "", "exact", bool, default=False)
    candidates = field(spec, "", "numCandidates", int)
    if is_exact and candidates is not None:
        raise wrong('"numCandidates" must be omitted when "exact" is true')
    if not is_exact:
        if candidates is None:
            raise wrong('"numCandidates" is required when "exact" is false')
        if not limit <= candidates <= _MOST_CANDIDATES:
            raise wrong(f'"numCandidates" must be within bounds [{limit} - {_MOST_CANDIDATES}]')
    field(spec, "", "filter", dict)
    return dict(spec)


def nearest(search: Search, definition: Document, spec: Document) -> list[tuple[int, float]]:
    """Return the rows nearest to the vector of a $vectorSearch, with their scores, the best first.

    Raises:
        CommandFailure: The index has no such path, or vectors of another length (code 8).
    """
    fields = definition["fields"]
    path = spec["path"]
    indexed = next((f for f in fields if f["path"] == path and f["type"] == "vector"), None)
    if indexed is None:
        raise wrong(f"Path '{path}' needs to be indexed as vector")
    query, dimensions = as_vector(spec["queryVector"]), indexed["numDimensions"]
    assert query is not None
    if len(query) != dimensions:
        raise wrong(
            f"vector field is indexed with {dimensions} dimensions but queried with {len(query)}"
        )
    if indexed["similarity"] == "cosine" and not any(query):
        raise wrong("Cosine similarity cannot be calculated against a zero vector.")
    allowed = _allowed(search, fields, spec.get("filter"))
    names = path.split(".")
    vectors = search.corpus.remembered(
        search.collection,
        search.reader,
        ("vector", path, dimensions),
        lambda: Vectors(dimensions),
        lambda document: _whole(document, names),
    )
    score = _SCORES[indexed["similarity"]](query)
    scored = (
        (row, value)
        for row, vector in vectors.of_row.items()
        if (allowed is None or row in allowed) and (value := score(vector)) is not None
    )
    return nlargest(int(spec["limit"]), scored, key=lambda pair: (pair[1], -pair[0]))


def _whole(document: Any, names: list[str]) -> Any:
    """Return what stands at a path, an array as a whole."""
    for parent in values_at(document, names[:-1]):
        if isinstance(parent, dict) and names[-1] in parent:
            return parent[names[-1]]
    return None


_JOINING = frozenset({"$and", "$or", "$nor"})
_TESTS = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$not"})


def _allowed(search: Search, fields: list[Document], query: Any) -> Scores | None:
    if not query:
        return None
    _check_filter(query, {one["path"] for one in fields if one["type"] == "filter"})
    return search.matching(query)


def _check_filter(query: Document, indexed: set[str]) -> None:
    for path, wanted in query.items():
        if path in _JOINING:
            if not isinstance(wanted, list):
                raise wrong(f'"filter.{path}" must be an array')
            for part in wanted:
                _check_filter(part, indexed)
            continue
        if path.startswith("$"):
            raise wrong(f'"filter.{path}" is not supported')
        if path not in indexed:
            raise wrong(f"Path '{path}' needs to be indexed as filter")
        if isinstance(wanted, dict):
            for name in wanted:
                if name not in _TESTS:
                    raise wrong(f'"filter.{path}.{name}" is not supported')
