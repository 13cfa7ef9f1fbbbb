"""GeoJSON and legacy points read into shapes; it refuses what MongoDB would (code 2)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dotdo_mongo.engine.match.geo.sphere import (
    Loop,
    Shape,
    Vector,
    do_cross,
    is_on_arc,
    is_same,
    vector,
)
from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import CommandFailure, failure

Point = tuple[float, float]
STRICT = "urn:x-mongodb:crs:strictwinding:EPSG:4326"
_CRS = frozenset({"urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"})


def _bad(text: str) -> Any:
    return failure(2, text)


def number(value: Any) -> float:
    """Return a coordinate."""
    if type(value) not in NUMBERS:
        raise _bad(f"Point must only contain numeric elements, instead got type {type_name(value)}")
    found = to_double(value)
    if not math.isfinite(found):
        raise _bad("Point coordinates must be finite numbers")
    return found


def flat_point(value: Any, *, is_exact: bool = False) -> Point:
    """Return a point of the plane: an array or document whose first two members are numbers."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        raise _bad(f"Point must be an array or object, instead got type {type_name(value)}")
    if len(value) < 2 or (is_exact and len(value) > 2):
        raise _bad("Point must be an array or object with two numeric elements")
    return number(value[0]), number(value[1])


def position(value: Any) -> Point:
    """Return a GeoJSON position, within the bounds of longitude and latitude."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        raise _bad(f"GeoJSON coordinates must be an array, instead got type {type_name(value)}")
    if len(value) < 2:
        raise _bad("Point must contain at least two coordinates")
    longitude, latitude = number(value[0]), number(value[1])
    check_bounds(longitude, latitude)
    return longitude, latitude


def check_bounds(longitude: float, latitude: float) -> None:
    """Refuse what is no longitude and latitude."""
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise _bad(f"Longitude/latitude is out of bounds, lng: {longitude} lat: {latitude}")


def _positions(value: Any, least: int, what: str) -> list[Vector]:
    if not isinstance(value, list):
        raise _bad(
            f"GeoJSON coordinates must be an array of coordinates, instead got type {type_name(value)}"
        )
    if len(value) < least:
        raise _bad(f"{what} must have at least {least} vertices: {value}")
    return [vector(*position(one)) for one in value]


def _line(value: Any) -> list[Vector]:
    points = _positions(value, 2, "GeoJSON LineString")
    distinct = _without_repeats(points)
    if len(distinct) < 2:
        raise _bad(f"GeoJSON LineString must have at least 2 vertices: {value}")
    for start, end in itertools.pairwise(distinct):
        if is_same(start, (-end[0], -end[1], -end[2])):
            raise _bad("Edge is between antipodal points")
    return distinct


def _without_repeats(points: Sequence[Vector]) -> list[Vector]:
    found: list[Vector] = []
    for point in points:
        if not found or not is_same(found[-1], point):
            found.append(point)
    return found


def _ring(value: Any, *, is_strict: bool = False) -> Loop:
    points = _positions(value, 4, "Loop")
    if not is_same(points[0], points[-1]):
        raise _bad(f"Loop is not closed: {value}")
    distinct = _without_repeats(points[:-1])
    if len(distinct) < 3:
        raise _bad(f"Loop must have at least 3 different vertices: {value}")
    loop = Loop(distinct, is_strict=is_strict)
    _check_simple(loop, value)
    return loop


def _check_simple(loop: Loop, value: Any) -> None:
    count = len(loop.points)
    for first in range(count):
        for second in range(first + 1, count):
            if is_same(loop.points[first], loop.points[second]):
                raise _bad(f"Loop is not valid: {value} Duplicate vertices: {first} and {second}")
            if do_cross(*loop.edges[first], *loop.edges[second]):
                raise _bad(f"Loop is not valid: {value} Edges {first} and {second} cross.")


def _polygon(value: Any, *, is_strict: bool = False) -> list[Loop]:
    if not isinstance(value, list):
        raise _bad(
            f"Polygon coordinates must be an array of coordinate arrays, instead got type {type_name(value)}"
        )
    if not value:
        raise _bad("Polygon has no loops.")
    if is_strict and len(value) > 1:
        raise _bad("Only one simple loop is allowed in a big polygon")
    rings = [_ring(one, is_strict=is_strict) for one in value]
    outer = rings[0]
    for hole in rings[1:]:
        if not all(outer.contains(point) for point in hole.points) or _share_edge(outer, hole):
            raise _bad(
                "Secondary loops not contained by first exterior loop - secondary loops must be holes"
            )
    return rings


def _share_edge(outer: Loop, hole: Loop) -> bool:
    return any(
        is_on_arc(start, *edge) and is_on_arc(end, *edge)
        for start, end in hole.edges
        for edge in outer.edges
    ) or any(do_cross(*one, *edge) for one in hole.edges for edge in outer.edges)


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise _bad(f"{what} coordinates must be an array, instead got type {type_name(value)}")
    if not value:
        raise _bad(f"{what} coordinates must have at least 1 element")
    return value


_SHAPES: dict[str, Callable[[Any], Shape]] = {
    "Point": lambda value: Shape(points=[vector(*position(value))]),
    "MultiPoint": lambda value: Shape(
        points=[vector(*position(one)) for one in _list(value, "MultiPoint")]
    ),
    "LineString": lambda value: Shape(lines=[_line(value)]),
    "MultiLineString": lambda value: Shape(
        lines=[_line(one) for one in _list(value, "MultiLineString")]
    ),
    "Polygon": lambda value: Shape(polygons=[_polygon(value)]),
    "MultiPolygon": lambda value: Shape(
        polygons=[_polygon(one) for one in _list(value, "MultiPolygon")]
    ),
}


def crs_of(value: Mapping[str, Any]) -> str:
    """Return the name of a geometry's coordinate reference system."""
    if "crs" not in value:
        return "EPSG:4326"
    crs = value["crs"]
    if not isinstance(crs, Mapping):
        raise _bad(f"GeoJSON CRS must be an object, instead got type {type_name(crs)}")
    if crs.get("type") != "name":
        raise _bad('GeoJSON CRS must have field "type": "name"')
    properties = crs.get("properties")
    if not isinstance(properties, Mapping):
        raise _bad('CRS must have field "properties" which is an object')
    name = properties.get("name")
    if type(name) is not str:
        raise _bad('In CRS, "properties.name" must be a string')
    if name not in _CRS and name != STRICT:
        raise _bad(f"Unknown CRS name: {name}")
    return name


def shape_of(value: Any) -> Shape:
    """Return the shape of a GeoJSON object."""
    if not isinstance(value, Mapping):
        raise _bad(f"geometry must be an object, instead got type {type_name(value)}")
    kind = value.get("type")
    if type(kind) is not str:
        raise _bad(f"unknown GeoJSON type: {value}")
    crs = crs_of(value)
    if crs == STRICT:
        if kind != "Polygon":
            raise _bad("Strict winding order is only supported by Polygon")
        return Shape(polygons=[_polygon(value.get("coordinates"), is_strict=True)])
    if kind == "GeometryCollection":
        return _collection(value)
    maker = _SHAPES.get(kind)
    if maker is None:
        raise _bad(f"unknown GeoJSON type: {value}")
    return maker(value.get("coordinates"))


def _collection(value: Mapping[str, Any]) -> Shape:
    members = value.get("geometries")
    if not isinstance(members, list) or not members:
        raise _bad("GeometryCollection geometries must be an array of at least 1 element")
    shapes = [shape_of(one) for one in members]
    return Shape(
        points=[point for shape in shapes for point in shape.points],
        lines=[line for shape in shapes for line in shape.lines],
        polygons=[rings for shape in shapes for rings in shape.polygons],
    )


def is_geojson(value: Any) -> bool:
    """Whether a document looks like GeoJSON rather than a legacy point."""
    return isinstance(value, Mapping) and type(value.get("type")) is str


def stored_shape(value: Any) -> Shape | None:
    """Return the shape that a stored value has on the sphere, None when it has none."""
    try:
        if is_geojson(value):
            return shape_of(value)
        x, y = flat_point(value)
        check_bounds(x, y)
        return Shape(points=[vector(x, y)])
    except CommandFailure:  # what cannot be read is no geometry
        return None


def stored_point(value: Any) -> Point | None:
    """Return the point of the plane that a stored value has, None when it has none."""
    try:
        if is_geojson(value):
            return position(value.get("coordinates")) if value["type"] == "Point" else None
        return flat_point(value)
    except CommandFailure:  # what cannot be read is no point
        return None
