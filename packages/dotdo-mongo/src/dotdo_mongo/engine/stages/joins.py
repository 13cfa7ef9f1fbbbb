"""$lookup, $graphLookup and $unionWith."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from bson import Int64

from dotdo_mongo.engine.context import UNBOUND
from dotdo_mongo.engine.expressions.names import check_variable_write
from dotdo_mongo.engine.fieldpath import read, split_path
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.ordering import EMPTY_ARRAY, leaves
from dotdo_mongo.engine.stages.declare import (
    Family,
    Place,
    Run,
    check_document,
    check_fields,
    check_kind,
)
from dotdo_mongo.engine.stages.shape import with_value
from dotdo_mongo.engine.values import MISSING, NULLISH, NUMBERS, Key, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document, Pipeline
    from dotdo_mongo.engine.expressions import Expr, Scope

FAMILY = Family("joins")
MAX_DEPTH = 20
_CHUNK = 100


def check_collection(name: str) -> str:
    """Return a collection's name. Code 73."""
    if not name or "\0" in name or name[:1] == ".":
        raise failure(73, f"Invalid namespace specified '{name}'")
    return name


def _inner(place: Place, feature: str, collection: str | None) -> Context:
    context = place.context
    if context.depth >= MAX_DEPTH:
        raise failure(232, f"Maximum number of nested sub-pipelines exceeded. Limit is {MAX_DEPTH}")
    inner = context.with_(depth=context.depth + 1, features=context.features | {feature})
    return context.foreign(inner, collection or "")


def local_values(document: Any, names: tuple[str, ...]) -> list[Any]:
    """Return the values by which a document is joined: an array gives its members."""
    value = read(document, names)
    if value is MISSING:
        return [None]
    return (list(value) or [None]) if isinstance(value, list) else [value]


class _Index:
    """The foreign documents by the values at a path."""

    def __init__(
        self, documents: Iterable[Document], names: tuple[str, ...], key: Callable[[Any], Key]
    ) -> None:
        self.key = key
        self.documents = list(documents)
        self.places: dict[Key, list[int]] = {}
        for place, document in enumerate(self.documents):
            for its in {key(value) for value in self._values(document, names)}:
                self.places.setdefault(its, []).append(place)

    def _values(self, document: Document, names: tuple[str, ...]) -> list[Any]:
        value: Any = document
        for index, name in enumerate(names):
            if isinstance(value, list):
                return [None if one is EMPTY_ARRAY else one for one in leaves(value, names, index)]
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, list):
            return [*value, value]
        return [value]

    def at(self, values: Iterable[Any]) -> list[Document]:
        """Return the documents that have one of the values, in their order."""
        found: set[int] = set()
        for value in values:
            found.update(self.places.get(self.key(None if type(value) in NULLISH else value), ()))
        return [self.documents[place] for place in sorted(found)]


_LOOKUP_FIELDS = (
    "from",
    "as",
    "localField",
    "foreignField",
    "let",
    "pipeline",
    "_internalUnwind",
    "_internalCollation",
)


class _Lookup:
    """A checked $lookup."""

    def __init__(self, argument: Any, place: Place) -> None:
        spec = check_document(
            argument, 9, "the $lookup stage specification must be an object, but found {}"
        )
        spec = {
            name: one
            for name, one in spec.items()
            if not (one is None and name in {"let", "localField", "foreignField"})
            and not (one == "" and name in {"localField", "foreignField"})
        }
        self._check(spec)
        self.place = place
        self.context = place.context
        self.as_names = split_path(spec["as"])
        self.collection, self.db = self._source(spec)
        self.local = split_path(spec["localField"]) if "localField" in spec else None
        self.foreign = split_path(spec["foreignField"]) if "foreignField" in spec else None
        self.stages: list[Any] | None = spec.get("pipeline")
        self.let = self._variables(spec.get("let", {}), place.scope())
        self.inner = _inner(place, "lookup", self.collection)
        self.is_correlated = bool(self.let)
        if self.stages is not None:
            names = {name: UNBOUND for name, _ in self.let}
            place.compile(self.stages, self._with(names))

    def _check(self, spec: Mapping[str, Any]) -> None:
        self._source(spec)
        check_fields("$lookup", spec, _LOOKUP_FIELDS)
        for name in ("as", "localField", "foreignField"):
            if name in spec:
                check_kind("$lookup", name, spec[name], "string")
        if "let" in spec:
            check_kind("$lookup", "let", spec["let"], "object")
        if "pipeline" in spec and not isinstance(spec["pipeline"], list):
            raise failure(14, "A pipeline must be an array of objects")
        if "as" not in spec:
            raise failure(40414, "BSON field '$lookup.as' is missing but a required field")
        has_pair = "localField" in spec, "foreignField" in spec
        if any(has_pair) and not all(has_pair):
            raise failure(
                9,
                "$lookup requires both or neither of 'localField' and 'foreignField' to be specified",
            )
        if "pipeline" not in spec:
            if "let" in spec:
                raise failure(9, "$lookup with a 'let' argument must also specify 'pipeline'")
            if not any(has_pair):
                raise failure(
                    9,
                    "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
                )

    def _source(self, spec: Mapping[str, Any]) -> tuple[str | None, str | None]:
        if "from" not in spec:
            stages = spec.get("pipeline")
            first = stages[0] if isinstance(stages, list) and stages else {}
            if not (isinstance(first, Mapping) and "$documents" in first):
                raise failure(9, "must specify 'pipeline' with a $documents stage, or 'from'")
            return None, None
        source = spec["from"]
        if isinstance(source, Mapping):
            db, collection = source.get("db"), source.get("coll")
            for name, part in source.items():
                check_kind("from", name, part, "string")
            raise failure(
                9,
                f"$lookup with syntax {{from: {{db:<>, coll:<>}},..}} is not supported for db: {db} and coll: {collection}",
            )
        if type(source) is not str:
            raise failure(
                9, f"$lookup 'from' field must be a string, but found {type_name(source)}"
            )
        return check_collection(source), None

    def _variables(self, let: Mapping[str, Any], scope: Scope) -> list[tuple[str, Expr]]:
        for name in let:
            check_variable_write(name)
        return [(name, scope.compile(value)) for name, value in let.items()]

    def _with(self, names: Mapping[str, Any]) -> Context:
        return self.inner.with_(variables={**self.inner.variables, **names})

    def pipeline(self, document: Document) -> Pipeline | None:
        """Return the sub-pipeline with the variables that a document gives."""
        if self.stages is None:
            return None
        bound = {name: part.evaluate(document, {}) for name, part in self.let}
        return self.place.compile(self.stages, self._with(bound))

    def documents(self) -> Iterable[Document]:
        """Return the foreign documents."""
        return self.context.lookup(self.collection, self.db) if self.collection else ()

    def run(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield each document with those that it is joined to."""
        stream = iter(documents)
        joined: _Joined | None = None
        while chunk := list(islice(stream, _CHUNK)):
            here = joined
            if here is None:
                related = self._related(chunk, is_once=len(chunk) < _CHUNK)
                here = _Joined(self, self.documents() if related is None else related)
                joined = here if related is None else None
            for document in chunk:
                yield with_value(document, self.as_names, list(here.to(document)))

    def _related(self, documents: list[Document], *, is_once: bool) -> Iterable[Document] | None:
        """Return the foreign documents that some may be joined to, None when all are to be looked at."""
        if self.local is None or self.foreign is None or self.collection is None:
            return None
        if self.context.collation is not None:
            return None
        key = self.place.scope().key
        values = {key(v): v for each in documents for v in local_values(each, self.local)}
        wanted = [None if type(value) in NULLISH else value for value in values.values()]
        return self.context.related(self.collection, ".".join(self.foreign), wanted, is_once)


class _Joined:
    """The foreign side of one run: indexed once, piped once where nothing varies."""

    def __init__(self, lookup: _Lookup, foreign: Iterable[Document]) -> None:
        self.lookup = lookup
        self.foreign = list(foreign)
        self.shared = None if lookup.is_correlated else lookup.pipeline({})
        self.is_late = lookup.collection is None  # $documents first: joined to what it gives
        self.index: _Index | None = None
        if lookup.foreign is not None:
            source = self.foreign
            if self.is_late and self.shared is not None:
                source = list(self.shared(()))
            self.index = _Index(source, lookup.foreign, lookup.place.scope().key)
        self.same: list[Document] | None = None

    def to(self, document: Document) -> list[Document]:
        """Return what a document is joined to."""
        lookup = self.lookup
        if self.same is not None:
            return self.same
        found = self.foreign
        if self.index is not None and lookup.local is not None:
            found = self.index.at(local_values(document, lookup.local))
            if self.is_late:
                return found
        pipeline = self.shared or lookup.pipeline(document)
        if pipeline is not None:
            found = list(pipeline(found))
        if self.index is None and not lookup.is_correlated:
            self.same = found
        return found


@FAMILY.stage("$lookup")
def lookup(argument: Any, place: Place) -> Run:
    """Join documents of another collection. Codes 9, 14, 73, 232, 40414, 40415."""
    return _Lookup(argument, place).run


_GRAPH = (
    "from",
    "as",
    "startWith",
    "connectFromField",
    "connectToField",
    "maxDepth",
    "depthField",
    "restrictSearchWithMatch",
)


def _graph_depth(value: Any) -> int:
    if type(value) not in NUMBERS:
        raise failure(40100, f"maxDepth must be numeric, found type: {type_name(value)}")
    number = whole64(value)
    if number is None:
        raise failure(40102, f"maxDepth could not be represented as a long long: {value}")
    if number < 0:
        raise failure(40101, f"maxDepth requires a nonnegative argument, found: {value}")
    return number


def _check_graph_part(name: str, value: Any) -> None:
    if name not in _GRAPH:
        raise failure(40104, f"Unknown argument to $graphLookup: {name}")
    if name == "maxDepth":
        _graph_depth(value)
    elif name == "restrictSearchWithMatch":
        if not isinstance(value, Mapping):
            raise failure(
                40185, f"restrictSearchWithMatch must be an object, found {type_name(value)}"
            )
    elif name != "startWith" and type(value) is not str:
        code = 9 if name == "from" else 40103
        raise failure(code, f"expected string as argument for {name}, found: {type_name(value)}")


def _check_graph(spec: Mapping[str, Any]) -> None:
    for name, value in spec.items():
        _check_graph_part(name, value)
    for name in ("from", "as", "startWith", "connectFromField", "connectToField"):
        if name not in spec:
            raise failure(
                40105,
                "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.",
            )


@FAMILY.stage("$graphLookup")
def graph_lookup(argument: Any, place: Place) -> Run:
    """Follow references through another collection. Codes 9, 40100 to 40105, 40185, 40327."""
    spec = check_document(
        argument, 40327, "the $graphLookup stage specification must be an object, but found {}"
    )
    _check_graph(spec)
    collection = check_collection(spec["from"])
    start = place.scope().compile(spec["startWith"])
    names = split_path(spec["as"])
    source = split_path(spec["connectFromField"])
    target = split_path(spec["connectToField"])
    depth_name = split_path(spec["depthField"]) if "depthField" in spec else None
    most = _graph_depth(spec["maxDepth"]) if "maxDepth" in spec else None
    context, key = place.context, place.scope().key
    context.foreign(context, collection)
    allowed = compile_match(dict(spec.get("restrictSearchWithMatch", {})), context)

    def reached(document: Document, index: _Index) -> list[Document]:
        value = start.evaluate(document, {})
        frontier = value if isinstance(value, list) else [value]
        seen: dict[Key, Document] = {}
        depth = 0
        while frontier and (most is None or depth <= most):
            following: list[Any] = []
            for found in index.at(frontier):
                its = key(found.get("_id"))
                if its in seen:
                    continue
                following += (
                    local_values(found, source) if read(found, source) is not MISSING else []
                )
                seen[its] = with_value(found, depth_name, Int64(depth)) if depth_name else found
            frontier, depth = following, depth + 1
        return list(seen.values())

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        index: _Index | None = None
        for document in documents:
            if index is None:
                index = _Index(filter(allowed, context.lookup(collection, None)), target, key)
            yield with_value(document, names, reached(document, index))

    return run


@FAMILY.stage("$unionWith")
def union_with(argument: Any, place: Place) -> Run:
    """Append another collection's documents. Codes 9, 14, 73, 40414, 40415."""
    if type(argument) is str:
        argument = {"coll": argument}
    if not isinstance(argument, Mapping):
        raise failure(
            9,
            f"the $unionWith stage specification must be an object or string, but found {type_name(argument)}",
        )
    check_fields("$unionWith", argument, ("coll", "pipeline"))
    if "coll" in argument:
        check_kind("$unionWith", "coll", argument["coll"], "string")
    stages = argument.get("pipeline", [])
    if not isinstance(stages, list):
        raise failure(14, "A pipeline must be an array of objects")
    if "coll" not in argument and not (
        stages and isinstance(stages[0], Mapping) and "$documents" in stages[0]
    ):
        raise failure(
            9,
            "$unionWith stage without explicit collection must have a pipeline with $documents as first stage",
        )
    name = check_collection(argument["coll"]) if "coll" in argument else None
    context = _inner(place, "union", name)
    pipeline = place.compile(stages, context)

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        yield from documents
        yield from pipeline(context.lookup(name, None) if name else ())

    return run
