"""json and jsonb functions and operators (9.16)."""

from __future__ import annotations

import json
import re
from typing import Any

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays, jsons

FAMILY = Family("9.16")


class Raw(str):
    """An object or array of json as it was typed."""

    __slots__ = ()


_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[\s,:]*")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _member(text: str, at: int) -> tuple[object, int]:
    _, end = _DECODER.raw_decode(text, at)
    part = text[at:end]
    return (Raw(part) if part[0] in "{[" else jsons.parse(part)), _skip(text, end)


def opened(stored: str, is_jsonb: bool) -> Any:
    """Read json one level deep, so that what is inside keeps its spaces; jsonb whole."""
    if is_jsonb or stored.strip(" \t\r\n")[:1] not in {"{", "["}:
        return jsons.parse(stored)
    text = stored.strip(" \t\r\n")
    at, items, members = _skip(text, 1), [], {}
    is_object = text[0] == "{"
    while text[at] not in "}]":
        value, at = _member(text, at)
        if is_object:
            key = str(value)
            value, at = _member(text, at)
            members[key] = value
        else:
            items.append(value)
    return members if is_object else items


def whole(stored: str, is_jsonb: bool) -> object:
    """Read a value as a path starts from it."""
    if not is_jsonb and stored.lstrip(" \t\r\n")[:1] in {"{", "["}:
        return Raw(stored)
    return jsons.parse(stored)


def out(value: object, is_jsonb: bool) -> str:
    """Write a value: as typed for json, in canonical form for jsonb."""
    if isinstance(value, Raw):
        return str(value)
    return jsons.dump(jsons.canonical(value)) if is_jsonb else jsons.dump(value)


def text_of(value: object, is_jsonb: bool = True) -> str | None:
    """Write a value as ->> does: strings bare, null as NULL."""
    if value is None:
        return None
    if isinstance(value, jsons.Number):
        return str(value)
    if isinstance(value, str):
        return value
    return jsons.dump(value, ", ", ": ") if is_jsonb else jsons.dump(value)


_MISSING = object()


def _step(value: object, key: str | int, *, is_jsonb: bool = False) -> object:
    """Return a member or element; a scalar of jsonb counts as an array of one."""
    if isinstance(value, Raw):
        value = opened(value, is_jsonb=False)
    if isinstance(key, int) and not isinstance(value, (list, dict)):
        return value if is_jsonb and key in {0, -1} else _MISSING
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, _MISSING)
    if isinstance(value, list) and isinstance(key, int):
        return value[key] if -len(value) <= key < len(value) else _MISSING
    return _MISSING


def at_text_path(value: object, path: list[Any]) -> tuple[object] | None:
    """Return what is at a path of texts, None where there is nothing."""
    found = _path(value, path)
    return None if found is _MISSING else (found,)


def _path(value: object, path: list[Any]) -> object:
    for step in path:
        if isinstance(value, Raw):
            value = opened(value, is_jsonb=False)
        if isinstance(value, list):
            try:
                value = _step(value, int(step))
            except (TypeError, ValueError):
                return _MISSING
        else:
            value = _step(value, step)
        if value is _MISSING:
            return _MISSING
    return value


def _declare(name: str, is_jsonb: bool) -> None:  # noqa: C901 one step for each form of the grammar
    @FAMILY.operator(f"{name} -> text", f"{name} -> integer", returns=name)
    def child(stored: str, key: str | int) -> str | None:
        found = _step(opened(stored, is_jsonb), key, is_jsonb=is_jsonb)
        return None if found is _MISSING else out(found, is_jsonb)

    @FAMILY.operator(f"{name} ->> text", f"{name} ->> integer", returns="text")
    def childtext_of(stored: str, key: str | int) -> str | None:
        found = _step(opened(stored, is_jsonb), key, is_jsonb=is_jsonb)
        return None if found is _MISSING else text_of(found, is_jsonb)

    @FAMILY.operator(f"{name} #> text[]", returns=name)
    def at_path(stored: str, path: str) -> str | None:
        found = _path(whole(stored, is_jsonb), arrays.unpack(path))
        return None if found is _MISSING else out(found, is_jsonb)

    @FAMILY.operator(f"{name} #>> text[]", returns="text")
    def at_pathtext_of(stored: str, path: str) -> str | None:
        found = _path(whole(stored, is_jsonb), arrays.unpack(path))
        return None if found is _MISSING else text_of(found, is_jsonb)

    @FAMILY.function(f"{name}_array_length({name})", returns="integer")
    def array_length(stored: str) -> int:
        value = jsons.parse(stored)
        if not isinstance(value, list):
            raise error(
                "22023",
                f"cannot get array length of {'a scalar' if not isinstance(value, dict) else 'a non-array'}",
            )
        return len(value)

    @FAMILY.function(f"{name}_typeof({name})", returns="text")
    def type_of(stored: str) -> str:
        return jsons.kind_of(jsons.parse(stored))

    @FAMILY.series(f"{name}_array_elements_text({name})", returns="text")
    def elementstext_of(stored: str) -> list[str | None]:
        value = opened(stored, is_jsonb)
        if not isinstance(value, list):
            raise error(
                "22023",
                "cannot extract elements from a scalar"
                if not isinstance(value, dict)
                else "cannot extract elements from an object",
            )
        return [text_of(item, is_jsonb) for item in value]

    @FAMILY.series(f"{name}_array_elements({name})", returns=name)
    def elements(stored: str) -> list[str]:
        value = opened(stored, is_jsonb)
        if not isinstance(value, list):
            raise error(
                "22023",
                "cannot extract elements from a scalar"
                if not isinstance(value, dict)
                else "cannot extract elements from an object",
            )
        return [out(item, is_jsonb) for item in value]

    @FAMILY.series(f"{name}_object_keys({name})", returns="text")
    def keys(stored: str) -> list[str]:
        value = opened(stored, is_jsonb)
        if not isinstance(value, dict):
            raise error(
                "22023",
                f"cannot call {name}_object_keys on {'an array' if isinstance(value, list) else 'a scalar'}",
            )
        return list(value)

    def pairs(stored: str, name: str) -> dict[str, object]:
        value = opened(stored, is_jsonb)
        if isinstance(value, dict):
            return value
        if is_jsonb or not isinstance(value, list):
            message = f"cannot call {name} on a non-object"
        else:
            message = "cannot deconstruct an array as an object"
        raise error("22023", message)

    @FAMILY.series(f"{name}_each({name})", returns="record")
    def each(stored: str) -> list[list[str | None]]:
        found = pairs(stored, f"{name}_each")
        return [[key, out(value, is_jsonb)] for key, value in found.items()]

    @FAMILY.series(f"{name}_each_text({name})", returns="record")
    def eachtext_of(stored: str) -> list[list[str | None]]:
        found = pairs(stored, f"{name}_each_text")
        return [[key, text_of(value, is_jsonb)] for key, value in found.items()]


_declare("json", is_jsonb=False)
_declare("jsonb", is_jsonb=True)


def _equal(left: object, right: object) -> bool:
    from decimal import Decimal

    if isinstance(left, jsons.Number) and isinstance(right, jsons.Number):
        return Decimal(left) == Decimal(right)
    return jsons.kind_of(left) == jsons.kind_of(right) and left == right


def _contains(left: object, right: object) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return all(key in left and _contains(left[key], value) for key, value in right.items())
    if isinstance(left, list) and isinstance(right, list):
        return all(
            any(_contains(a, b) if isinstance(b, (dict, list)) else _equal(a, b) for a in left)
            for b in right
        )
    return (
        not isinstance(left, (dict, list))
        and not isinstance(right, (dict, list))
        and _equal(left, right)
    )


@FAMILY.operator("jsonb @> jsonb", returns="boolean")
def contains(left: str, right: str) -> int:
    """Return whether the right is within the left."""
    a, b = jsons.parse(left), jsons.parse(right)
    if isinstance(a, list) and not isinstance(b, (list, dict)):
        return int(any(_equal(item, b) for item in a))
    return int(_contains(a, b))


@FAMILY.operator("jsonb <@ jsonb", returns="boolean")
def is_contained(left: str, right: str) -> int:
    """Return whether the left is within the right."""
    return contains(right, left)


def _has(value: object, key: str) -> bool:
    if isinstance(value, (dict, list)):
        return any(item == key and not isinstance(item, jsons.Number) for item in value)
    return isinstance(value, str) and not isinstance(value, jsons.Number) and value == key


@FAMILY.operator("jsonb ? text", returns="boolean")
def has_key(stored: str, key: str) -> int:
    """Return whether a key or string element is there."""
    return int(_has(jsons.parse(stored), key))


@FAMILY.operator("jsonb ?| text[]", returns="boolean")
def has_any_key(stored: str, keys: str) -> int:
    """Return whether one of the keys is there."""
    value = jsons.parse(stored)
    return int(any(isinstance(key, str) and _has(value, key) for key in arrays.unpack(keys)))


@FAMILY.operator("jsonb ?& text[]", returns="boolean")
def has_all_keys(stored: str, keys: str) -> int:
    """Return whether all the keys are there."""
    value = jsons.parse(stored)
    return int(all(isinstance(key, str) and _has(value, key) for key in arrays.unpack(keys)))


@FAMILY.operator("jsonb || jsonb", returns="jsonb")
def concatenate(left: str, right: str) -> str:
    """Merge objects, join arrays."""
    a, b = jsons.parse(left), jsons.parse(right)
    if isinstance(a, dict) and isinstance(b, dict):
        return out(a | b, is_jsonb=True)
    return out(
        (a if isinstance(a, list) else [a]) + (b if isinstance(b, list) else [b]), is_jsonb=True
    )


@FAMILY.operator("jsonb - text", returns="jsonb")
def remove_key(stored: str, key: str) -> str:
    """Drop a key, or string elements equal to it."""
    value = jsons.parse(stored)
    if isinstance(value, dict):
        return out({k: v for k, v in value.items() if k != key}, is_jsonb=True)
    if isinstance(value, list):
        return out(
            [item for item in value if isinstance(item, jsons.Number) or item != key], is_jsonb=True
        )
    raise error("22023", "cannot delete from scalar")


@FAMILY.operator("jsonb - integer", returns="jsonb")
def remove_element(stored: str, index: int) -> str:
    """Drop an element."""
    value = jsons.parse(stored)
    if isinstance(value, dict):
        raise error("22023", "cannot delete from object using integer index")
    if not isinstance(value, list):
        raise error("22023", "cannot delete from scalar")
    if -len(value) <= index < len(value):
        del value[index]
    return out(value, is_jsonb=True)


@FAMILY.function("jsonb_pretty(jsonb)", returns="text")
def pretty(stored: str) -> str:
    """Write jsonb with indentation."""

    def write(value: object, depth: int) -> str:
        pad, end = "    " * (depth + 1), "    " * depth
        if isinstance(value, dict) and value:
            rows = ",\n".join(
                f"{pad}{jsons.dump(key)}: {write(item, depth + 1)}" for key, item in value.items()
            )
            return f"{{\n{rows}\n{end}}}"
        if isinstance(value, list) and value:
            rows = ",\n".join(pad + write(item, depth + 1) for item in value)
            return f"[\n{rows}\n{end}]"
        if isinstance(value, dict):
            return f"{{\n{end}}}"
        return f"[\n{end}]" if isinstance(value, list) else jsons.dump(value)

    return write(jsons.parse(stored), 0)
