"""explain: the plan of a command, and what running it read."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import Command, Declared, command, optional, parse
from dotdo_mongo.engine.deployment import VERSION
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.pushdown import holds_arrays
from dotdo_mongo.engine.query import Plan, plan
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.surroundings import context_of
from dotdo_mongo.engine.tables import Reader
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_MODES = ("queryPlanner", "executionStats", "allPlansExecution")
_EXPLAINED = frozenset(
    {"find", "aggregate", "count", "distinct", "update", "delete", "findAndModify", "findandmodify"}
)
_EXPLAIN: Declared = {"verbosity": optional(kinds.one_of(*_MODES), "allPlansExecution")}


@command("explain", _EXPLAIN, target=kinds.OBJECT, is_in_api=True)
def explain(request: Request) -> Document:
    """Tell the plan of a command."""
    inner = request.arguments["target"]
    return explained(request, inner, request.arguments["verbosity"])


def explained(request: Request, inner: Document, verbosity: str) -> Document:
    """Return the explanation of a command."""
    name = next(iter(inner), "")
    declared = request.commands.get(name)
    if declared is None:
        raise failure(59, f"Explain failed due to unknown command: {name}")
    if name not in _EXPLAINED:
        raise failure(20, f"Cannot explain cmd: {name}")
    request.arguments = parse(declared, inner)
    body = {n: v for n, v in inner.items() if not n.startswith("$") and n != "lsid"}
    return _explained(request, declared, body, verbosity)


def _explained(request: Request, declared: Command, body: Document, verbosity: str) -> Document:
    query, hint, stages = _query(declared.name, request.arguments)
    name = request.arguments["target"]
    collection_name = name if type(name) is str else "$cmd.aggregate"
    namespace = f"{request.db}.{collection_name}"
    found = None if name is None else request.find(collection_name)
    collection = None if found is None else found[1]
    context = context_of(request, collection, name=collection_name)
    compile_match(query, context)
    way: Plan | None = None
    if found is not None and not found[1].is_view:
        way = plan(found[1], query, context, hint=hint)
    planner = _planner(request, namespace, query, way)
    reply: Document = {"explainVersion": "1"}
    sections: Document = {"queryPlanner": planner}
    if verbosity != "queryPlanner":
        sections["executionStats"] = _statistics(request, declared.name, way, planner)
    rest = stages
    if rest and "$match" in rest[0]:
        rest = rest[1:]
    if rest:
        compile_pipeline(stages, context)
        reply["stages"] = [{"$cursor": sections}, *rest]
    else:
        reply |= sections
    reply["queryShapeHash"] = "0" * 64
    return reply | {
        "command": body | {"$db": request.db},
        "serverInfo": {
            "host": request.deployment.host.partition(":")[0],
            "port": 27017,
            "version": VERSION,
            "gitVersion": "0" * 40,
        },
        "serverParameters": {"internalQueryFacetBufferSizeBytes": 104857600},
    }


def _query(name: str, arguments: Document) -> tuple[Document, Any, list[Document]]:
    if name == "find":
        return arguments["filter"] or {}, arguments["hint"], []
    if name in {"count", "distinct", "findAndModify", "findandmodify"}:
        return arguments["query"] or {}, arguments["hint"], []
    if name == "aggregate":
        stages = arguments["pipeline"]
        first = stages[0]["$match"] if stages and "$match" in stages[0] else {}
        return first, arguments["hint"], stages
    statements = arguments["updates" if name == "update" else "deletes"]
    return statements[0].get("q", {}), statements[0].get("hint"), []


def winning_plan(
    way: Plan | None, query: Document, *, is_multikey: bool = False, backward: bool = False
) -> Document:
    """Return the tree of stages of a plan."""
    if way is None:
        return {"stage": "EOF"}
    if way.stage == "IDHACK":
        return {"stage": "EXPRESS_IXSCAN", "keyPattern": "{ _id: 1 }", "indexName": "_id_"}
    if way.branches is not None:
        scans = [_index_scan(index, is_multikey=is_multikey) for index, _ in way.branches]
        union = {"stage": "OR", "inputStages": scans}
        return {"stage": "SUBPLAN", "inputStage": {"stage": "FETCH", "filter": query, "inputStage": union}}  # fmt: skip
    if way.index is not None:
        return {
            "stage": "FETCH",
            **({"filter": query} if query else {}),
            "inputStage": _index_scan(
                way.index, is_multikey=is_multikey, backward=backward or way.backward
            ),
        }
    direction = "backward" if way.backward else "forward"
    return {"stage": "COLLSCAN", **({"filter": query} if query else {}), "direction": direction}


def _index_scan(index: Document, *, is_multikey: bool, backward: bool = False) -> Document:
    return {
        "stage": "IXSCAN", "keyPattern": index["key"], "indexName": index["name"],
        "isMultiKey": is_multikey, "multiKeyPaths": {path: [] for path in index["key"]}, "isUnique": bool(index.get("unique")),
        "isSparse": bool(index.get("sparse")), "isPartial": "partialFilterExpression" in index,
        "indexVersion": 2, "direction": "backward" if backward else "forward", "indexBounds": {},
    }  # fmt: skip


def _projected(tree: Document, projection: Any) -> Document:
    """Return the tree below the stage that shapes documents, if they are shaped."""
    if not projection:
        return tree
    is_simple = all(isinstance(way, (bool, int, float)) for way in projection.values()) and not any(
        "." in path for path in projection
    )
    stage = "PROJECTION_SIMPLE" if is_simple else "PROJECTION_DEFAULT"
    return {"stage": stage, "transformBy": projection, "inputStage": tree}


def _planner(request: Request, namespace: str, query: Document, way: Plan | None) -> Document:
    limit = request.arguments.get("limit")
    sort = request.arguments.get("sort")
    is_ordered = is_multikey = False
    if way is not None:
        reader = _reader(request)
        index = way.sorting_index(reader, sort) if sort else None
        if index is not None:
            way.index, is_ordered = index, True
        if way.index is not None:
            is_multikey = holds_arrays(way.collection, reader, way.index)
    backward = sort is not None and is_ordered and next(iter(sort.values())) < 0
    tree = winning_plan(way, query, is_multikey=is_multikey, backward=backward)
    if sort and not is_ordered:
        tree = {
            "stage": "SORT",
            "sortPattern": sort,
            "memLimit": 104857600,
            "type": "simple",
            "inputStage": tree,
        }
    tree = _projected(tree, request.arguments.get("projection"))
    skip = request.arguments.get("skip")
    if skip:
        tree = {"stage": "SKIP", "skipAmount": skip, "inputStage": tree}
    if limit:
        tree = {"stage": "LIMIT", "limitAmount": limit, "inputStage": tree}
    return {
        "namespace": namespace, "parsedQuery": query, "indexFilterSet": way is not None and way.allowed is not None, "queryHash": "00000000",
        "planCacheShapeHash": "00000000", "planCacheKey": "00000000", "optimizationTimeMillis": 0,
        "maxIndexedOrSolutionsReached": False, "maxIndexedAndSolutionsReached": False,
        "maxScansToExplodeReached": False, "prunedSimilarIndexes": False, "winningPlan": tree, "rejectedPlans": [],
    }  # fmt: skip


def _reader(request: Request) -> Reader:
    store = request.store()
    assert store is not None
    return request.reader(store)


def _statistics(request: Request, name: str, way: Plan | None, planner: Document) -> Document:
    returned = examined = 0
    if way is not None:
        reader = _reader(request)
        limit = request.arguments.get("limit") or None
        for record in way.candidates(reader):
            examined += 1
            returned += way.matches is None or way.matches(record.document)
            if limit is not None and returned >= limit:
                break
    elapsed = max(0, (request.deployment.clock() - request.now_us) // 1000)
    keys = examined if way is not None and way.index is not None else 0
    return {
        "executionSuccess": True, "nReturned": 0 if name in {"update", "delete"} else returned, "executionTimeMillis": elapsed,
        "totalKeysExamined": keys, "totalDocsExamined": examined,
        "executionStages": planner["winningPlan"] | {"nReturned": returned, "executionTimeMillisEstimate": elapsed},
        "allPlansExecution": [],
    }  # fmt: skip


COMMANDS = (explain,)
