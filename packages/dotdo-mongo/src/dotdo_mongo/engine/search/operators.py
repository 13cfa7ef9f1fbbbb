"""The operators of $search: each a function from its argument to the rows that it finds, with their scores."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import Binary, DatetimeMS, Decimal128, Int64, ObjectId

from dotdo_mongo.engine.search.analyzers import KEYWORD, analyzer
from dotdo_mongo.engine.search.failing import field, only, wrong
from dotdo_mongo.engine.search.postings import Postings, Scores
from dotdo_mongo.engine.search.search import Search, added, in_all, near_terms, texts_of
from dotdo_mongo.engine.text.words import folded

Document = dict[str, Any]
Operator = Callable[[Search, Document, str], Scores]
_FUZZY = ("maxEdits", "prefixLength", "maxExpansions")
_MOST_EXPANDED = 50


def found_by(search: Search, spec: Document, where: str) -> Scores:
    """Return what the one operator of a part of a query finds.

    Raises:
        CommandFailure: There is none, or more than one, or it is malformed (code 8).
    """
    if not isinstance(spec, dict):
        raise wrong(f'"{where}" must be a document')
    names = [name for name in spec if name in OPERATORS]
    unknown = [name for name in spec if name not in OPERATORS]
    if unknown:
        if unknown[0] in _UNSUPPORTED:
            raise wrong(f'operator "{unknown[0]}" is not supported')
        raise wrong(f'"{where or "search"}" contains an unrecognized field "{unknown[0]}"')
    if len(names) != 1:
        raise wrong(f"{where or 'search'} must have exactly one operator")
    (name,) = names
    argument = spec[name]
    inner = f"{where}.{name}" if where else name
    if not isinstance(argument, dict):
        raise wrong(f'"{inner}" must be a document')
    rest = {key: value for key, value in argument.items() if key != "score"}
    return _rescored(OPERATORS[name](search, rest, inner), argument.get("score"), inner)


def _rescored(scores: Scores, given: Any, where: str) -> Scores:
    if given is None:
        return scores
    only(given, f"{where}.score", "boost", "constant")
    if len(given) != 1:
        raise wrong(f'"{where}.score" must have exactly one of [boost, constant]')
    ((name, part),) = given.items()
    only(part, f"{where}.score.{name}", "value")
    value = float(field(part, f"{where}.score.{name}", "value", float, default=...))
    if value < 0:
        raise wrong(f'"{where}.score.{name}.value" cannot be negative')
    if name == "constant":
        return dict.fromkeys(scores, value)
    return {row: score * value for row, score in scores.items()}


# --- text ----------------------------------------------------------------------------------------


def _text(search: Search, spec: Document, where: str) -> Scores:
    only(spec, where, "query", "path", "fuzzy", "matchCriteria")
    texts = texts_of(spec, where)
    criteria = field(spec, where, "matchCriteria", str, default="any")
    if criteria not in {"any", "all"}:
        raise wrong(f'"{where}.matchCriteria" must be one of [all, any]')
    fuzzy = _fuzzy(spec, where)
    parts = []
    for path in search.paths(spec.get("path"), f"{where}.path"):
        way = search.mapping.text(path)
        if way is None:
            continue
        postings, cut = search.postings(path, way), analyzer(way.search_analyzer)
        for text in texts:
            found = [_of_term(postings, term, fuzzy) for term in dict.fromkeys(cut(text))]
            if found:
                parts.append(in_all(found) if criteria == "all" else added(found))
    return added(parts)


def _fuzzy(spec: Document, where: str) -> tuple[int, int, int] | None:
    given = spec.get("fuzzy")
    if given is None:
        return None
    inner = f"{where}.fuzzy"
    only(given, inner, *_FUZZY)
    edits = int(field(given, inner, "maxEdits", int, default=2))
    if edits not in {1, 2}:
        raise wrong(f'"{inner}.maxEdits" must be within bounds [1 - 2]')
    prefix = int(field(given, inner, "prefixLength", int, default=0))
    most = int(field(given, inner, "maxExpansions", int, default=_MOST_EXPANDED))
    return edits, prefix, most


def _of_term(postings: Postings, term: str, fuzzy: tuple[int, int, int] | None) -> Scores:
    if fuzzy is None:
        return postings.scores(term)
    edits, prefix, most = fuzzy
    near = sorted(near_terms(term, postings.terms, edits, prefix), key=lambda pair: pair[1])
    return added(
        postings.scores(one, 1 - distance / max(min(len(one), len(term)), 1))
        for one, distance in near[:most]
    )


def _phrase(search: Search, spec: Document, where: str) -> Scores:
    only(spec, where, "query", "path", "slop")
    texts = texts_of(spec, where)
    slop = int(field(spec, where, "slop", int, default=0))
    if slop < 0:
        raise wrong(f'"{where}.slop" cannot be negative')
    parts = []
    for path in search.paths(spec.get("path"), f"{where}.path"):
        way = search.mapping.text(path)
        if way is not None:
            postings, cut = search.postings(path, way), analyzer(way.search_analyzer)
            parts += [postings.phrase(cut(text), slop) for text in texts]
    return added(parts)


def _autocomplete(search: Search, spec: Document, where: str) -> Scores:
    only(spec, where, "query", "path", "fuzzy", "tokenOrder")
    texts = texts_of(spec, where)
    order = field(spec, where, "tokenOrder", str, default="any")
    if order not in {"any", "sequential"}:
        raise wrong(f'"{where}.tokenOrder" must be one of [any, sequential]')
    path = field(spec, where, "path", str, default=...)
    way = search.mapping.text(path, "autocomplete")
    if way is None or way.grams is None:
        raise wrong(f'autocomplete index field definition not present at path "{path}"')
    fuzzy, postings = _fuzzy(spec, where), search.postings(path, way)
    parts = []
    for text in texts:
        words = analyzer(way.analyzer)(folded(text) if way.folds else text)
        found = [_of_gram(postings, word, way.grams, fuzzy) for word in words]
        if not found:
            continue
        if order == "sequential" and len(words) > 1:
            rows = _sequences(postings, words, way.grams)
            found = [{row: one[row] for row in one if row in rows} for one in found]
            parts.append(in_all(found))
        else:
            parts.append(added(found))
    return added(parts)


def _completions(postings: Postings, word: str, grams: tuple[str, int, int]) -> list[str]:
    """Return the terms of which a word is a gram."""
    kind, least, most = grams
    if not least <= len(word):
        return []
    word = word[:most]
    test: Callable[[str], bool] = {
        "edgeGram": lambda term: term.startswith(word),
        "rightEdgeGram": lambda term: term.endswith(word),
        "nGram": lambda term: word in term,
    }[kind]
    return [term for term in postings.terms if test(term)]


def _of_gram(
    postings: Postings,
    word: str,
    grams: tuple[str, int, int],
    fuzzy: tuple[int, int, int] | None,
) -> Scores:
    terms = _completions(postings, word, grams)
    if fuzzy is not None:
        edits, prefix, most = fuzzy
        cut = ((term[: len(word)], term) for term in postings.terms if len(term) >= len(word))
        starts: dict[str, list[str]] = {}
        for start, term in cut:
            starts.setdefault(start, []).append(term)
        near = [start for start, _ in near_terms(word, starts, edits, prefix)][:most]
        terms = list(dict.fromkeys([*terms, *(term for start in near for term in starts[start])]))
    return added(postings.scores(term) for term in terms)


def _sequences(postings: Postings, words: list[str], grams: tuple[str, int, int]) -> set[int]:
    """Return the rows where completions of words stand one after the other."""
    rows: set[int] = set()
    ways: list[list[str]] = [[]]
    for word in words:
        ways = [[*way, term] for way in ways for term in _completions(postings, word, grams)]
        ways = [way for way in ways if len(way) == 1 or postings.phrase(way, 0)]
    for way in ways:
        rows.update(postings.phrase(way, 0))
    return rows


def _wildcard(search: Search, spec: Document, where: str) -> Scores:
    return _by_pattern(search, spec, where, _glob)


def _regex(search: Search, spec: Document, where: str) -> Scores:
    return _by_pattern(search, spec, where, lambda text: text)


def _by_pattern(
    search: Search, spec: Document, where: str, pattern_of: Callable[[str], str]
) -> Scores:
    only(spec, where, "query", "path", "allowAnalyzedField")
    texts = texts_of(spec, where)
    allows = field(spec, where, "allowAnalyzedField", bool, default=False)
    try:
        patterns = [re.compile(pattern_of(text), re.DOTALL) for text in texts]
    except re.error:
        raise wrong(f'"{where}.query" is no valid pattern') from None
    rows: Scores = {}
    for path in search.paths(spec.get("path"), f"{where}.path"):
        way = search.mapping.text(path)
        if way is None:
            if not search.mapping.has(path, "token"):
                continue
            postings = search.tokens(path)
        else:
            if way.analyzer != KEYWORD and not allows:
                raise wrong(
                    f'"allowAnalyzedField" must be true to run a {where.rsplit(".", 1)[-1]} query'
                    f' against the analyzed field "{path}"'
                )
            postings = search.postings(path, way)
        for term in postings.terms:
            if any(pattern.fullmatch(term) for pattern in patterns):
                rows |= dict.fromkeys(postings.scores(term), 1.0)
    return rows


def _glob(text: str) -> str:
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    kinds = {"*": ".*", "?": "."}
    return "".join(kinds.get(part) or re.escape(part[-1]) for part in parts)


# --- values --------------------------------------------------------------------------------------

_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "boolean"),
    ((int, Int64, float), "number"),
    (str, "token"),
    ((datetime, DatetimeMS), "date"),
    (ObjectId, "objectId"),
)


def _kind_of(value: Any, where: str) -> str:
    for types, kind in _TYPES:
        if isinstance(value, types):
            return kind
    if isinstance(value, Binary) and value.subtype == 4:
        return "uuid"
    if isinstance(value, Decimal128):
        raise wrong(f'"{where}" cannot be a decimal')
    raise wrong(f'"{where}" must be a boolean, objectId, number, string, date, uuid or null')


def _equal(search: Search, path: str, value: Any, where: str) -> Scores:
    if value is None:
        return search.matching({path: {"$type": "null"}})
    kind = _kind_of(value, where)
    if not search.mapping.has(path, kind):
        if kind == "token":
            raise wrong(f"Path '{path}' needs to be indexed as token")
        return {}
    if kind == "token":
        return _equal_token(search, path, value)
    return search.matching({path: {"$eq": value}})


def _equal_token(search: Search, path: str, value: str) -> Scores:
    if search.mapping.normalizer(path) != "lowercase":
        return dict.fromkeys(search.tokens(path).scores(value), 1.0)
    tokens, lower = search.tokens(path), value.lower()
    alike = [term for term in tokens.terms if term.lower() == lower]
    return {row: 1.0 for term in alike for row in tokens.scores(term)}


def _equals(search: Search, spec: Document, where: str) -> Scores:
    only(spec, where, "path", "value")
    path = field(spec, where, "path", str, default=...)
    if "value" not in spec:
        raise wrong(f'"{where}.value" is required')
    return _equal(search, path, spec["value"], f"{where}.value")


def _in(search: Search, spec: Document, where: str) -> Scores:
    only(spec, where, "path", "value")
    values = field(spec, where, "value", default=...)
    values = values if isinstance(values, list) else [values]
    if not values:
        raise wrong(f'"{where}.value" cannot be empty')
    rows: Scores = {}
    for path in search.paths(spec.get("path"), f"{where}.path"):
        for value in values:
            rows |= _equal(search, path, value, f"{where}.value")
    return rows


_SIDES = ("gt", "gte", "lt", "lte")


def _range(search: Search, spec: Document, where: str) -> Scores:
    only(spec, where, "path", *_SIDES)
    bounds = {name: spec[name] for name in _SIDES if name in spec}
    if not bounds:
        raise wrong(f'"{where}" must have at least one of [gt, gte, lt, lte]')
    for one, other in (("gt", "gte"), ("lt", "lte")):
        if one in bounds and other in bounds:
            raise wrong(f'"{where}" cannot have both "{one}" and "{other}"')
    kinds = {_kind_of(value, f"{where}.{name}") for name, value in bounds.items()}
    kind = kinds.pop()
    if kinds or kind not in {"number", "date", "token", "objectId"}:
        raise wrong(f'"{where}" bounds must be numbers, dates, strings or objectIds of one kind')
    rows: Scores = {}
    for path in search.paths(spec.get("path"), f"{where}.path"):
        if not search.mapping.has(path, kind):
            if kind == "token":
                raise wrong(f"Path '{path}' needs to be indexed as token")
            continue
        rows |= search.matching(
            {
                "$or": [
                    {path: {"$elemMatch": {f"${n}": v for n, v in bounds.items()}}},
                    {
                        path: {f"${n}": v for n, v in bounds.items()},
                        f"{path}.0": {"$exists": False},
                    },
                ]
            }
        )
    return rows


def _exists(search: Search, spec: Document, where: str) -> Scores:
    only(spec, where, "path")
    path = field(spec, where, "path", str, default=...)
    return search.matching({path: {"$exists": True}})


# --- several -------------------------------------------------------------------------------------

_CLAUSES = ("must", "mustNot", "should", "filter")


def _compound(search: Search, spec: Document, where: str) -> Scores:
    only(spec, where, *_CLAUSES, "minimumShouldMatch")
    clauses: dict[str, list[Scores]] = {}
    for name in _CLAUSES:
        given = spec.get(name)
        if given is None:
            continue
        parts = given if isinstance(given, list) else [given]
        if not parts:
            raise wrong(f'"{where}.{name}" cannot be empty')
        clauses[name] = [
            found_by(search, part, f"{where}.{name}[{at}]" if isinstance(given, list) else f"{where}.{name}")
            for at, part in enumerate(parts)
        ]  # fmt: skip
    if not clauses:
        raise wrong(f'"{where}" must have at least one of [{", ".join(_CLAUSES)}]')
    least = int(field(spec, where, "minimumShouldMatch", int, default=0))
    should = clauses.get("should", [])
    if least > len(should):
        raise wrong(
            f'"{where}.minimumShouldMatch" cannot be greater than the number of "should" clauses'
        )
    return _joined(search, clauses, should, least)


def _joined(
    search: Search, clauses: dict[str, list[Scores]], should: list[Scores], least: int
) -> Scores:
    must, wanted = clauses.get("must", []), clauses.get("filter", [])
    if must:
        scores = in_all(must)
    elif wanted:
        scores = dict.fromkeys(in_all(wanted), 0.0)
    elif should:
        scores = dict.fromkeys(added(should), 0.0)
        least = max(least, 1)
    else:
        scores = dict.fromkeys(search.everything(), 0.0)
    for one in wanted:
        scores = {row: score for row, score in scores.items() if row in one}
    for one in clauses.get("mustNot", []):
        scores = {row: score for row, score in scores.items() if row not in one}
    if least:
        scores = {r: s for r, s in scores.items() if sum(r in one for one in should) >= least}
    return {row: score + sum(one.get(row, 0.0) for one in should) for row, score in scores.items()}


OPERATORS: dict[str, Operator] = {
    "text": _text,
    "phrase": _phrase,
    "autocomplete": _autocomplete,
    "wildcard": _wildcard,
    "regex": _regex,
    "equals": _equals,
    "in": _in,
    "range": _range,
    "exists": _exists,
    "compound": _compound,
}
_UNSUPPORTED = frozenset(
    {
        "embeddedDocument", "geoShape", "geoWithin", "hasAncestor", "hasRoot", "knnBeta", "moreLikeThis", "near",
        "queryString", "returnScope", "span", "vectorSearch",
    }
)  # fmt: skip
