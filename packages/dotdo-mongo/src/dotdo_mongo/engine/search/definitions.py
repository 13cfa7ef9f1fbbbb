"""Definitions of search indexes: checked when they are made, and read for how the values at a path are indexed."""

from dataclasses import dataclass, field
from typing import Any

from dotdo_mongo.engine.search.analyzers import STANDARD, analyzer
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
SIMILARITIES = ("euclidean", "cosine", "dotProduct")
_PLAIN = frozenset({"token", "number", "date", "boolean", "objectId", "uuid"})
_FACETS = {"stringFacet": "token", "numberFacet": "number", "dateFacet": "date"}
_KNOWN = {
    "string": {"analyzer", "searchAnalyzer", "norms", "store", "indexOptions", "ignoreAbove", "multi"},
    "autocomplete": {"analyzer", "tokenization", "minGrams", "maxGrams", "foldDiacritics"},
    "token": {"normalizer"},
    "document": {"dynamic", "fields"},
    "number": {"representation", "indexIntegers", "indexDoubles"},
}  # fmt: skip
_UNSUPPORTED = ("analyzers", "synonyms", "storedSource", "typeSets")
_MAX_DIMENSIONS = 8192


def _bad(text: str) -> CommandFailure:
    return failure(2, f"Invalid search index definition: {text}")


def check_definition(kind: str, definition: Document) -> None:
    """See that a definition is one of a kind of index.

    Raises:
        CommandFailure: It is malformed, or asks for what is not there (codes 2, 115).
    """
    if kind == "vectorSearch":
        _check_vectors(definition)
        return
    for name in definition:
        if name in _UNSUPPORTED and definition[name]:
            raise failure(115, f"search indexes with '{name}' are not supported")
        if name not in {"mappings", "analyzer", "searchAnalyzer", "numPartitions", *_UNSUPPORTED}:
            raise _bad(f'unrecognized field "{name}"')
    for name in ("analyzer", "searchAnalyzer"):
        if name in definition:
            _check_analyzer(definition[name], name)
    if not isinstance(definition.get("mappings"), dict):
        raise _bad('"mappings" is required')
    _check_mapping(definition["mappings"], "mappings")


def _check_analyzer(name: Any, where: str) -> None:
    if not isinstance(name, str):
        raise _bad(f'"{where}" must be a string')
    try:
        analyzer(name)
    except CommandFailure:
        raise _bad(f'"{where}" names an unknown analyzer "{name}"') from None


def _check_mapping(mapping: Document, where: str) -> None:
    if not isinstance(mapping.get("dynamic", False), bool):
        raise failure(115, f"search indexes with '{where}.dynamic' of that form are not supported")
    fields = mapping.get("fields", {})
    if not isinstance(fields, dict):
        raise _bad(f'"{where}.fields" must be a document')
    for name, given in fields.items():
        for one in given if isinstance(given, list) else [given]:
            _check_field(one, f"{where}.fields.{name}")


def _check_field(one: Any, where: str) -> None:
    if not isinstance(one, dict) or not isinstance(one.get("type"), str):
        raise _bad(f'"{where}.type" is required')
    kind = one["type"]
    _check_kind(one, kind, where)
    for name in ("analyzer", "searchAnalyzer"):
        if name in one:
            _check_analyzer(one[name], f"{where}.{name}")
    if one.get("tokenization", "edgeGram") not in {"edgeGram", "rightEdgeGram", "nGram"}:
        raise _bad(f'"{where}.tokenization" must be one of [edgeGram, rightEdgeGram, nGram]')
    if one.get("normalizer", "none") not in {"none", "lowercase"}:
        raise _bad(f'"{where}.normalizer" must be one of [none, lowercase]')
    if kind == "document":
        _check_mapping(one, where)


def _check_kind(one: Document, kind: str, where: str) -> None:
    if kind in {"geo", "embeddedDocuments", "knnVector"}:
        raise failure(115, f"search indexes with fields of type '{kind}' are not supported")
    if kind not in _KNOWN and kind not in _PLAIN and kind not in _FACETS:
        raise _bad(f'"{where}.type" is no type of field: "{kind}"')
    for name in one:
        if name != "type" and name not in _KNOWN.get(kind, set()):
            raise _bad(f'"{where}" contains an unrecognized field "{name}"')
    if one.get("multi"):
        raise failure(115, "search indexes with several analyzers for a field are not supported")


def _check_vectors(definition: Document) -> None:
    fields = definition.get("fields")
    if not isinstance(fields, list) or not fields:
        raise _bad('"fields" is required')
    for at, one in enumerate(fields):
        where = f"fields[{at}]"
        if not isinstance(one, dict) or not isinstance(one.get("path"), str):
            raise _bad(f'"{where}.path" is required')
        if one.get("type") == "filter":
            continue
        if one.get("type") != "vector":
            raise _bad(f'"{where}.type" must be one of [vector, filter]')
        dimensions = one.get("numDimensions")
        if type(dimensions) is not int or not 1 <= dimensions <= _MAX_DIMENSIONS:
            raise _bad(f'"{where}.numDimensions" must be between 1 and {_MAX_DIMENSIONS}')
        if one.get("similarity") not in SIMILARITIES:
            raise _bad(f'"{where}.similarity" must be one of [{", ".join(SIMILARITIES)}]')
        if one.get("quantization", "none") != "none":
            raise failure(115, "search indexes with quantized vectors are not supported")
    if not any(one["type"] == "vector" for one in fields):
        raise _bad("at least one field must be of type vector")


@dataclass(slots=True)
class Text:
    """How text at a path is indexed: the analyzers of what is stored and of what is asked; grams of autocompletion."""

    analyzer: str
    search_analyzer: str
    grams: tuple[str, int, int] | None = None
    folds: bool = False


@dataclass(slots=True)
class Mapping:
    """What a definition indexes.

    Args:
        definition: Checked.
    """

    definition: Document
    _known: dict[str, list[Document]] = field(default_factory=dict)

    def types(self, path: str) -> list[Document]:
        """Return how the values at a path are indexed, in every way; none when they are not."""
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = _types(self.definition["mappings"], path.split("."))
        return found

    def text(self, path: str, kind: str = "string") -> Text | None:
        """Return how text at a path is indexed for an operator of a kind of field, None when it is not."""
        for one in self.types(path):
            if one["type"] == kind:
                return self._text(one, kind)
        return None

    def _text(self, one: Document, kind: str) -> Text:
        stored = one.get("analyzer") or self.definition.get("analyzer") or STANDARD
        if kind == "autocomplete":
            grams = (one.get("tokenization", "edgeGram"), int(one.get("minGrams", 2)), int(one.get("maxGrams", 15)))  # fmt: skip
            return Text(stored, stored, grams, bool(one.get("foldDiacritics", True)))
        asked = one.get("searchAnalyzer") or self.definition.get("searchAnalyzer") or stored
        return Text(stored, asked)

    def has(self, path: str, *kinds: str) -> bool:
        """Values at a path are indexed as one of some kinds."""
        return any(_FACETS.get(one["type"], one["type"]) in kinds for one in self.types(path))

    def normalizer(self, path: str) -> str:
        """Return how tokens at a path are made alike."""
        tokens = (one for one in self.types(path) if one["type"] == "token")
        return str(next(tokens, {}).get("normalizer", "none"))


_DYNAMIC = [{"type": kind} for kind in ("string", "number", "date", "boolean", "objectId", "uuid")]
"""What a dynamic mapping makes of a field; text is no token there."""


def _types(mapping: Document, names: list[str]) -> list[Document]:
    fields = mapping.get("fields", {})
    if names[0] in fields:
        given = fields[names[0]]
        ways = given if isinstance(given, list) else [given]
        if len(names) == 1:
            return [one for one in ways if one["type"] != "document"]
        inner = [one for one in ways if one["type"] == "document"]
        return [way for one in inner for way in _types(one, names[1:])]
    return _DYNAMIC if mapping.get("dynamic") else []
