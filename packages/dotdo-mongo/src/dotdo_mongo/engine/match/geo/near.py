"""What $near asks: a point, bounds of distance, and how far a document is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.match.geo.geojson import (
    Point,
    check_bounds,
    flat_point,
    is_geojson,
    position,
    shape_of,
    stored_point,
    stored_shape,
)
from dotdo_mongo.engine.match.geo.sphere import EARTH_RADIUS_M, Vector, angle, cap_angle, vector
from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.engine.ordering import leaves
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document

NAMES = ("$near", "$nearSphere", "$geoNear")


@dataclass(slots=True, frozen=True, kw_only=True)
class Near:
    """A $near query.

    Args:
        path: the field.
        point: the centre.
        is_sphere: whether distance is on the sphere.
        unit: what distances are multiplied with: the radius for metres, 1 for radians and the plane.
        least: the least distance, in that unit.
        most: the greatest distance.
        is_geojson: whether the centre was GeoJSON, which needs a 2dsphere index.
        by_cap: whether angles between points are taken from their cosine, as on a 2d index.
    """

    path: str
    point: Point
    is_sphere: bool
    unit: float = 1.0
    least: float = 0.0
    most: float = math.inf
    is_geojson: bool = False
    by_cap: bool = True

    @property
    def centre(self) -> Vector:
        """Return the centre on the sphere."""
        return vector(*self.point)

    def distance_of(self, value: Any) -> float | None:
        """Return how far a stored value is; None when it is no location or out of the bounds."""
        found = [self._measure(one) for one in (value, *(value if isinstance(value, list) else ()))]
        inside = [one for one in found if one is not None and self.least <= one <= self.most]
        return min(inside, default=None)

    def _measure(self, value: Any) -> float | None:
        if self.is_sphere:
            point = None if self.is_geojson else stored_point(value)
            if point is not None:
                return self._angle(vector(*point)) * self.unit
            shape = stored_shape(value)
            return None if shape is None else shape.distance(self.centre) * self.unit
        point = stored_point(value)
        if point is None:
            return None
        return math.hypot(point[0] - self.point[0], point[1] - self.point[1])

    def _angle(self, point: Vector) -> float:
        if self.by_cap:
            return cap_angle(self.centre, point)
        return angle(self.centre, point) * EARTH_RADIUS_M / EARTH_RADIUS_M  # via metres, as rounded

    def distance(self, document: Document) -> float | None:
        """Return how far a document is."""
        names = tuple(self.path.split("."))
        value: Any = document
        for name in names:
            if not isinstance(value, Mapping):
                found = [self.distance_of(one) for one in leaves(document, names)]
                return min((one for one in found if one is not None), default=None)
            value = value.get(name)
        return self.distance_of(value)


def _bound(value: Any, name: str, code: int) -> float:
    if type(value) not in NUMBERS:
        raise failure(code, f"{name} must be a number")
    number = to_double(value)
    if math.isnan(number) or number < 0:
        raise failure(code, f"{name} must be non-negative")
    if math.isinf(number) and code == 2:
        raise failure(code, f"{name} must be finite")
    return number


def check_flat_bounds(x: float, y: float) -> None:
    """Refuse what lies outside a 2d index. Code 16433."""
    if not (-180 <= x <= 180 and -180 <= y <= 180):
        raise failure(16433, f"point not in interval of [ -180, 180 ]: {x}, {y}")


def parse_near(path: str, operators: Mapping[str, Any]) -> Near:
    """Read $near or $nearSphere with what stands beside it. Codes 2, 16893 to 16895, 34413."""
    name = next(one for one in NAMES if one in operators)
    for other in operators:
        if other not in {name, "$minDistance", "$maxDistance", "$uniqueDocs"}:
            raise failure(
                2 if other in NAMES or other[:4] == "$geo" else 34413,
                f"invalid argument in geo near query: {other}",
            )
    argument = operators[name]
    if isinstance(argument, Mapping) and "$geometry" in argument:
        return _geojson(path, argument)
    return _legacy(path, name, argument, operators)


def _geojson(path: str, argument: Mapping[str, Any]) -> Near:
    geometry = argument["$geometry"]
    if not isinstance(geometry, Mapping):
        raise failure(2, f"$geometry must be an object, not {type_name(geometry)}")
    bounds = {}
    for name, value in argument.items():
        if name in {"$minDistance", "$maxDistance"}:
            bounds[name] = _bound(value, name, 2)
        elif name != "$geometry":
            raise failure(2, f"invalid argument in geo near query: {name}")
    if is_geojson(geometry):
        if geometry["type"] != "Point":
            shape_of(geometry)
            raise failure(
                2,
                "invalid point in geo near query $geometry argument: the geometry must be a point",
            )
        point = position(geometry.get("coordinates"))
    elif "coordinates" in geometry:
        point = position(geometry["coordinates"])
    else:
        point = flat_point(geometry)
        check_bounds(*point)
    return Near(
        path=path,
        point=point,
        is_sphere=True,
        unit=EARTH_RADIUS_M,
        least=bounds.get("$minDistance", 0.0),
        most=bounds.get("$maxDistance", math.inf),
        is_geojson=True,
    )


def _legacy(path: str, name: str, argument: Any, operators: Mapping[str, Any]) -> Near:
    if is_geojson(argument):
        point = position(argument.get("coordinates"))
        members: list[Any] = []
    else:
        members = list(argument.values()) if isinstance(argument, Mapping) else argument
        if isinstance(argument, Mapping):
            members = [value for key, value in argument.items() if key[:1] != "$"]
        point = flat_point(members)
    bounds = {}
    for bound, code in (("$minDistance", 16893), ("$maxDistance", 16895)):
        value = operators.get(bound)
        if isinstance(argument, Mapping) and bound in argument:
            value = argument[bound]
        elif bound not in operators:
            continue
        if type(value) in NUMBERS and bound == "$minDistance":
            code = 16894  # noqa: PLW2901  a number, but not one of these
        bounds[bound] = _bound(value, bound, code)
    if len(members) > 2 and "$maxDistance" not in bounds:
        bounds["$maxDistance"] = _bound(members[2], "$maxDistance", 16895)
    is_sphere = name == "$nearSphere"
    if is_sphere:
        check_bounds(*point)
    return Near(
        path=path,
        point=point,
        is_sphere=is_sphere,
        unit=EARTH_RADIUS_M if is_geojson(argument) else 1.0,
        least=bounds.get("$minDistance", 0.0),
        most=bounds.get("$maxDistance", math.inf),
        is_geojson=is_geojson(argument),
    )


def check_index(near: Near, index_keys: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to find the nearest without an index that could. Code 291."""
    kinds = {value for keys in index_keys for name, value in keys.items() if name == near.path}
    usable = {"2dsphere"} if near.is_geojson else {"2d", "2dsphere"} if near.is_sphere else {"2d"}
    if not kinds & usable:
        raise failure(
            291,
            "error processing query: planner returned error: unable to find index for $geoNear query",
        )


def near_of(query: Document) -> Near | None:
    """Return what a query asks to be near to, None when it does not. Code 2 when it asks twice."""
    found = _nears(query)
    if len(found) > 1:
        raise failure(2, "Too many geoNear expressions")
    return found[0] if found else None


def _nears(query: Document) -> list[Near]:
    found = []
    for name, value in query.items():
        if name == "$and" and isinstance(value, list):
            found += [
                near for one in value if isinstance(one, Mapping) for near in _nears(dict(one))
            ]
        elif name in {"$or", "$nor"} and isinstance(value, list):
            if any(_nears(dict(one)) for one in value if isinstance(one, Mapping)):
                raise failure(2, "geo $near must be top-level expr")
        elif isinstance(value, Mapping) and any(one in value for one in NAMES) and name[:1] != "$":
            found.append(parse_near(name, value))
    return found
