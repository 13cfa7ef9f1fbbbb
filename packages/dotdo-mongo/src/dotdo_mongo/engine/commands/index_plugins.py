"""What kinds of indexes ask of their specifications: text, 2d, 2dsphere and wildcard."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
_SPHERE_VERSIONS = frozenset({1, 2, 3, 4})
_TEXT_VERSIONS = frozenset({1, 2, 3})
_MAX_BITS = 32


def wrong_field(name: str, expected: str, value: Any) -> CommandFailure:
    """Return the failure of a field of another type."""
    return failure(14, f"The field '{name}' must be of type {expected}, but got {type_name(value)}")


def add_plugin(given: Document, spec: Document, kind: str) -> None:
    """Check the fields that only some kinds of indexes have, and add them to what is kept.

    Raises:
        CommandFailure: One is malformed or stands with another kind (codes 2, 9, 14, 67, 72, 31254, 51271, 7246201).
    """
    if kind == "text":
        _add_text(given, spec)
    elif "weights" in given:
        raise failure(67, "The field 'weights' is only allowed in a text index")
    if kind == "2dsphere":
        spec["2dsphereIndexVersion"] = _version(given, "2dsphereIndexVersion", _SPHERE_VERSIONS)
    elif kind == "2d":
        _add_flat(given, spec)
    paths = [path for path in given["key"] if is_wildcard(path)]
    if paths:
        _check_wildcard(given, spec, paths)
    if "wildcardProjection" in given:
        _add_projection(given, spec, paths)


def is_wildcard(path: str) -> bool:
    """A part of a key stands for all fields below."""
    return path == "$**" or path.endswith(".$**")


def _version(given: Document, name: str, allowed: frozenset[int]) -> Any:
    if name not in given:
        return 3
    value = given[name]
    if not kinds.is_number(value):
        raise wrong_field(name, "number", value)
    if kinds.as_long(value) not in allowed:
        raise failure(67, f"unsupported {name} {value}")
    return value


def _add_flat(given: Document, spec: Document) -> None:
    for name in ("bits", "min", "max"):
        if name in given:
            if not kinds.is_number(given[name]):
                raise wrong_field(name, "number", given[name])
            spec[name] = given[name]
    if not 1 <= kinds.as_long(given.get("bits", 26)) <= _MAX_BITS:
        raise failure(72, f"bits for hash must be > 0 and <= {_MAX_BITS}")
    low, high = (float(str(given.get(name, at))) for name, at in (("min", -180), ("max", 180)))
    if low >= high:
        raise failure(72, "region for hash must be valid and have positive area")


def _check_wildcard(given: Document, spec: Document, paths: list[str]) -> None:
    if len(paths) > 1:
        raise failure(7246201, "wildcard indexes do not allow more than one wildcard field")
    (path,) = paths
    if "$**" in path[: -len("$**")]:
        raise failure(67, "Index key contains an illegal field name: field name starts with '$'.")
    if type(given["key"][path]) is str and given["key"][path] != "text":
        raise failure(67, f"A wildcard index cannot be of the type '{given['key'][path]}'")
    if given["key"][path] == "text":
        return
    if spec["v"] == 1:
        raise failure(67, "Index version '1' does not support wildcard indexes")
    for name in ("sparse", "expireAfterSeconds"):
        if spec.get(name) is not None and spec.get(name) is not False:
            raise failure(67, f"Index type 'wildcard' does not support the '{name}' option")
    if len(given["key"]) > 1 and path == "$**" and "wildcardProjection" not in given:
        raise failure(
            67, "Compound wildcard indexes on all fields must have a 'wildcardProjection'"
        )


def _add_projection(given: Document, spec: Document, paths: list[str]) -> None:
    projection = given["wildcardProjection"]
    if not isinstance(projection, dict):
        raise wrong_field("wildcardProjection", "object", projection)
    if not paths:
        raise failure(
            2,
            "The field 'wildcardProjection' is only allowed when the index key pattern contains '$**'",
        )
    if paths != ["$**"]:
        raise failure(
            9,
            "The field 'wildcardProjection' is only allowed when the index key pattern contains '$**' alone",
        )
    if not projection:
        raise failure(9, "The 'wildcardProjection' field can't be an empty object")
    _check_modes(projection)
    spec["wildcardProjection"] = projection


def _check_modes(projection: Document) -> None:
    """See that a wildcard projection only includes, or only excludes, beside `_id`."""
    modes: set[bool] = set()

    def look(fields: Document, *, is_top: bool) -> None:
        for name, value in fields.items():
            if isinstance(value, dict):
                look(value, is_top=False)
            elif not isinstance(value, bool) and not kinds.is_number(value):
                raise failure(51271, "Bad projection specification: a field is neither in nor out")
            elif not (is_top and name == "_id"):
                modes.add(kinds.SAFE_BOOL.check(value, name))

    look(projection, is_top=True)
    if len(modes) > 1:
        raise failure(31254, "Cannot do exclusion in inclusion projection, or the other way round")


def _add_text(given: Document, spec: Document) -> None:
    spec["weights"] = _weights(given)
    for name, default in (("default_language", "english"), ("language_override", "language")):
        value = given.get(name, default)
        if type(value) is not str:
            raise wrong_field(name, "string", value)
        if not value and name == "language_override":
            raise failure(67, "language_override is not valid")
        spec[name] = value
    spec["textIndexVersion"] = _version(given, "textIndexVersion", _TEXT_VERSIONS)


def _weights(given: Document) -> Document:
    found = given.get("weights", {})
    if type(found) is str:
        raise failure(67, "Index spec weights key must be an object")
    if not isinstance(found, dict):
        raise wrong_field("weights", "object", found)
    weights = dict(found)
    places = [at for at, kind in enumerate(given["key"].values()) if kind == "text"]
    if places[-1] - places[0] != len(places) - 1:
        raise failure(67, "'text' fields in index must all be adjacent")
    for path, kind in given["key"].items():
        if kind == "text":
            weights.setdefault(path, 1)
    for weight in weights.values():
        if not kinds.is_number(weight) or not 0 < kinds.as_long(weight) < 100000:
            raise failure(67, "weight must be in the exclusive interval (0,99999)")
    return dict(sorted(weights.items()))
