"""The mapReduce command: JavaScript that maps documents to keys and values, and reduces these; refused without the extra `javascript`."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import Declared, command, required
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.surroundings import context_of, documents_of
from dotdo_mongo.engine.values import sort_key
from dotdo_mongo.errors import failure

Document = dict[str, Any]
Call = Callable[[str, list[Any]], Any]


def _code(value: Any, where: str) -> str:
    if not isinstance(value, str):  # code is text, with a scope or without
        raise kinds.wrong_type(where, value, "string, javascript, javascriptWithScope")
    return value


_JAVASCRIPT = kinds.Kind(_code)
_MAP_REDUCE: Declared = {
    "map": required(_JAVASCRIPT),
    "reduce": required(_JAVASCRIPT),
    "finalize": _JAVASCRIPT,
    "out": required(kinds.OBJECT_OR_STRING),
    "query": kinds.OBJECT,
    "sort": kinds.OBJECT,
    "limit": kinds.safe_long(0),
    "scope": kinds.OBJECT,
    "collation": kinds.OBJECT,
    "jsMode": kinds.BOOL,
    "verbose": kinds.BOOL,
    "bypassDocumentValidation": kinds.SAFE_BOOL,
}
_MAP = """function(doc, scope) {{
  for (const name in scope) globalThis[name] = scope[name];
  __emitted.length = 0;
  ({source}\n).call(doc);
  return __emitted;
}}"""
_ACTIONS = ("replace", "merge", "reduce", "inline")


@command(
    "mapReduce",
    _MAP_REDUCE,
    aliases=("mapreduce",),
    target=kinds.STRING,
    takes_read_concern=True,
    takes_write_concern=True,
)
def map_reduce(request: Request) -> Document:
    """Map documents to keys with values, and reduce the values of each key to one."""
    arguments, name = request.arguments, request.collection_name
    found = request.find(name)
    context = context_of(request, None if found is None else found[1], name=name)
    call = context.javascript
    if call is None:
        raise failure(31264, "mapReduce not supported without the extra dotdo-mongo[javascript]")
    action, out = _output(arguments["out"])
    reduced = _reduced(call, _mapped(call, request, context), arguments)
    if action == "reduce":
        known = {
            sort_key(each["_id"]): each.get("value")
            for each in documents_of(request, out["coll"], out.get("db"))
        }
        reduced = (_joined(call, each, known, arguments) for each in reduced)
    results = [_finished(call, each, arguments) for each in reduced]
    if action == "inline":
        return {"results": results}
    stage = (
        {"$out": {"db": out.get("db", request.db), "coll": out["coll"]}}
        if action == "replace"
        else {"$merge": {"into": out, "whenMatched": "replace", "whenNotMatched": "insert"}}
    )
    list(compile_pipeline([stage], context)(results))
    shown = out["coll"] if "db" not in out else {"db": out["db"], "collection": out["coll"]}
    return {"result": shown}


def _output(given: Any) -> tuple[str, Document]:
    """Return what is to be done with the results, and where they go.

    Raises:
        CommandFailure: The specification is none (code 9).
    """
    if isinstance(given, str):
        return "replace", {"coll": given}
    actions = [name for name in given if name in _ACTIONS]
    others = given.keys() - {*_ACTIONS, "db", "sharded", "nonAtomic"}
    if len(actions) != 1 or others or given.get("sharded"):
        raise failure(9, "'out' must have exactly one of inline, replace, merge and reduce")
    action, target = actions[0], given[actions[0]]
    if action == "inline":
        return action, {}
    if not isinstance(target, str):
        raise failure(9, f"'out.{action}' must be the name of a collection")
    return action, {"coll": target, **({"db": given["db"]} if "db" in given else {})}


def _mapped(call: Call, request: Request, context: Context) -> Iterator[tuple[Any, Any]]:
    """Yield the keys and values that documents are mapped to."""
    arguments = request.arguments
    stages: list[Document] = [{"$match": arguments["query"] or {}}]
    if arguments["sort"]:
        stages.append({"$sort": arguments["sort"]})
    if arguments["limit"]:
        stages.append({"$limit": arguments["limit"]})
    source = _MAP.format(source=arguments["map"])
    scope: Document = {}
    for name in ("map", "reduce", "finalize"):
        scope |= getattr(arguments[name], "scope", None) or {}
    scope |= arguments["scope"] or {}
    documents = documents_of(request, request.collection_name)
    for document in compile_pipeline(stages, context)(documents):
        yield from call(source, [document, scope])


def _reduced(
    call: Call, pairs: Iterable[tuple[Any, Any]], arguments: Document
) -> Iterator[Document]:
    """Yield a document for each key, in order; a single value is taken as it is."""
    groups: dict[Any, tuple[Any, list[Any]]] = {}
    for key, value in pairs:
        groups.setdefault(sort_key(key), (key, []))[1].append(value)
    for place in sorted(groups):
        key, values = groups[place]
        value = values[0] if len(values) == 1 else call(str(arguments["reduce"]), [key, values])
        yield {"_id": key, "value": value}


def _joined(call: Call, document: Document, known: dict[Any, Any], arguments: Document) -> Document:
    """Return a result reduced with the one that is there already."""
    place = sort_key(document["_id"])
    if place not in known:
        return document
    values = [known[place], document["value"]]
    return {**document, "value": call(str(arguments["reduce"]), [document["_id"], values])}


def _finished(call: Call, document: Document, arguments: Document) -> Document:
    if not arguments["finalize"]:
        return document
    return {
        **document,
        "value": call(str(arguments["finalize"]), [document["_id"], document["value"]]),
    }


COMMANDS = (map_reduce,)
