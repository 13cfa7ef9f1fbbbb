"""Keywords that speak of a value alone: its type, bounds, length, pattern, and remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.match.comparison import NUMERIC, type_numbers, type_test
from dotdo_mongo.engine.match.regex import pattern_of
from dotdo_mongo.engine.match.schema.operands import (
    ARRAY,
    OBJECT,
    STRING,
    Keyword,
    count_of,
    flag_of,
    of_type,
    strings_of,
    text_of,
    wrong,
)
from dotdo_mongo.engine.numbers import is_finite, to_decimal
from dotdo_mongo.engine.values import (
    NUMBERS,
    Key,
    sort_key,
    type_name,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dotdo_mongo.engine.match.paths import Test

_JSON_TYPES = {"object": OBJECT, "array": ARRAY, "number": NUMERIC, "boolean": frozenset({8}), "string": STRING, "null": frozenset({10})}  # fmt: skip


def _json_type(value: Any) -> frozenset[int]:
    if type(value) is not str:
        raise failure(
            14,
            f"$jsonSchema keyword 'type' must be either a string or an array of strings, found {type_name(value)}",
        )
    if value == "integer":
        raise failure(9, "$jsonSchema type 'integer' is not currently supported.")
    if value not in _JSON_TYPES:
        raise failure(2, f"Unknown type name alias: {value}")
    return _JSON_TYPES[value]


def _several(name: str, value: Any, one: Callable[[Any], frozenset[int]]) -> frozenset[int]:
    if not isinstance(value, list):
        return one(value)
    if not value:
        raise failure(9, f"$jsonSchema keyword '{name}' must name at least one type")
    found: list[frozenset[int]] = [one(member) for member in value]
    texts = [member for member in value if type(member) is str]
    if len(set(texts)) != len(texts):
        raise failure(9, f"$jsonSchema keyword '{name}' has duplicate value")
    return frozenset().union(*found)


def _bson_type(value: Any) -> frozenset[int]:
    if type(value) is not str:
        raise failure(
            14,
            f"$jsonSchema keyword 'bsonType' must be either a string or an array of strings, found {type_name(value)}",
        )
    if value == "integer":
        raise failure(9, "$jsonSchema type 'integer' is not currently supported.")
    return type_numbers(value)


def _type(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    return type_test(_several("type", value, _json_type))


def _bson(value: Any, schema: Mapping[str, Any]) -> Test:
    if "type" in schema:
        raise failure(9, "Cannot specify both $jsonSchema keywords 'type' and 'bsonType'")
    return type_test(_several("bsonType", value, _bson_type))


def _bound(name: str, exclusive: str, holds: Callable[[Key, Key, bool], bool]) -> Keyword:
    def parse(value: Any, schema: Mapping[str, Any]) -> Test:
        if type(value) not in NUMBERS:
            raise wrong(name, "a number", value)
        is_exclusive = flag_of(exclusive, schema[exclusive]) if exclusive in schema else False
        limit = sort_key(value)
        return of_type(NUMERIC, lambda found: holds(sort_key(found), limit, is_exclusive))

    return parse


def _exclusive(name: str, bound: str) -> Keyword:
    def parse(value: Any, schema: Mapping[str, Any]) -> Test | None:
        flag_of(name, value)
        if bound not in schema:
            raise failure(
                9, f"$jsonSchema keyword '{bound}' must be a present if {name} is present"
            )
        return None

    return parse


def _multiple(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    if type(value) not in NUMBERS:
        raise wrong("multipleOf", "a number", value)
    if not is_finite(value) or to_decimal(value) <= 0:
        raise failure(9, "$jsonSchema keyword 'multipleOf' must have a positive value")
    step = to_decimal(value)
    return of_type(NUMERIC, lambda found: is_finite(found) and to_decimal(found) % step == 0)


def _length(name: str, numbers: frozenset[int], holds: Callable[[int, int], bool]) -> Keyword:
    def parse(value: Any, schema: Mapping[str, Any]) -> Test:
        del schema
        limit = count_of(name, value)
        return of_type(numbers, lambda found: holds(len(found), limit))

    return parse


def _at_least(size: int, limit: int) -> bool:
    return size >= limit


def _at_most(size: int, limit: int) -> bool:
    return size <= limit


def _pattern(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    return of_type(STRING, pattern_of(text_of("pattern", value), "").matches)


def _required(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    names = strings_of("required", value)
    return of_type(OBJECT, lambda found: all(name in found for name in names))


def _unique_items(value: Any, schema: Mapping[str, Any]) -> Test | None:
    del schema
    if not flag_of("uniqueItems", value):
        return None
    return of_type(ARRAY, lambda found: len({sort_key(one) for one in found}) == len(found))


def _enum(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    if not isinstance(value, list):
        raise wrong("enum", "an array", value)
    if not value:
        raise failure(9, "$jsonSchema keyword 'enum' cannot be an empty array")
    keys = {sort_key(one) for one in value}
    if len(keys) != len(value):
        raise failure(9, "$jsonSchema keyword 'enum' array cannot contain duplicate values")
    return lambda found: sort_key(found) in keys


def _remark(name: str) -> Keyword:
    def parse(value: Any, schema: Mapping[str, Any]) -> Test | None:
        del schema
        text_of(name, value)
        return None

    return parse


def _minimum(found: Key, limit: Key, is_exclusive: bool) -> bool:
    return found > limit or (found == limit and not is_exclusive)


def _maximum(found: Key, limit: Key, is_exclusive: bool) -> bool:
    return found < limit or (found == limit and not is_exclusive)


SCALARS: dict[str, Keyword] = {
    "type": _type,
    "bsonType": _bson,
    "minimum": _bound("minimum", "exclusiveMinimum", _minimum),
    "maximum": _bound("maximum", "exclusiveMaximum", _maximum),
    "exclusiveMinimum": _exclusive("exclusiveMinimum", "minimum"),
    "exclusiveMaximum": _exclusive("exclusiveMaximum", "maximum"),
    "multipleOf": _multiple,
    "minLength": _length("minLength", STRING, _at_least),
    "maxLength": _length("maxLength", STRING, _at_most),
    "pattern": _pattern,
    "required": _required,
    "minProperties": _length("minProperties", OBJECT, _at_least),
    "maxProperties": _length("maxProperties", OBJECT, _at_most),
    "minItems": _length("minItems", ARRAY, _at_least),
    "maxItems": _length("maxItems", ARRAY, _at_most),
    "uniqueItems": _unique_items,
    "enum": _enum,
    "title": _remark("title"),
    "description": _remark("description"),
}
