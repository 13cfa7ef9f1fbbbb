"""Specifications of indexes: checked as createIndexes checks them, and as listIndexes shows them."""

from typing import Any

from bson import Decimal128

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collation import parse_collation
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.indexes import show
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
_PLUGINS = frozenset({"text", "2dsphere", "2d", "hashed"})
_MAX_FIELDS = 32
_SECONDS_MAX = (1 << 31) - 1
_FLAGS = ("unique", "sparse", "hidden", "background", "prepareUnique")
_KNOWN = frozenset(
    {
        "key", "name", "v", "ns", "unique", "sparse", "hidden", "background", "expireAfterSeconds",
        "partialFilterExpression", "collation", "storageEngine", "weights", "default_language",
        "language_override", "textIndexVersion", "2dsphereIndexVersion", "bits", "min", "max",
        "wildcardProjection", "dropDups", "prepareUnique", "clustered", "bucketSize", "safe", "force",
    }
)  # fmt: skip


def index_spec(given: Document, collection: Collection | None) -> Document:
    """Return an index as listIndexes shows it.

    Raises:
        CommandFailure: It is malformed (codes 2, 9, 14, 67, 72, 197 ...).
    """
    for name in given:
        if name not in _KNOWN:
            raise failure(
                197,
                f"The field '{name}' is not valid for an index specification. Specification: {show(given)}",
            )
    if "key" not in given:
        raise failure(9, "The 'key' field is a required property of an index specification")
    key = given["key"]
    if not isinstance(key, dict):
        raise failure(14, f"The field 'key' must be an object, but got {kinds.type_name(key)}")
    kind = _check_key(key)
    name = _name(given, key)
    spec: Document = {"v": _version(given), "key": _shown_key(key, kind), "name": name}
    _add_flags(given, spec, key)
    _add_expiry(given, spec, key)
    _add_condition(given, spec)
    _add_collation(given, spec, collection, kind)
    _add_plugin(given, spec, kind)
    if "storageEngine" in given:
        if not isinstance(given["storageEngine"], dict):
            raise _wrong("storageEngine", "object", given["storageEngine"])
        spec["storageEngine"] = given["storageEngine"]
    return spec


def _wrong(name: str, expected: str, value: Any) -> CommandFailure:
    return failure(
        14, f"The field '{name}' must be of type {expected}, but got {kinds.type_name(value)}"
    )


def _check_key(key: Document) -> str:
    if not key:
        raise failure(67, "Index keys cannot be empty.")
    if len(key) > _MAX_FIELDS:
        raise failure(
            13103, f"Index key contains too many fields: {len(key)}, only {_MAX_FIELDS} are allowed"
        )
    kind = ""
    for path, direction in key.items():
        kind = _check_part(path, direction, kind)
    return kind


def _check_part(path: str, direction: Any, kind: str) -> str:  # noqa: C901  (one check after the other, in MongoDB's order)
    if isinstance(direction, str):
        if not direction:
            raise failure(67, "Values in the index key pattern cannot be empty strings")
        if direction not in _PLUGINS:
            raise failure(67, f"Unknown index plugin '{direction}'")
        if kind and kind != direction and not kind.startswith("wild"):
            raise failure(67, "Can't use more than one index plugin for a single index.")
        kind = direction
    elif isinstance(direction, bool) or not kinds.is_number(direction):
        raise failure(
            67,
            f"Values in v:2 index key pattern cannot be of type {kinds.type_name(direction)}. Only numbers > 0, numbers < 0, and strings are allowed.",
        )
    else:
        number = (
            float(direction.to_decimal()) if isinstance(direction, Decimal128) else float(direction)
        )
        if number != number or number == 0:
            raise failure(67, "Values in the index key pattern cannot be 0 or NaN")
    if not path:
        raise failure(67, "Index keys cannot be an empty field.")
    if path == "$**" or path.endswith(".$**"):
        return kind or "wildcard"
    for part in path.split("."):
        if not part:
            raise failure(67, "Index keys cannot contain an empty field.")
        if part.startswith("$") and part not in {"$id", "$ref", "$db"}:
            raise failure(
                67, "Index key contains an illegal field name: field name starts with '$'."
            )
    return kind


def _name(given: Document, key: Document) -> str:
    name = given.get("name")
    if name is None and "name" not in given:
        raise failure(9, "The 'name' field is a required property of an index specification")
    if not isinstance(name, str):
        raise _wrong("name", "string", name)
    if not name:
        raise failure(67, "Index name cannot be empty.")
    if "\0" in name:
        raise failure(67, "Index name cannot contain a null byte")
    if name == "*":
        raise failure(2, "The index name '*' is not valid.")
    if list(key) == ["_id"] and key["_id"] == 1:
        return "_id_"
    if name == "_id_":
        raise failure(
            2,
            "The index name '_id_' is reserved for the _id index, which must have key pattern {_id: 1}",
        )
    return name


def _version(given: Document) -> int:
    version = given.get("v")
    if version is None:
        if "v" in given:
            raise _wrong("v", "number", version)
        return 2
    if not kinds.is_number(version):
        raise _wrong("v", "number", version)
    number = kinds.as_long(version)
    if number not in {1, 2}:
        raise failure(67, f"Invalid index specification; cannot create an index with v={number}")
    return number


def _shown_key(key: Document, kind: str) -> Document:
    if kind != "text":
        return key
    shown: Document = {}
    for path, direction in key.items():
        if direction == "text":
            shown.setdefault("_fts", "text")
            shown.setdefault("_ftsx", 1)
        else:
            shown[path] = direction
    return shown


def _add_flags(given: Document, spec: Document, key: Document) -> None:  # noqa: C901  (one check after the other, in MongoDB's order)
    for name in _FLAGS:
        if name not in given:
            continue
        value = given[name]
        if not isinstance(value, bool) and not kinds.is_number(value):
            raise _wrong(name, "bool", value)
        if kinds.SAFE_BOOL.check(value, name) and name != "background":
            spec[name] = True
        elif name == "background":
            spec[name] = value
    if spec["name"] == "_id_":
        for name in ("unique", "background"):
            spec.pop(name, None)
        for name in ("sparse", "hidden"):
            if spec.get(name):
                raise failure(
                    2 if name == "hidden" else 197,
                    f"The field '{name}' is not valid for an _id index specification",
                )
    if spec.get("unique") and any(v == "hashed" for v in key.values()):
        raise failure(
            16764, "Currently hashed indexes cannot guarantee uniqueness. Use a regular index."
        )
    if spec.get("unique") and any(p == "$**" or p.endswith(".$**") for p in key):
        raise failure(67, "Index type 'wildcard' does not support the unique option")
    if spec.get("sparse") and "partialFilterExpression" in given:
        raise failure(67, 'cannot mix "partialFilterExpression" and "sparse" options')


def _add_expiry(given: Document, spec: Document, key: Document) -> None:
    if "expireAfterSeconds" not in given:
        return
    value = given["expireAfterSeconds"]
    if not kinds.is_number(value):
        raise _wrong("expireAfterSeconds", "number", value)
    seconds = kinds.as_long(value)
    if isinstance(value, float) and value != value:
        seconds = _SECONDS_MAX
    if not 0 <= seconds <= _SECONDS_MAX:
        raise failure(
            67,
            f"TTL index 'expireAfterSeconds' option must be within an acceptable range, try a different number than {seconds}",
        )
    if len(key) != 1:
        raise failure(
            67, "TTL indexes are single-field indexes, compound indexes do not support TTL"
        )
    if list(key) == ["_id"]:
        raise failure(
            197 if spec["name"] == "_id_" else 67,
            "The field 'expireAfterSeconds' is not valid for an _id index specification",
        )
    spec["expireAfterSeconds"] = value


def _add_condition(given: Document, spec: Document) -> None:
    if "partialFilterExpression" not in given:
        return
    condition = given["partialFilterExpression"]
    if not isinstance(condition, dict):
        raise _wrong("partialFilterExpression", "object", condition)
    if spec["name"] == "_id_":
        raise failure(67, "_id index cannot be a partial index")
    compile_match(condition, Context(features=frozenset({"partial index"})))
    _check_condition(condition)
    spec["partialFilterExpression"] = condition


_PARTIAL = frozenset(
    {"$eq", "$exists", "$gt", "$gte", "$lt", "$lte", "$type", "$in", "$geoWithin", "$and", "$or"}
)


def _check_condition(condition: Any) -> None:
    """See that a partial index's filter uses the operators allowed there."""
    for name, value in condition.items():
        if name in {"$and", "$or"}:
            for inner in value:
                _check_condition(inner)
        elif name.startswith("$"):
            raise failure(67, f"unsupported expression in partial index: {name}")
        elif isinstance(value, dict) and next(iter(value), "").startswith("$"):
            for operator, operand in value.items():
                if operator not in _PARTIAL or (operator == "$exists" and not operand):
                    raise failure(67, f"unsupported expression in partial index: {operator}")
        elif type(value).__name__ == "Regex":
            raise failure(67, "unsupported expression in partial index: $regex")


def _add_collation(
    given: Document, spec: Document, collection: Collection | None, kind: str
) -> None:
    default = None if collection is None else collection.options.get("collation")
    if "collation" not in given:
        if default is not None and kind not in {"text", "2d"}:
            spec["collation"] = default
        return
    value = given["collation"]
    if not isinstance(value, dict):
        raise _wrong("collation", "object", value)
    if not value:
        raise failure(2, "The field 'collation' cannot be an empty object.")
    parsed = parse_collation(value)
    if spec["name"] == "_id_":
        own = None if parsed is None else parsed.spec
        if own != default:
            raise failure(2, "The _id index must have the same collation as the collection.")
    if parsed is None:
        return
    if kind in {"text", "2d"}:
        raise failure(67, f"Index type '{kind}' does not support collation: {show(value)}")
    spec["collation"] = parsed.spec


def _add_plugin(given: Document, spec: Document, kind: str) -> None:  # noqa: C901  (one check after the other, in MongoDB's order)
    if kind == "text":
        _add_text(given, spec)
    elif kind == "2dsphere":
        spec["2dsphereIndexVersion"] = given.get("2dsphereIndexVersion", 3)
    elif kind == "2d":
        for name in ("bits", "min", "max"):
            if name in given:
                if not kinds.is_number(given[name]):
                    raise _wrong(name, "number", given[name])
                spec[name] = given[name]
        bits = given.get("bits", 26)
        if kinds.is_number(bits) and not 1 <= kinds.as_long(bits) <= 32:
            raise failure(67, "bits for hash must be > 0 and <= 32")
    if "wildcardProjection" in given:
        if not isinstance(given["wildcardProjection"], dict):
            raise _wrong("wildcardProjection", "object", given["wildcardProjection"])
        if "$**" not in given["key"]:
            raise failure(
                2,
                "The field 'wildcardProjection' is only allowed in a wildcard index: { \"$**\": 1 }",
            )
        if not given["wildcardProjection"]:
            raise failure(9, "The 'wildcardProjection' field can't be an empty object")
        spec["wildcardProjection"] = given["wildcardProjection"]


def _add_text(given: Document, spec: Document) -> None:
    weights = dict(given.get("weights") or {})
    if not isinstance(given.get("weights", {}), (dict, str)):
        raise _wrong("weights", "object", given["weights"])
    for path, direction in given["key"].items():
        if direction == "text":
            weights.setdefault(path, 1)
    for weight in weights.values():
        if not kinds.is_number(weight) or not 0 < kinds.as_long(weight) < 100000:
            raise failure(67, "weight must be in the exclusive interval (0,99999)")
    spec["weights"] = dict(sorted(weights.items()))
    language = given.get("default_language", "english")
    if not isinstance(language, str):
        raise _wrong("default_language", "string", language)
    override = given.get("language_override", "language")
    if not isinstance(override, str):
        raise _wrong("language_override", "string", override)
    spec["default_language"], spec["language_override"] = language, override
    spec["textIndexVersion"] = given.get("textIndexVersion", 3)
