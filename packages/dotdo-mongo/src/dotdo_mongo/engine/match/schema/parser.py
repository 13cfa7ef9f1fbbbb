"""How the keywords of a schema are read: each checked, then compiled to a test of a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dotdo_mongo.engine.match.comparison import NUMERIC, type_numbers, type_test
from dotdo_mongo.engine.match.paths import Test, both
from dotdo_mongo.engine.match.regex import pattern_of
from dotdo_mongo.engine.numbers import is_finite, to_decimal, whole64
from dotdo_mongo.engine.values import (
    NUMBERS,
    Key,
    sort_key,
    type_name,
    type_number,
)
from dotdo_mongo.errors import failure

Keyword = Callable[[Any, Mapping[str, Any]], Test | None]
OBJECT, ARRAY, STRING = frozenset({3}), frozenset({4}), frozenset({2})


@dataclass(slots=True, frozen=True)
class Subschema:
    """A compiled schema.

    Args:
        test: of a value.
        keywords: keyword -> (argument, test), for the explanation of a failure.
    """

    test: Test
    keywords: Mapping[str, tuple[Any, Test]]


def of_type(numbers: frozenset[int], test: Test) -> Test:
    """Return the test that holds for values of other types."""
    return lambda value: type_number(value) not in numbers or test(value)


def _wrong(name: str, expected: str, value: Any) -> Any:
    return failure(
        14,
        f"$jsonSchema keyword '{name}' must be {expected}, but found an element of type {type_name(value)}",
    )


def _count(name: str, value: Any) -> int:
    number = whole64(value)
    if number is None:
        raise failure(9, f"$jsonSchema keyword '{name}' must be representable as a long: {value}")
    if number < 0:
        raise failure(9, f"$jsonSchema keyword '{name}' must be a nonnegative integer: {value}")
    return number


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(name, "an object", value)
    return dict(value)


def _schemas(name: str, value: Any) -> list[Test]:
    if not isinstance(value, list):
        raise _wrong(name, "an array", value)
    if not value:
        raise failure(2, f"$jsonSchema keyword '{name}' cannot be an empty array")
    return [_schema(name, one) for one in value]


def _schema(name: str, value: Any) -> Test:
    if not isinstance(value, Mapping):
        raise failure(
            14,
            f"$jsonSchema keyword '{name}' must be an array of objects, but found an element of type {type_name(value)}",
        )
    return subschema(dict(value)).test


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "a boolean", value)
    return value


def _text(name: str, value: Any) -> str:
    if type(value) is not str:
        raise _wrong(name, "a string", value)
    return value


def _strings(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise _wrong(name, "an array", value)
    if not value:
        raise failure(9, f"$jsonSchema keyword '{name}' cannot be an empty array")
    for one in value:
        if type(one) is not str:
            raise failure(
                14,
                f"$jsonSchema keyword '{name}' must be an array of strings, but found an element of type {type_name(one)}",
            )
    if len(set(value)) != len(value):
        raise failure(9, f"$jsonSchema keyword '{name}' array cannot contain duplicate values")
    return value


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
            raise _wrong(name, "a number", value)
        is_exclusive = _flag(exclusive, schema[exclusive]) if exclusive in schema else False
        limit = sort_key(value)
        return of_type(NUMERIC, lambda found: holds(sort_key(found), limit, is_exclusive))

    return parse


def _exclusive(name: str, bound: str) -> Keyword:
    def parse(value: Any, schema: Mapping[str, Any]) -> Test | None:
        _flag(name, value)
        if bound not in schema:
            raise failure(
                9, f"$jsonSchema keyword '{bound}' must be a present if {name} is present"
            )
        return None

    return parse


def _multiple(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    if type(value) not in NUMBERS:
        raise _wrong("multipleOf", "a number", value)
    if not is_finite(value) or to_decimal(value) <= 0:
        raise failure(9, "$jsonSchema keyword 'multipleOf' must have a positive value")
    step = to_decimal(value)
    return of_type(NUMERIC, lambda found: is_finite(found) and to_decimal(found) % step == 0)


def _length(name: str, numbers: frozenset[int], holds: Callable[[int, int], bool]) -> Keyword:
    def parse(value: Any, schema: Mapping[str, Any]) -> Test:
        del schema
        limit = _count(name, value)
        return of_type(numbers, lambda found: holds(len(found), limit))

    return parse


def _at_least(size: int, limit: int) -> bool:
    return size >= limit


def _at_most(size: int, limit: int) -> bool:
    return size <= limit


def _pattern(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    return of_type(STRING, pattern_of(_text("pattern", value), "").matches)


def _required(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    names = _strings("required", value)
    return of_type(OBJECT, lambda found: all(name in found for name in names))


def _properties(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    tests = {}
    for name, one in _object("properties", value).items():
        if not isinstance(one, Mapping):
            raise failure(14, f"Nested schema for $jsonSchema property '{name}' must be an object")
        tests[name] = subschema(dict(one)).test
    return of_type(
        OBJECT,
        lambda found: all(name not in found or test(found[name]) for name, test in tests.items()),
    )


def _pattern_tests(value: Any) -> list[tuple[Callable[[str], bool], Test]]:
    found = []
    for pattern, one in _object("patternProperties", value).items():
        if not isinstance(one, Mapping):
            raise failure(
                14,
                f"$jsonSchema keyword 'patternProperties' has property '{pattern}' which is not an object",
            )
        found.append((pattern_of(pattern, "").matches, subschema(dict(one)).test))
    return found


def _pattern_properties(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    tests = _pattern_tests(value)
    return of_type(
        OBJECT,
        lambda found: all(
            test(member)
            for name, member in found.items()
            for matches, test in tests
            if matches(name)
        ),
    )


def _additional(value: bool | Mapping[str, Any]) -> Test:
    if isinstance(value, bool):
        return lambda _: value
    return subschema(dict(value)).test


def _additional_properties(value: Any, schema: Mapping[str, Any]) -> Test:
    if not isinstance(value, (bool, Mapping)):
        raise _wrong("additionalProperties", "an object or a boolean", value)
    known = set(schema["properties"]) if isinstance(schema.get("properties"), Mapping) else set()
    given = schema.get("patternProperties")
    patterns = (
        [pattern_of(name, "").matches for name in given] if isinstance(given, Mapping) else []
    )
    test = _additional(value)

    def holds(found: Mapping[str, Any]) -> bool:
        return all(
            test(member)
            for name, member in found.items()
            if name not in known and not any(matches(name) for matches in patterns)
        )

    return of_type(OBJECT, holds)


def _dependency(name: str, value: Any) -> Callable[[Mapping[str, Any]], bool]:
    if isinstance(value, Mapping):
        return subschema(dict(value)).test
    if not isinstance(value, list):
        raise failure(
            14,
            f"$jsonSchema keyword 'dependencies' property '{name}' must be an object or an array",
        )
    names = _strings("dependencies", value)
    return lambda found: all(one in found for one in names)


def _dependencies(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    tests = {name: _dependency(name, one) for name, one in _object("dependencies", value).items()}
    return of_type(
        OBJECT,
        lambda found: all(name not in found or test(found) for name, test in tests.items()),
    )


def _items(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    if isinstance(value, Mapping):
        test = subschema(dict(value)).test
        return of_type(ARRAY, lambda found: all(map(test, found)))
    if not isinstance(value, list):
        raise _wrong("items", "an array or an object", value)
    tests = [_schema("items", one) for one in value]
    return of_type(
        ARRAY,
        lambda found: all(test(member) for test, member in zip(tests, found, strict=False)),
    )


def _additional_items(value: Any, schema: Mapping[str, Any]) -> Test | None:
    if not isinstance(value, (bool, Mapping)):
        raise _wrong("additionalItems", "either a boolean or an object", value)
    test = _additional(value)
    if not isinstance(schema.get("items"), list):
        return None
    start = len(schema["items"])
    return of_type(ARRAY, lambda found: all(map(test, found[start:])))


def _unique_items(value: Any, schema: Mapping[str, Any]) -> Test | None:
    del schema
    if not _flag("uniqueItems", value):
        return None
    return of_type(ARRAY, lambda found: len({sort_key(one) for one in found}) == len(found))


def _enum(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    if not isinstance(value, list):
        raise _wrong("enum", "an array", value)
    if not value:
        raise failure(9, "$jsonSchema keyword 'enum' cannot be an empty array")
    keys = {sort_key(one) for one in value}
    if len(keys) != len(value):
        raise failure(9, "$jsonSchema keyword 'enum' array cannot contain duplicate values")
    return lambda found: sort_key(found) in keys


def _all_of(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    return both(_schemas("allOf", value))


def _any_of(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    tests = _schemas("anyOf", value)
    return lambda found: any(test(found) for test in tests)


def _one_of(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    tests = _schemas("oneOf", value)
    return lambda found: sum(1 for test in tests if test(found)) == 1


def _not(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    test = subschema(_object("not", value)).test
    return lambda found: not test(found)


def _remark(name: str) -> Keyword:
    def parse(value: Any, schema: Mapping[str, Any]) -> Test | None:
        del schema
        _text(name, value)
        return None

    return parse


def _minimum(found: Key, limit: Key, is_exclusive: bool) -> bool:
    return found > limit or (found == limit and not is_exclusive)


def _maximum(found: Key, limit: Key, is_exclusive: bool) -> bool:
    return found < limit or (found == limit and not is_exclusive)


KEYWORDS: dict[str, Keyword] = {
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
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "minProperties": _length("minProperties", OBJECT, _at_least),
    "maxProperties": _length("maxProperties", OBJECT, _at_most),
    "dependencies": _dependencies,
    "items": _items,
    "additionalItems": _additional_items,
    "minItems": _length("minItems", ARRAY, _at_least),
    "maxItems": _length("maxItems", ARRAY, _at_most),
    "uniqueItems": _unique_items,
    "enum": _enum,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "title": _remark("title"),
    "description": _remark("description"),
}
_UNSUPPORTED = frozenset({"$ref", "$schema", "default", "definitions", "format", "id"})


def subschema(schema: dict[str, Any]) -> Subschema:
    """Compile a schema.

    Raises:
        CommandFailure: an unknown keyword (9), or a wrong argument (2, 9, 14, 51091).
    """
    found: dict[str, tuple[Any, Test]] = {}
    for name, value in schema.items():
        if name in _UNSUPPORTED:
            raise failure(9, f"$jsonSchema keyword '{name}' is not currently supported")
        keyword = KEYWORDS.get(name)
        if keyword is None:
            raise failure(9, f"Unknown $jsonSchema keyword: {name}")
        test = keyword(value, schema)
        if test is not None:
            found[name] = (value, test)
    tests = [test for _, test in found.values()]
    return Subschema(both(tests) if tests else lambda _: True, found)
