"""What one command gives to the language: variables, collation, clock, chance and the doors to other collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bson import ObjectId, Timestamp

from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.collation import Collation

Document = dict[str, Any]
Pipeline = Callable[[Iterable[Document]], Iterator[Document]]
Lookup = Callable[[str, str | None], Iterable[Document]]
Related = Callable[[str, str, list[Any], bool], Iterable[Document] | None]
Source = Callable[[Any, "Context"], Iterable[Document]]
Search = Callable[[str, Any, "Context"], Iterable[Document]]
Out = Callable[[str, Any, Iterable[Document]], None]
Foreign = Callable[["Context", str], "Context"]
UNBOUND = object()
"""Stands for a variable whose value is known only when the pipeline runs: nothing that uses it is constant."""
Matcher = Callable[[Document], bool]


class Metadata:
    """What is known of documents beside their fields: "textScore", "geoNearDistance", ..."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[int, tuple[Document, dict[str, Any]]] = {}

    def put(self, document: Document, name: str, value: Any) -> None:
        """Tell a value of a document, which lives as long as this does."""
        self._found.setdefault(id(document), (document, {}))[1][name] = value

    def get(self, document: Any, name: str, default: Any) -> Any:
        """Return a value of a document."""
        found = self._found.get(id(document))
        return default if found is None else found[1].get(name, default)


def _no_lookup(collection: str, db: str | None) -> Iterable[Document]:
    raise failure(26, f"ns does not exist: {db}.{collection}")


def _no_related(
    collection: str, path: str, values: list[Any], is_once: bool
) -> Iterable[Document] | None:
    del collection, path, values, is_once
    return None


def _no_search(stage: str, argument: Any, context: Context) -> Iterable[Document]:
    del argument, context
    raise failure(20, f"{stage} is not allowed here")


def _as_here(context: Context, collection: str) -> Context:
    return context.with_(collection=collection)


def _no_out(stage: str, argument: Any, documents: Iterable[Document]) -> None:  # noqa: ARG001
    raise failure(20, f"{stage} is not allowed here")


def _no_chance() -> float:
    raise failure(1, "no source of chance")


@dataclass(slots=True, kw_only=True)
class Context:
    """One command's surroundings; every compile_* function takes one.

    Args:
        variables: the command's `let`, name -> value, without `$$`.
        collation: how strings compare; None is by code point.
        now_ms: the clock, milliseconds since 1970, read once for the command.
        cluster_time: what `$$CLUSTER_TIME` and `$currentDate` timestamps give.
        random: numbers in [0, 1) for $rand, $sample and $sampleRate.
        new_object_id: makes ids.
        lookup: the documents of a collection (a view is resolved); db None is the command's.
        related: the documents of a collection of which some may have one of the values at a path, all that have among
            them; None where looking at all of them is better, which also depends on whether it is asked for once.
        foreign: the surroundings of a pipeline over another collection of the database.
        out: does $out and $merge: stage name, its parsed argument, the documents.
        sources: first stages that need the store ($collStats, $indexStats, $geoNear ...): name ->
            function of (argument, context) giving documents.
        search: the documents that $search, $searchMeta, $vectorSearch and $listSearchIndexes give: stage name, its
            argument, the context whose collection is searched.
        text: makes a matcher of a $text query's argument; None where no text index is.
        javascript: calls a JavaScript function (source, arguments); None refuses it.
        db: the command's database.
        collection: the command's collection, "" for a pipeline on the database.
        metadata: what $meta reads of documents, by their identity.
        depth: how deep sub-pipelines nest.
        features: what may be used here: names such as "validator", "update", "view".
        allowed_indexes: gives names or keys of the indexes that a query may use, None where no index filter is for it.
        index_keys: key patterns of the collection's indexes (for $geoNear, hints, geo queries).
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    collation: Collation | None = None
    now_ms: int = 0
    cluster_time: Timestamp | None = None
    random: Callable[[], float] = _no_chance
    new_object_id: Callable[[], ObjectId] = ObjectId
    lookup: Lookup = _no_lookup
    related: Related = _no_related
    foreign: Foreign = _as_here
    out: Out = _no_out
    sources: Mapping[str, Source] = field(default_factory=dict)
    search: Search = _no_search
    text: Callable[[Any, Context], Matcher] | None = None
    javascript: Callable[[str, list[Any]], Any] | None = None
    db: str = ""
    collection: str = ""
    metadata: Metadata = field(default_factory=Metadata)
    depth: int = 0
    features: frozenset[str] = frozenset()
    allowed_indexes: Callable[[Document], list[Any] | None] | None = None
    index_keys: tuple[Mapping[str, Any], ...] = ()

    def with_(self, **changes: Any) -> Context:
        """Return a copy with other values."""
        return replace(self, **changes)


def timeless(context: Context) -> Context:
    """Return a context in which $$NOW and $$CLUSTER_TIME are not available, as in the filters of some commands."""
    return context.with_(features=context.features | {"no-now"})
