"""$geoWithin, $within, $geoIntersects, $near and $nearSphere."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.match.declare import Family, Predicate, Scope
from dotdo_mongo.engine.match.geo.geojson import (
    Point,
    check_bounds,
    flat_point,
    is_geojson,
    shape_of,
    stored_point,
    stored_shape,
)
from dotdo_mongo.engine.match.geo.near import parse_near
from dotdo_mongo.engine.match.geo.sphere import angle, vector
from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.match.paths import Test

FAMILY = Family("geo")
Siblings = Mapping[str, Any]


def _on_points(holds: Callable[[Point], bool]) -> Test:
    def test(value: Any) -> bool:
        point = stored_point(value)
        return point is not None and holds(point)

    return test


def _box(argument: Any) -> Test:
    if not isinstance(argument, (list, Mapping)):
        raise failure(2, "$box must be an array of two points")
    corners = list(argument.values()) if isinstance(argument, Mapping) else argument
    if len(corners) < 2:
        raise failure(2, "$box needs two points")
    (ax, ay), (bx, by) = (flat_point(one) for one in corners[:2])
    low_x, high_x, low_y, high_y = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    return _on_points(lambda point: low_x <= point[0] <= high_x and low_y <= point[1] <= high_y)


def _members(argument: Any, name: str) -> list[Any]:
    if isinstance(argument, Mapping):
        return list(argument.values())
    if not isinstance(argument, list):
        raise failure(2, f"{name} has to be an array, not {type_name(argument)}")
    return argument


def _circle(argument: Any, name: str) -> tuple[Point, float]:
    parts = _members(argument, name)
    if len(parts) != 2:
        raise failure(2, f"{name} needs a center and a radius")
    centre = flat_point(parts[0], is_exact=True)
    if type(parts[1]) not in NUMBERS:
        raise failure(2, "radius must be a non-negative number")
    radius = to_double(parts[1])
    if math.isnan(radius) or radius < 0:
        raise failure(2, "radius must be a non-negative number")
    return centre, radius


def _center(argument: Any) -> Test:
    (x, y), radius = _circle(argument, "$center")
    return _on_points(lambda point: math.hypot(point[0] - x, point[1] - y) <= radius)


def _center_sphere(argument: Any) -> Test:
    centre, radius = _circle(argument, "$centerSphere")
    check_bounds(*centre)
    middle = vector(*centre)

    def test(value: Any) -> bool:
        shape = stored_shape(value)
        if shape is None:
            return False
        return all(angle(middle, point) <= radius + 1e-15 for point in shape.vertices())

    return test


def _is_inside(point: Point, ring: list[Point]) -> bool:
    x, y = point
    is_in = False
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if _is_on_border(point, (ax, ay), (bx, by)):
            return True
        if min(ay, by) < y <= max(ay, by) and x <= (y - ay) * (bx - ax) / (by - ay) + ax:
            is_in = not is_in
    return is_in


def _is_on_border(point: Point, start: Point, end: Point) -> bool:
    """Whether a point is a corner or on a straight side; what is on a slope counts by its crossing."""
    (x, y), (ax, ay), (bx, by) = point, start, end
    if point in (start, end):
        return True
    if ax == bx == x:
        return min(ay, by) < y <= max(ay, by)
    return ay == by == y and min(ax, bx) <= x <= max(ax, bx)


def _polygon(argument: Any) -> Test:
    ring = [flat_point(one, is_exact=True) for one in _members(argument, "$polygon")]
    if len(ring) < 3:
        raise failure(2, "Polygon must have at least 3 points")
    return _on_points(lambda point: _is_inside(point, ring))


def _geometry_within(argument: Any) -> Test:
    if isinstance(argument, Mapping) and argument.get("type") not in ("Polygon", "MultiPolygon"):
        shape_of(argument)
        raise failure(2, "$within not supported with provided geometry: " + str(argument))
    area = shape_of(argument)

    def test(value: Any) -> bool:
        shape = stored_shape(value)
        return shape is not None and area.contains(shape)

    return test


_AREAS: dict[str, Callable[[Any], Test]] = {
    "$box": _box,
    "$center": _center,
    "$centerSphere": _center_sphere,
    "$polygon": _polygon,
    "$geometry": _geometry_within,
}


def _positions_too(test: Test) -> Test:
    """Return the test of a location, of each of an array of them, or of legacy coordinates."""

    def of(value: Any) -> bool:
        if test(value):
            return True
        return isinstance(value, list) and any(test(one) for one in value)

    return of


@FAMILY.operator("$geoWithin", "$within")
def geo_within(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:
    """Lies inside an area. Code 2."""
    del scope, siblings
    if not isinstance(argument, Mapping):
        raise failure(2, f"geo query doesn't support argument of type {type_name(argument)}")
    if len(argument) != 1:
        raise failure(2, f"geo query doesn't have any geometry or has several: {argument}")
    ((name, area),) = argument.items()
    maker = _AREAS.get(name)
    if maker is None:
        raise failure(2, f"unknown geo specifier: {name}")
    return Predicate(_positions_too(maker(area)), enters=False)


@FAMILY.operator("$geoIntersects")
def geo_intersects(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:
    """Has a point in common with a geometry. Code 2."""
    del scope, siblings
    if not isinstance(argument, Mapping):
        raise failure(2, f"$geoIntersects requires an object, not {type_name(argument)}")
    if list(argument) != ["$geometry"]:
        raise failure(2, f"$geoIntersects not supported with provided geometry: {argument}")
    area = _queried_shape(argument["$geometry"])

    def test(value: Any) -> bool:
        shape = stored_shape(value)
        return shape is not None and area.intersects(shape)

    return Predicate(_positions_too(test), enters=False)


def _queried_shape(value: Any) -> Any:
    if is_geojson(value) or not isinstance(value, (Mapping, list)):
        return shape_of(value)
    x, y = flat_point(value, is_exact=True)
    found = stored_shape([x, y])
    if found is None:
        check_bounds(x, y)
    return found


@FAMILY.operator("$near", "$nearSphere", "$geoNear")
def near(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:
    """Lies near a point; the nearest come first by the command's care. Codes 2, 16893 to 16895, 34413."""
    del argument
    if not scope.is_top:
        raise failure(2, "geo $near must be top-level expr")
    if "no-near" in scope.context.features:
        raise failure(5626500, "$geoNear, $near, and $nearSphere are not allowed in this context")
    found = parse_near(scope.path, siblings)
    return Predicate(lambda value: found.distance_of(value) is not None, enters=False)


@FAMILY.operator("$maxDistance", "$minDistance")
def distance_bound(argument: Any, scope: Scope, siblings: Siblings) -> None:
    """Belong to $near, which reads them. Code 2 without it."""
    del argument, scope
    if not {"$near", "$nearSphere", "$geoNear"} & siblings.keys():
        raise failure(2, "geo near distance without $near")
