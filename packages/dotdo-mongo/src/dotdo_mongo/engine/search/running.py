"""The stages $search, $searchMeta and $vectorSearch on a collection: which index they mean, what they find, in which order."""

from collections.abc import Iterable, Iterator
from typing import Any

from dotdo.storage import Store
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.ordering import document_key
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.search.corpus import corpus_of
from dotdo_mongo.engine.search.counting import counted, facets
from dotdo_mongo.engine.search.definitions import Mapping
from dotdo_mongo.engine.search.failing import field, only, wrong
from dotdo_mongo.engine.search.operators import OPERATORS, found_by
from dotdo_mongo.engine.search.postings import Scores
from dotdo_mongo.engine.search.search import Search
from dotdo_mongo.engine.search.vectors import check_vector_search, nearest, single
from dotdo_mongo.engine.stages.search import refuse_search, refuse_search_indexes
from dotdo_mongo.engine.tables import DocumentTable, Record
from dotdo_mongo.engine.values import sort_key
from dotdo_mongo.errors import failure

Document = dict[str, Any]
Ranked = list[tuple[int, float]]
_COMMON = ("index", "count", "concurrent", "tracking", "facet")
_OPTIONS = (*_COMMON, "sort", "highlight", "returnStoredSource", "scoreDetails", "searchAfter", "searchBefore", "returnScope")  # fmt: skip
_REFUSED = ("highlight", "returnStoredSource", "scoreDetails", "searchAfter", "searchBefore", "returnScope", "tracking")  # fmt: skip


def searched(request: Request, stage: str, argument: Any, context: Context) -> Iterable[Document]:
    """Return the documents that a searching stage gives.

    Raises:
        CommandFailure: The collection has no search index (code 31082), the stage is malformed (8), or runs within a
            transaction (263).
    """
    found = request.find(context.collection) if context.collection else None
    if stage == "$listSearchIndexes":
        if found is None:
            refuse_search_indexes()
        return _listed(found[1], argument)
    if found is None or not found[1].searches:
        refuse_search()
    if request.transaction is not None:
        raise failure(
            263,
            f"Operation not permitted in transaction :: caused by :: Aggregation stage {stage} cannot run within a multi-document transaction",
        )
    if not isinstance(argument, dict):
        raise failure(9, f"{stage} value must be an object")
    store, collection = found
    run = {"$search": _search, "$searchMeta": _meta, "$vectorSearch": _vectors}[stage]
    return run(request, store, collection, argument, context)


def listed(collection: Collection, given: Document) -> list[Document]:
    """Return the search indexes of a collection as they are shown; of one `name` or `id`, if that is given."""
    return [
        {
            "id": one["id"],
            "name": one["name"],
            "type": one["type"],
            "status": "READY",
            "queryable": True,
            "latestDefinitionVersion": {"version": one["version"]},
            "latestDefinition": one["latestDefinition"],
        }
        for one in collection.searches
        if all(one[name] == value for name, value in given.items())
    ]


def _listed(collection: Collection, given: Any) -> list[Document]:
    if not isinstance(given, dict):
        raise failure(9, "$listSearchIndexes value must be an object")
    for name, value in given.items():
        if name not in {"id", "name"}:
            raise failure(40415, f"BSON field '$listSearchIndexes.{name}' is an unknown field.")
        if not isinstance(value, str):
            raise failure(14, f"BSON field '$listSearchIndexes.{name}' is the wrong type, expected type 'string'")  # fmt: skip
    if len(given) > 1:
        raise failure(9, "Cannot set both 'name' and 'id' for $listSearchIndexes.")
    return listed(collection, given)


def _index(collection: Collection, name: str, kind: str) -> Document | None:
    found = next((one for one in collection.searches if one["name"] == name), None)
    if found is not None and found["type"] != kind:
        wanted = "$vectorSearch" if kind == "vectorSearch" else "$search"
        raise wrong(f'Index "{name}" is of type {found["type"]}, which {wanted} cannot use')
    return found


def _opened(request: Request, store: Store, collection: Collection, definition: Document) -> Search:
    corpus = corpus_of(store, collection, request.deployment.new_lock)
    reader = request.reader(store)
    return Search(collection, store, reader, corpus, Mapping(definition))


def _search(
    request: Request, store: Store, collection: Collection, spec: Document, context: Context
) -> Iterator[Document]:
    for name in _REFUSED:
        if spec.get(name) is not None and spec[name] is not False:
            raise wrong(f'"{name}" is not supported')
    index = _index(collection, _named(spec), "search")
    if index is None:
        return
    search = _opened(request, store, collection, index["latestDefinition"])
    with search.corpus.lock:
        search.corpus.refresh(collection, search.reader, is_fixed=store.is_read_only)
        scores = _found(search, spec)[0]
    counted(spec.get("count"), len(scores))
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    if "sort" in spec:
        ranked = _sorted(search, ranked, spec["sort"])
    yield from _documents(search, ranked, context, "searchScore")


def _named(spec: Document) -> str:
    only(spec, "", *_OPTIONS, *OPERATORS)
    field(spec, "", "concurrent", bool)
    return str(field(spec, "", "index", str, default="default"))


def _found(search: Search, spec: Document) -> tuple[Scores, Document]:
    """Return what a search finds, and the facets that it asks for."""
    if "facet" not in spec:
        parts = {name: part for name, part in spec.items() if name in OPERATORS}
        return found_by(search, parts, ""), {}
    given = only(spec["facet"], "facet", "operator", "facets")
    scores = (
        found_by(search, given["operator"], "facet.operator")
        if "operator" in given
        else search.everything()
    )
    return scores, {"facet": facets(search, given, scores)}


def _meta(
    request: Request, store: Store, collection: Collection, spec: Document, context: Context
) -> Iterator[Document]:
    del context
    index = _index(collection, _named(spec), "search")
    if index is None:
        yield {"count": counted(spec.get("count"), 0)}
        return
    search = _opened(request, store, collection, index["latestDefinition"])
    with search.corpus.lock:
        search.corpus.refresh(collection, search.reader, is_fixed=store.is_read_only)
        scores, shown = _found(search, spec)
    yield {"count": counted(spec.get("count"), len(scores)), **shown}


def _vectors(
    request: Request, store: Store, collection: Collection, spec: Document, context: Context
) -> Iterator[Document]:
    check_vector_search(spec)
    index = _index(collection, spec["index"], "vectorSearch")
    if index is None:
        return
    definition = index["latestDefinition"]
    search = _opened(request, store, collection, definition)
    with search.corpus.lock:
        search.corpus.refresh(collection, search.reader, is_fixed=store.is_read_only)
        ranked = nearest(search, definition, spec)
    yield from _documents(search, ranked, context, "vectorSearchScore")


def _records(search: Search, rows: list[int]) -> Iterable[Record]:
    table = search.collection.table
    if isinstance(table, DocumentTable):
        return table.at(search.reader, rows)
    found = {record.row: record for record in table.scan(search.reader)}
    return (found[row] for row in rows if row in found)


def _documents(search: Search, ranked: Ranked, context: Context, score: str) -> Iterator[Document]:
    scores = dict(ranked)
    for record in _records(search, [row for row, _ in ranked]):
        document = dict(record.document)
        value = single(scores[record.row])
        context.metadata.put(document, score, value)
        context.metadata.put(document, "score", value)
        yield document


def _sorted(search: Search, ranked: Ranked, given: Any) -> Ranked:
    if not isinstance(given, dict) or not given:
        raise wrong('"sort" must be a non-empty document')
    scores = dict(ranked)
    documents = {record.row: record.document for record in _records(search, list(scores))}
    rows = [row for row, _ in ranked if row in documents]
    for path, way in reversed(given.items()):
        if isinstance(way, dict):
            only(way, f"sort.{path}", "$meta", "order")
            if way.get("$meta") != "searchScore":
                raise wrong(f'"sort.{path}.$meta" must be searchScore')
            rows.sort(key=scores.__getitem__, reverse=way.get("order", -1) != 1)
            continue
        if way not in {1, -1} or isinstance(way, bool):
            raise wrong(f'"sort.{path}" must be 1 or -1')
        key = document_key([(tuple(path.split(".")), int(way))], sort_key)
        rows.sort(key=lambda row: key(documents[row]))
    return [(row, scores[row]) for row in rows]
