"""The parts of a query that ask one field: numbers, tags, places, shapes, vectors; it refuses words."""

from math import inf
from typing import Any

from dotdo_redis.engine.search import shapes
from dotdo_redis.engine.search.filter_nodes import Around, Between, Nearest, Shaped
from dotdo_redis.engine.search.index import Index
from dotdo_redis.engine.search.joined_nodes import Negation
from dotdo_redis.engine.search.nodes import Node
from dotdo_redis.engine.search.scanning import ESCAPED, QueryError, Scanner
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.engine.search.vectors import read_blob
from dotdo_redis.engine.search.word_nodes import Tags

NO_EMPTY = "Use `INDEXEMPTY` in field creation in order to index and query for empty strings"
_UNITS = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "mi": 1609.34}


def _field_name(index: Index, name: str, kind: str) -> str:
    one = index.definition.find(name)
    return one.name if one is not None and one.kind == kind else ""


def comparison(scanner: Scanner, index: Index, name: str, sign: str) -> Node:
    """`@field >= number` and its like."""
    number = scanner.number()[0]
    name = _field_name(index, name, "NUMERIC") or name
    if sign == "==":
        return Between(name, number, number)
    if sign == "!=":
        return Negation(Between(name, number, number))
    if sign.startswith(">"):
        return Between(name, number, inf, opens_low=sign == ">")
    return Between(name, -inf, number, opens_high=sign == "<")


def in_brackets(scanner: Scanner, index: Index, name: str) -> Node:
    """`[...]` behind a field: numbers, a place, a shape, vectors within a distance."""
    scanner.at += 1
    one = index.definition.find(name)
    kind = one.kind if one is not None else ""
    if scanner.text[scanner.at :].lstrip().upper().startswith("VECTOR_RANGE"):
        return _vector_range(scanner, index, name)
    if kind == "GEO":
        return _around(scanner, index, name)
    if kind == "GEOSHAPE":
        return _shaped(scanner, index, name)
    low, opens_low = scanner.number()
    scanner.skip_spaces()
    high, opens_high = (low, opens_low) if scanner.peek() == "]" else scanner.number()
    scanner.need("]")
    return Between(_field_name(index, name, "NUMERIC") or name, low, high, opens_low, opens_high)


def _around(scanner: Scanner, index: Index, name: str) -> Node:
    parts = [scanner.part() for _ in range(4)]
    scanner.need("]")
    unit = parts[3].lower()
    if unit not in _UNITS:
        raise QueryError(f"Invalid GeoFilter unit `{parts[3]}`")
    try:
        longitude, latitude, radius = (float(part) for part in parts[:3])
    except ValueError:
        scanner.fail()
    shown = f"{longitude:f},{latitude:f} --> {radius:f} {unit}"
    radius_m = radius * _UNITS[unit]
    return Around(_field_name(index, name, "GEO"), (longitude, latitude), radius_m, shown)


def _shaped(scanner: Scanner, index: Index, name: str) -> Node:
    relation = scanner.part().upper()
    if relation not in {"WITHIN", "CONTAINS", "INTERSECTS", "DISJOINT"}:
        scanner.fail()
    scanner.skip_spaces()
    if scanner.text.startswith("$", scanner.at):
        text = scanner.part()
    else:
        end = scanner.text.rindex("]")
        text, scanner.at = scanner.text[scanner.at : end], end
    scanner.need("]")
    try:
        return Shaped(_field_name(index, name, "GEOSHAPE"), relation, shapes.parse(text))
    except (ValueError, IndexError):
        raise QueryError(f"Invalid geoshape: {text}") from None


def tags(scanner: Scanner, index: Index, name: str) -> Node:
    """`{...}` behind a field."""
    scanner.at += 1
    found: list[tuple[str, str]] = []
    while True:
        found.append(_tag(scanner))
        if scanner.take("|"):
            continue
        if not scanner.text.startswith("}", scanner.at):
            scanner.fail()
        scanner.at += 1
        break
    one = index.definition.find(name)
    if one is not None and not one.indexes_empty and ("IS", "") in found:
        raise QueryError(NO_EMPTY)
    return Tags(_field_name(index, name, "TAG") or name, found)


def _tag(scanner: Scanner) -> tuple[str, str]:
    while scanner.at < len(scanner.text) and scanner.text[scanner.at].isspace():
        scanner.at += 1
    quote = scanner.text[scanner.at : scanner.at + 1]
    if quote in {'"', "'"}:
        return _quoted_tag(scanner, quote)
    start = scanner.at
    while scanner.at < len(scanner.text) and scanner.text[scanner.at] not in "|}":
        scanner.at += 2 if scanner.text[scanner.at] == "\\" else 1
    text = scanner.text[start : scanner.at].strip()
    if not text:
        scanner.fail()
    if text.startswith("$"):
        return "IS", text_of(scanner.parameter(text[1:]))
    if text.startswith(("w'", 'w"')):
        return "WILDCARD", text[2:-1]
    kinds = {(False, True): "PREFIX", (True, False): "SUFFIX", (True, True): "INFIX"}
    starts, ends = text.startswith("*"), text.endswith("*") and not text.endswith("\\*")
    kind = kinds.get((starts and len(text) > 1, ends and len(text) > 1), "IS")
    body = text[starts : len(text) - ends] if kind != "IS" else text
    return kind, ESCAPED.sub(r"\1", body)


def _quoted_tag(scanner: Scanner, quote: str) -> tuple[str, str]:
    end = scanner.at + 1
    while end < len(scanner.text) and scanner.text[end] != quote:
        end += 2 if scanner.text[end] == "\\" else 1
    body = scanner.text[scanner.at + 1 : end]
    scanner.at = end + 1
    kind = "IS"
    if scanner.text.startswith("*", scanner.at):
        scanner.at += 1
        kind = "PREFIX"
    while scanner.at < len(scanner.text) and scanner.text[scanner.at].isspace():
        scanner.at += 1
    if body.startswith("$"):
        return kind, text_of(scanner.parameter(body[1:]))
    return kind, ESCAPED.sub(r"\1", body)


def vector(scanner: Scanner, index: Index, name: str) -> tuple[str, Any]:
    """The vector of a parameter, and the name of its field."""
    one = index.definition.find(name)
    if one is None or one.kind != "VECTOR":
        raise QueryError(
            f"Unknown Field `{name}`"
            if one is None
            else f"Expected a VECTOR field at offset {scanner.at} near {name}"
        )
    scanner.skip_spaces()
    if not scanner.text.startswith("$", scanner.at):
        scanner.fail()
    scanner.at += 1
    blob = scanner.parameter(scanner.name())
    vectors = index.vectors[one.name]
    if len(blob) != vectors.size_bytes:
        raise QueryError(
            f"Error parsing vector similarity query: query vector blob size ({len(blob)}) "
            f"does not match index's expected size ({vectors.size_bytes})."
        )
    return one.name, read_blob(blob, vectors.kind)


def _vector_range(scanner: Scanner, index: Index, name: str) -> Node:
    scanner.skip_spaces()
    scanner.at = scanner.text.upper().index("VECTOR_RANGE", scanner.at) + len("VECTOR_RANGE")
    radius = scanner.number()[0]
    if radius < 0:
        raise QueryError(
            f"Error parsing vector similarity query: negative radius ({radius:g}) given in a range query"
        )
    found, wanted = vector(scanner, index, name)
    scanner.need("]")
    return Nearest(found, wanted, "", None, radius)
