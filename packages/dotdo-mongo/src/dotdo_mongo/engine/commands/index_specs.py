"""Specifications of indexes: checked as createIndexes checks them, and as listIndexes shows them."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collation import parse_collation
from dotdo_mongo.engine.commands.index_plugins import add_plugin, is_wildcard, wrong_field
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.indexes import show
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

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


def index_spec(given: Document, default: Document | None) -> Document:
    """Return an index as listIndexes shows it.

    Args:
        given: As it was sent.
        default: The collection's collation.

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
        raise failure(14, f"The field 'key' must be an object, but got {type_name(key)}")
    kind = _check_key(key)
    name = _name(given, key)
    spec: Document = {"v": _version(given), "key": _shown_key(key, kind), "name": name}
    _add_flags(given, spec, key)
    _add_expiry(given, spec, key)
    _add_condition(given, spec)
    _add_collation(given, spec, default, kind)
    add_plugin(given, spec, kind)
    if "storageEngine" in given:
        if not isinstance(given["storageEngine"], dict):
            raise wrong_field("storageEngine", "object", given["storageEngine"])
        spec["storageEngine"] = given["storageEngine"]
    return spec


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


def _check_part(path: str, direction: Any, kind: str) -> str:
    if type(direction) is str:
        kind = _checked_plugin(direction, kind)
    else:
        _check_direction(direction)
    if not path:
        raise failure(67, "Index keys cannot be an empty field.")
    if is_wildcard(path):
        return kind or "wildcard"
    for part in path.split("."):
        if not part:
            raise failure(67, "Index keys cannot contain an empty field.")
        if part.startswith("$") and part not in {"$id", "$ref", "$db"}:
            raise failure(
                67, "Index key contains an illegal field name: field name starts with '$'."
            )
    return kind


def _checked_plugin(name: str, kind: str) -> str:
    if not name:
        raise failure(67, "Values in the index key pattern cannot be empty strings")
    if name == "wildcard":
        raise failure(7246202, "The index plugin 'wildcard' is not a key type: use '$**'")
    if name not in _PLUGINS:
        raise failure(67, f"Unknown index plugin '{name}'")
    if kind == name == "hashed":
        raise failure(31303, "A maximum of one index field is allowed to be hashed")
    if kind and kind != name and not kind.startswith("wild"):
        raise failure(67, "Can't use more than one index plugin for a single index.")
    return name


def _check_direction(direction: Any) -> None:
    if isinstance(direction, bool) or not kinds.is_number(direction):
        raise failure(
            67,
            f"Values in v:2 index key pattern cannot be of type {type_name(direction)}. Only numbers > 0, numbers < 0, and strings are allowed.",
        )
    number = float(str(direction))
    if number != number or number == 0:
        raise failure(67, "Values in the index key pattern cannot be 0 or NaN")


def _name(given: Document, key: Document) -> str:
    name = given.get("name")
    if name is None and "name" not in given:
        raise failure(9, "The 'name' field is a required property of an index specification")
    if type(name) is not str:
        raise wrong_field("name", "string", name)
    if not name:
        raise failure(67, "Index name cannot be empty.")
    if "\0" in name:
        raise failure(67, "Index name cannot contain a null byte")
    if name == "*":
        raise failure(2, "The index name '*' is not valid.")
    if list(key) == ["_id"] and kinds.is_number(key["_id"]):
        if key["_id"] == -1:
            raise failure(
                2, f"The field 'key' for an _id index must be {{_id: 1}}, but got {show(key)}"
            )
        if key["_id"] == 1:
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
            raise wrong_field("v", "number", version)
        return 2
    if not kinds.is_number(version):
        raise wrong_field("v", "number", version)
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
            raise wrong_field(name, "bool", value)
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
    if spec.get("unique") and any(map(is_wildcard, key)):
        raise failure(67, "Index type 'wildcard' does not support the unique option")
    if spec.get("sparse") and "partialFilterExpression" in given:
        raise failure(67, 'cannot mix "partialFilterExpression" and "sparse" options')


def _add_expiry(given: Document, spec: Document, key: Document) -> None:
    if "expireAfterSeconds" not in given:
        return
    value = given["expireAfterSeconds"]
    if not kinds.is_number(value):
        raise failure(
            67,
            f"TTL index 'expireAfterSeconds' option must be numeric, but received a type of '{type_name(value)}'",
        )
    seconds = kinds.as_long(value)
    if isinstance(value, float) and value != value:
        seconds = -1
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
        raise wrong_field("partialFilterExpression", "object", condition)
    if spec["name"] == "_id_":
        raise failure(
            197,
            f"The field 'partialFilterExpression' is not valid for an _id index specification. Specification: {show(given)}",
        )
    _check_forbidden(condition)
    compile_match(condition, Context(features=frozenset({"partial index"})))
    _check_condition(condition)
    spec["partialFilterExpression"] = condition


_PARTIAL = frozenset(
    {
        "$eq", "$exists", "$gt", "$gte", "$lt", "$lte", "$type", "$in", "$geoWithin", "$geoIntersects", "$and", "$or",
    }
)  # fmt: skip


def _check_forbidden(condition: Document) -> None:
    for name in ("$text", "$where"):
        if name in condition:
            raise failure(2, f"{name} is not allowed in this context")
    if "$expr" in condition:
        raise failure(224, "$expr is not supported in the filter for a partial index")


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


def _add_collation(given: Document, spec: Document, default: Document | None, kind: str) -> None:
    if "collation" not in given:
        if default is not None and kind in {"text", "2d"}:
            raise failure(67, f"Index type '{kind}' does not support collation: {show(default)}")
        if default is not None:
            spec["collation"] = default
        return
    value = given["collation"]
    if not isinstance(value, dict):
        raise wrong_field("collation", "object", value)
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
