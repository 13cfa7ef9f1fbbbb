"""Which ranges of scores to look at for a shape, in the order in which Redis looks; it refuses the scores."""

from dataclasses import dataclass
from math import cos, pi, sqrt
from typing import Protocol

from dotdo_redis.engine.geo.hashing import (
    EARTH_RADIUS_M,
    STEPS,
    decode,
    distance_m,
    encode,
    latitude_distance_m,
)

MERCATOR_MAX = 20037726.37
_DEGREES = 180.0 / pi
Place = tuple[float, float]


class Shape(Protocol):
    """What is searched, in metres around a place."""

    @property
    def center(self) -> Place:
        """Longitude and latitude."""

    @property
    def half_width_m(self) -> float:
        """From the centre to the east."""

    @property
    def half_height_m(self) -> float:
        """From the centre to the north."""

    @property
    def reach_m(self) -> float:
        """From the centre to the farthest point."""

    def distance_m(self, place: Place) -> float | None:
        """How far a place is from the centre; None when it is outside."""


@dataclass(frozen=True, slots=True)
class Circle:
    """All within a radius."""

    center: Place
    radius_m: float

    @property
    def half_width_m(self) -> float:
        """From the centre to the east."""
        return self.radius_m

    @property
    def half_height_m(self) -> float:
        """From the centre to the north."""
        return self.radius_m

    @property
    def reach_m(self) -> float:
        """From the centre to the farthest point."""
        return self.radius_m

    def distance_m(self, place: Place) -> float | None:
        """How far a place is from the centre; None when it is outside."""
        distance = distance_m(self.center, place)
        return None if distance > self.radius_m else distance


@dataclass(frozen=True, slots=True)
class Rectangle:
    """All within a box."""

    center: Place
    width_m: float
    height_m: float

    @property
    def half_width_m(self) -> float:
        """From the centre to the east."""
        return self.width_m / 2

    @property
    def half_height_m(self) -> float:
        """From the centre to the north."""
        return self.height_m / 2

    @property
    def reach_m(self) -> float:
        """From the centre to a corner."""
        return sqrt((self.width_m / 2) ** 2 + (self.height_m / 2) ** 2)

    def distance_m(self, place: Place) -> float | None:
        """How far a place is from the centre; None when it is outside."""
        if latitude_distance_m(place[1], self.center[1]) > self.height_m / 2:
            return None
        if distance_m(place, (self.center[0], place[1])) > self.width_m / 2:
            return None
        return distance_m(self.center, place)


def _bounds(shape: Shape) -> tuple[float, float, float, float]:
    """West, south, east, north of a shape."""
    longitude, latitude = shape.center
    height = shape.half_height_m / EARTH_RADIUS_M * _DEGREES
    edge = latitude - height if latitude < 0 else latitude + height
    width = shape.half_width_m / EARTH_RADIUS_M / cos(edge / _DEGREES) * _DEGREES
    return longitude - width, latitude - height, longitude + width, latitude + height


def _steps(reach_m: float, latitude: float) -> int:
    if reach_m == 0:
        return STEPS
    steps = 1
    while reach_m < MERCATOR_MAX:
        reach_m *= 2
        steps += 1
    steps -= 2
    if abs(latitude) > 66:
        steps -= 1
        if abs(latitude) > 80:
            steps -= 1
    return min(max(steps, 1), STEPS)


_NEIGHBOURS = {
    "north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0),
    "north_east": (1, 1), "north_west": (-1, 1), "south_east": (1, -1), "south_west": (-1, -1),
}  # fmt: skip
"""In the order in which they are looked at."""


def _moved(bits: int, steps: int, dx: int, dy: int) -> int:
    mask_x = 0xAAAAAAAAAAAAAAAA
    mask_y = 0x5555555555555555
    return _shift(bits, mask_x, steps, dx) & mask_x | _shift(bits, mask_y, steps, dy) & mask_y


def _shift(bits: int, mask: int, steps: int, by: int) -> int:
    """Move one of the two interleaved numbers by one, around the world."""
    if not by:
        return bits & mask
    own, other = bits & mask, mask ^ 0xFFFFFFFFFFFFFFFF
    limit = mask >> 64 - 2 * steps
    gaps = other >> 64 - 2 * steps
    moved = own + gaps + 1 if by > 0 else (own | gaps) - (gaps + 1)
    return moved & limit


def cells_around(shape: Shape) -> list[tuple[int, int]]:
    """The ranges of scores, lowest and behind the highest, that cover a shape."""
    west, south, east, north = _bounds(shape)
    longitude, latitude = shape.center
    steps = _steps(shape.reach_m, latitude)
    bits = encode(longitude, latitude, steps)
    if steps > 1 and not _covers(bits, steps, (west, south, east, north)):
        steps -= 1
        bits = encode(longitude, latitude, steps)
    left_out = _left_out(bits, steps, (west, south, east, north)) if steps >= 2 else set[str]()
    cells = [bits]
    cells += [
        _moved(bits, steps, *by)
        for name, by in _NEIGHBOURS.items()
        if not left_out.intersection(name.split("_"))
    ]
    shift = 52 - 2 * steps
    found: list[tuple[int, int]] = []
    for at, cell in enumerate(cells):
        if not at or cell != cells[at - 1]:
            found.append((cell << shift, cell + 1 << shift))
    return found


def _covers(bits: int, steps: int, bounds: tuple[float, float, float, float]) -> bool:
    """Whether a cell and its neighbours reach over all bounds."""
    west, south, east, north = bounds
    return (
        decode(_moved(bits, steps, 0, 1), steps)[3] >= north
        and decode(_moved(bits, steps, 0, -1), steps)[2] <= south
        and decode(_moved(bits, steps, 1, 0), steps)[1] >= east
        and decode(_moved(bits, steps, -1, 0), steps)[0] <= west
    )


def _left_out(bits: int, steps: int, bounds: tuple[float, float, float, float]) -> set[str]:
    """The sides on which the middle cell reaches over the bounds by itself."""
    west, south, east, north = bounds
    lowest_x, highest_x, lowest_y, highest_y = decode(bits, steps)
    sides = {
        "south": lowest_y < south,
        "north": highest_y > north,
        "west": lowest_x < west,
        "east": highest_x > east,
    }
    return {side for side, is_enough in sides.items() if is_enough}
