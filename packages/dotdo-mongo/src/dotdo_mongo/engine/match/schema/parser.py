"""How the keywords of a schema are read: each checked, then compiled to a test of a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dotdo_mongo.engine.match.paths import Test, both
from dotdo_mongo.engine.match.regex import pattern_of
from dotdo_mongo.engine.match.schema.operands import (
    ARRAY,
    OBJECT,
    Keyword,
    object_of,
    of_type,
    strings_of,
    wrong,
)
from dotdo_mongo.engine.match.schema.scalars import SCALARS
from dotdo_mongo.engine.values import (
    type_name,
)
from dotdo_mongo.errors import failure


@dataclass(slots=True, frozen=True)
class Subschema:
    """A compiled schema.

    Args:
        test: of a value.
        keywords: keyword -> (argument, test), for the explanation of a failure.
    """

    test: Test
    keywords: Mapping[str, tuple[Any, Test]]


def _schemas(name: str, value: Any) -> list[Test]:
    if not isinstance(value, list):
        raise wrong(name, "an array", value)
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


def _properties(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    tests = {}
    for name, one in object_of("properties", value).items():
        if not isinstance(one, Mapping):
            raise failure(14, f"Nested schema for $jsonSchema property '{name}' must be an object")
        tests[name] = subschema(dict(one)).test
    return of_type(
        OBJECT,
        lambda found: all(name not in found or test(found[name]) for name, test in tests.items()),
    )


def _pattern_tests(value: Any) -> list[tuple[Callable[[str], bool], Test]]:
    found = []
    for pattern, one in object_of("patternProperties", value).items():
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
        raise wrong("additionalProperties", "an object or a boolean", value)
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
    names = strings_of("dependencies", value)
    return lambda found: all(one in found for one in names)


def _dependencies(value: Any, schema: Mapping[str, Any]) -> Test:
    del schema
    tests = {name: _dependency(name, one) for name, one in object_of("dependencies", value).items()}
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
        raise wrong("items", "an array or an object", value)
    tests = [_schema("items", one) for one in value]
    return of_type(
        ARRAY,
        lambda found: all(test(member) for test, member in zip(tests, found, strict=False)),
    )


def _additional_items(value: Any, schema: Mapping[str, Any]) -> Test | None:
    if not isinstance(value, (bool, Mapping)):
        raise wrong("additionalItems", "either a boolean or an object", value)
    test = _additional(value)
    if not isinstance(schema.get("items"), list):
        return None
    start = len(schema["items"])
    return of_type(ARRAY, lambda found: all(map(test, found[start:])))


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
    test = subschema(object_of("not", value)).test
    return lambda found: not test(found)


KEYWORDS: dict[str, Keyword] = {
    **SCALARS,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "dependencies": _dependencies,
    "items": _items,
    "additionalItems": _additional_items,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
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
