"""$geoNear: documents by their distance from a point."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.fieldpath import MAX_DEPTH, read, split_path
from dotdo_mongo.engine.match import Near, compile_match
from dotdo_mongo.engine.match.comparison import truth
from dotdo_mongo.engine.match.geo.geojson import check_bounds, flat_point, is_geojson, position
from dotdo_mongo.engine.match.geo.near import check_flat_bounds
from dotdo_mongo.engine.match.geo.sphere import EARTH_RADIUS_M
from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.engine.stages.declare import Family, Place, Run
from dotdo_mongo.engine.stages.shape import with_value
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document
    from dotdo_mongo.engine.expressions import Scope

FAMILY = Family("geonear")
_KEY_DEPTH = 180
_POINT_PARTS = 3  # a longitude, a latitude, and a distance
_KNOWN = frozenset(
    {"near", "distanceField", "spherical", "minDistance", "maxDistance", "query", "key"}
) | {"distanceMultiplier", "includeLocs", "uniqueDocs"}
_GONE = {"limit": 50858, "num": 50857, "start": 50856}


def _path(name: str, value: Any, code: int) -> tuple[str, ...]:
    if type(value) is not str:
        raise failure(
            code, f"$geoNear requires that '{name}' be a string, found {type_name(value)}"
        )
    return split_path(value)


def _distance(name: str, value: Any, scope: Scope, code: int) -> float:
    part = scope.compile(value)
    if not part.is_constant:
        raise failure(code, f"$geoNear requires a constant {name}")
    return _nonnegative(name, part.constant)


def _nonnegative(name: str, value: Any) -> float:
    if type(value) not in NUMBERS:
        raise failure(14, f"{name} must be a number, found {type_name(value)}")
    number = to_double(value)
    if math.isnan(number) or number < 0:
        raise failure(2, f"{name} must be nonnegative")
    return number


def _point(value: Any, scope: Scope) -> Any:
    part = scope.compile(value)
    if not part.is_constant:
        raise failure(5860402, "$geoNear requires a constant near argument")
    if not isinstance(part.constant, (Mapping, list)):
        raise failure(
            5860401,
            f"$geoNear requires near argument to be a GeoJSON object or a legacy point(array), found {type_name(part.constant)}",
        )
    if isinstance(part.constant, list) and len(part.constant) > _POINT_PARTS:
        raise failure(2, "$geoNear near argument has too many elements")
    return part.constant


def _indexed(context: Context, kind: str) -> list[str]:
    found = [name for keys in context.index_keys for name, value in keys.items() if value == kind]
    return list(dict.fromkeys(found))


def _chosen_field(spec: Mapping[str, Any], context: Context) -> tuple[str, str]:
    """Return the field and the kind of its index. Codes 14, 2, 27, 291, 5729100."""
    flat, sphere = _indexed(context, "2d"), _indexed(context, "2dsphere")
    if "key" in spec:
        key = spec["key"]
        if type(key) is not str:
            raise failure(
                14,
                f"$geoNear parameter 'key' must be of type string but found type: {type_name(key)}",
            )
        if not key:
            raise failure(2, "$geoNear parameter 'key' cannot be the empty string")
        if len(split_path(key)) > _KEY_DEPTH:
            raise failure(5729100, "$geoNear parameter 'key' is too deep")
        if key not in flat and key not in sphere:
            raise failure(
                291, f"error processing query: unable to find index for $geoNear query on {key}"
            )
        return key, "2dsphere" if key in sphere else "2d"
    is_sphere = truth(spec.get("spherical", False))
    for kind, names in (("2d", flat), ("2dsphere", sphere)):
        if len(names) > 1:
            raise failure(
                27, f"There is more than one {kind} index; unsure which to use for $geoNear"
            )
        if names:
            return names[0], "2dsphere" if is_sphere and names[0] in sphere else kind
    raise failure(27, "$geoNear requires a 2d or 2dsphere index, but none were found")


def _near(spec: Mapping[str, Any], field: str, kind: str, scope: Scope) -> Near:
    point = _point(spec["near"], scope)
    is_json = isinstance(point, Mapping) and (is_geojson(point) or "coordinates" in point)
    if is_json:
        if point.get("type", "Point") != "Point":
            raise failure(2, "$geoNear requires a GeoJSON point")
        where = position(point.get("coordinates"))
    else:
        where = flat_point(point)
    is_sphere = is_json or truth(spec.get("spherical", False))
    if (is_json and kind == "2d") or (kind == "2dsphere" and not is_sphere):
        raise failure(291, "error processing query: unable to find index for $geoNear query")
    if kind == "2d":
        check_flat_bounds(*where)
    elif is_sphere:
        check_bounds(*where)
    low, high = spec.get("minDistance"), spec.get("maxDistance")
    return Near(
        path=field,
        point=where,
        is_sphere=is_sphere,
        unit=EARTH_RADIUS_M if is_json else 1.0,
        least=0.0 if "minDistance" not in spec else _distance("minDistance", low, scope, 7555701),
        most=math.inf
        if "maxDistance" not in spec
        else _distance("maxDistance", high, scope, 7555702),
        is_geojson=is_json,
        by_cap=kind == "2d",
    )


def _check_options(spec: Mapping[str, Any]) -> None:
    for name in spec:
        if name in _GONE:
            raise failure(_GONE[name], f"$geoNear no longer supports the '{name}' parameter.")
        if name not in _KNOWN:
            raise failure(2, f"unrecognized option to $geoNear: {name}")


class _GeoNear:
    """A checked $geoNear."""

    def __init__(self, spec: Mapping[str, Any], place: Place) -> None:
        context = place.context
        _check_options(spec)
        self.field = self.locations = None
        if "distanceField" in spec:
            self.field = _path("distanceField", spec["distanceField"], 16606)
            if len(self.field) >= MAX_DEPTH:
                raise failure(5984700, "$geoNear parameter 'distanceField' is too deep")
        if "includeLocs" in spec:
            self.locations = _path("includeLocs", spec["includeLocs"], 16607)
        if "near" not in spec:
            raise failure(5860400, "$geoNear requires a 'near' argument")
        self.multiplier = 1.0
        if "distanceMultiplier" in spec:
            self.multiplier = _nonnegative("distanceMultiplier", spec["distanceMultiplier"])
        query = spec.get("query", {})
        if not isinstance(query, Mapping):
            raise failure(14, f"$geoNear query must be an object, found {type_name(query)}")
        if "$text" in query:
            raise failure(2, "$text is not allowed in the query of $geoNear")
        here = context.with_(features=context.features | {"no-near"})
        self.matches: Callable[[Document], bool] = compile_match(dict(query), here)
        if "key" in spec and type(spec["key"]) is str and spec["key"]:
            split_path(spec["key"])
        scope = place.scope()
        _check_near(spec, scope)
        field, kind = _chosen_field(spec, context)
        self.near = _near(spec, field, kind, scope)
        self.metadata = context.metadata

    def run(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield documents, the nearest first."""
        found = []
        for document in documents:
            if self.matches(document):
                distance = self.near.distance(document)
                if distance is not None:
                    found.append((distance, document))
        found.sort(key=lambda pair: pair[0])
        names = tuple(self.near.path.split("."))
        for distance, document in found:
            shaped = document
            scaled = distance * self.multiplier
            if self.field is not None:
                shaped = with_value(shaped, self.field, scaled)
            if self.locations is not None:
                shaped = with_value(shaped, self.locations, read(document, names))
            self.metadata.put(shaped, "geoNearDistance", scaled)
            self.metadata.put(shaped, "geoNearPoint", read(document, names))
            yield shaped


def _check_near(spec: Mapping[str, Any], scope: Scope) -> None:
    """Refuse what no index could answer, before indexes are looked at."""
    _point(spec["near"], scope)
    for name, code in (("minDistance", 7555701), ("maxDistance", 7555702)):
        if name in spec:
            _distance(name, spec[name], scope, code)


@FAMILY.stage("$geoNear", is_first=True, in_facet=False)
def geo_near(argument: Any, place: Place) -> Run:
    """Order documents by distance. Codes 10065, 16606, 16607, 27, 291, 5860400 to 5860402."""
    if isinstance(argument, list):
        raise failure(5860400, "$geoNear requires a 'near' argument")
    if not isinstance(argument, Mapping):
        raise failure(10065, "invalid parameter: expected an object ($geoNear)")
    return _GeoNear(argument, place).run
