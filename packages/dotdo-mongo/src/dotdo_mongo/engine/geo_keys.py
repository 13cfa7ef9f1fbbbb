"""What geospatial indexes ask of documents: their fields hold geometries, within the bounds of the index."""

from collections.abc import Iterator, Mapping
from typing import Any

from dotdo_mongo.engine.indexes import covers
from dotdo_mongo.engine.match.geo.geojson import check_bounds, flat_point, is_geojson, shape_of
from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
_KINDS = frozenset({"2d", "2dsphere"})


def is_geospatial(index: Document) -> bool:
    """Whether an index is over places."""
    return any(kind in _KINDS for kind in index["key"].values() if type(kind) is str)


def check_places(document: Document, index: Document) -> None:
    """See that a document can be in a geospatial index.

    Raises:
        CommandFailure: What is in its field is no geometry (code 16755), or lies outside of a 2d index (13027).
    """
    if not covers(document, index):
        return
    for path, kind in index["key"].items():
        if kind not in _KINDS:
            continue
        for value in _at(document, path.split(".")):
            if value is not None and kind == "2dsphere":
                _check_geometry(value, document)
            elif isinstance(value, (list, Mapping)):
                _check_flat(value, index)


def _at(value: Any, names: list[str]) -> Iterator[Any]:
    if not names:
        yield value
    elif isinstance(value, list):
        for member in value:
            if isinstance(member, Mapping):
                yield from _at(member, names)
    elif isinstance(value, Mapping) and names[0] in value:
        yield from _at(value[names[0]], names[1:])


def _check_geometry(value: Any, document: Document) -> None:
    try:
        if is_geojson(value):
            shape_of(value)
        else:
            check_bounds(*flat_point(value))
    except CommandFailure as error:
        raise failure(16755, f"Can't extract geo keys: {document} {error.message}") from None


def _check_flat(value: Any, index: Document) -> None:
    members = list(value.values()) if isinstance(value, Mapping) else value
    if members and isinstance(members[0], (list, Mapping)):
        for one in members:
            if isinstance(one, (list, Mapping)):
                _check_flat(one, index)
        return
    try:
        point = flat_point(value)
    except CommandFailure:
        return  # what is no point is not in the index
    low, high = to_double(index.get("min", -180)), to_double(index.get("max", 180))
    if not all(low <= one <= high for one in point):
        raise failure(
            13027, f"point not in interval of [ {low:g}, {high:g} ] :: caused by :: {value}"
        )
