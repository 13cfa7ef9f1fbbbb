"""Points and polygons as WKT spells them, on a plane, and how they lie to each other; it refuses other shapes."""

import re
from dataclasses import dataclass

Point = tuple[float, float]
_WKT = re.compile(r"\s*(POINT|POLYGON)\s*\((.*)\)\s*\Z", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shape:
    """The corners of a polygon, or one point."""

    corners: tuple[Point, ...]

    @property
    def is_point(self) -> bool:
        """Whether it is a point."""
        return len(self.corners) == 1

    def edges(self) -> list[tuple[Point, Point]]:
        """The sides."""
        return list(zip(self.corners, self.corners[1:] + self.corners[:1], strict=True))


def parse(text: str) -> Shape:
    """Read WKT.

    Raises:
        ValueError: it is neither a point nor a polygon.
    """
    found = _WKT.match(text)
    if found is None:
        raise ValueError(text)
    body = found.group(2).strip()
    if found.group(1).upper() == "POLYGON":
        body = body.strip("() \t").split(")")[0]
    pairs = [pair.split() for pair in body.split(",")]
    corners = [(float(x), float(y)) for x, y in pairs]
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if found.group(1).upper() == "POLYGON" and len(corners) < 3:
        raise ValueError(text)
    return Shape(tuple(corners))


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on(a: Point, b: Point, p: Point) -> bool:
    inside_x = min(a[0], b[0]) <= p[0] <= max(a[0], b[0])
    return _turn(a, b, p) == 0 and inside_x and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def _holds(shape: Shape, point: Point) -> bool:
    """Whether a point lies in a shape or on its sides."""
    if shape.is_point:
        return shape.corners[0] == point
    x, y = point
    inside = False
    for a, b in shape.edges():
        if _on(a, b, point):
            return True
        if (a[1] > y) != (b[1] > y) and x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]:
            inside = not inside
    return inside


def _cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = one, other
    turns = (
        (_turn(a, b, c) > 0) != (_turn(a, b, d) > 0),
        (_turn(c, d, a) > 0) != (_turn(c, d, b) > 0),
    )
    return all(turns) and 0 not in {_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)}


def within(inner: Shape, outer: Shape) -> bool:
    """Whether one shape lies in another one."""
    if not all(_holds(outer, corner) for corner in inner.corners):
        return False
    if inner.is_point or outer.is_point:
        return True
    return not any(_cross(one, other) for one in inner.edges() for other in outer.edges())


def intersects(one: Shape, other: Shape) -> bool:
    """Whether two shapes have a point in common."""
    if any(_holds(one, corner) for corner in other.corners):
        return True
    if any(_holds(other, corner) for corner in one.corners):
        return True
    if one.is_point or other.is_point:
        return False
    return any(_cross(side, another) for side in one.edges() for another in other.edges())
