"""Points, lines and polygons on the unit sphere: distance, crossing and containment."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Vector = tuple[float, float, float]
EARTH_RADIUS_M = 6_378_100.0
_TINY = 1e-12


def vector(longitude: float, latitude: float) -> Vector:
    """Return the unit vector of a point given in degrees."""
    phi, theta = math.radians(latitude), math.radians(longitude)
    flat = math.cos(phi)
    return (flat * math.cos(theta), flat * math.sin(theta), math.sin(phi))


def dot(a: Vector, b: Vector) -> float:
    """Return the inner product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Return the outer product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def norm(a: Vector) -> float:
    """Return the length."""
    return math.sqrt(dot(a, a))


def unit(a: Vector) -> Vector:
    """Return the vector of length 1 in the same direction."""
    size = norm(a) or 1.0
    return (a[0] / size, a[1] / size, a[2] / size)


def angle(a: Vector, b: Vector) -> float:
    """Return the angle between two unit vectors, in radians."""
    return math.atan2(norm(cross(a, b)), dot(a, b))


def cap_angle(a: Vector, b: Vector) -> float:
    """Return the angle between two unit vectors as MongoDB computes that of legacy points."""
    return math.acos(max(-1.0, min(1.0, dot(a, b))))


def is_same(a: Vector, b: Vector) -> bool:
    """Whether two points coincide."""
    return angle(a, b) < _TINY


def is_on_arc(point: Vector, start: Vector, end: Vector) -> bool:
    """Whether a point lies on the shorter arc between two points."""
    if is_same(point, start) or is_same(point, end):
        return True
    plane = cross(start, end)
    size = norm(plane)
    if size < _TINY:
        return False
    if abs(dot(point, plane)) / size > _TINY:
        return False
    return dot(cross(start, point), plane) >= 0 and dot(cross(point, end), plane) >= 0


def do_cross(a: Vector, b: Vector, c: Vector, d: Vector) -> bool:
    """Whether the arcs ab and cd cross at a point inside both; arcs that share an end do not."""
    if is_same(a, c) or is_same(a, d) or is_same(b, c) or is_same(b, d):
        return False
    ab, cd = cross(a, b), cross(c, d)
    side_c, side_d = dot(ab, c), dot(ab, d)
    side_a, side_b = dot(cd, a), dot(cd, b)
    if side_c * side_d >= 0 or side_a * side_b >= 0:
        return False
    meeting = unit(cross(ab, cd))
    middle = (a[0] + b[0] + c[0] + d[0], a[1] + b[1] + c[1] + d[1], a[2] + b[2] + c[2] + d[2])
    if dot(meeting, middle) < 0:
        meeting = (-meeting[0], -meeting[1], -meeting[2])
    return (
        dot(cross(a, meeting), ab) > 0
        and dot(cross(meeting, b), ab) > 0
        and dot(cross(c, meeting), cd) > 0
        and dot(cross(meeting, d), cd) > 0
    )


def do_meet(a: Vector, b: Vector, c: Vector, d: Vector) -> bool:
    """Whether the arcs ab and cd have a point in common."""
    return (
        do_cross(a, b, c, d)
        or is_on_arc(a, c, d)
        or is_on_arc(b, c, d)
        or is_on_arc(c, a, b)
        or is_on_arc(d, a, b)
    )


def arc_distance(point: Vector, start: Vector, end: Vector) -> float:
    """Return the angle from a point to the nearest point of an arc."""
    plane = cross(start, end)
    size = norm(plane)
    nearest = min(angle(point, start), angle(point, end))
    if size < _TINY:
        return nearest
    normal = unit(plane)
    foot = cross(normal, cross(point, normal))
    if dot(cross(start, foot), plane) >= 0 and dot(cross(foot, end), plane) >= 0:
        return math.asin(min(1.0, abs(dot(point, normal))))
    return nearest


class Loop:
    """A closed ring of points; its inside is the smaller side, or the left one when winding is strict."""

    def __init__(self, points: Sequence[Vector], *, is_strict: bool = False) -> None:
        self.points = tuple(points)
        self.edges = tuple(zip(self.points, (*self.points[1:], self.points[0]), strict=True))
        area = self._signed_area()
        self.is_inverted = is_strict and area < 0
        self.area = abs(area)
        centre = unit(_sum(self.points))
        # not the exact antipode, from which no one arc leads to the centre
        self.outside = unit((-centre[0] + 1e-3, -centre[1] + 2e-3, -centre[2] + 3e-3))
        if self.area > 2 * math.pi - _TINY:
            self.outside = self._far_point()

    def _far_point(self) -> Vector:
        first = self.points[0]
        return unit((-first[0] + 1e-3, -first[1] + 2e-3, -first[2] + 3e-3))

    def _signed_area(self) -> float:
        first = self.points[0]
        total = 0.0
        for second, third in zip(self.points[1:], self.points[2:], strict=False):
            scalar = dot(first, cross(second, third))
            below = 1 + dot(first, second) + dot(second, third) + dot(third, first)
            total += 2 * math.atan2(scalar, below)
        return total

    def is_on_edge(self, point: Vector) -> bool:
        """Whether a point lies on the ring."""
        return any(is_on_arc(point, start, end) for start, end in self.edges)

    def contains(self, point: Vector) -> bool:
        """Whether a point lies inside or on the ring."""
        if self.is_on_edge(point):
            return True
        crossings = sum(
            1 for start, end in self.edges if _ray_crosses(point, self.outside, start, end)
        )
        return (crossings % 2 == 1) != self.is_inverted


def _ray_crosses(point: Vector, outside: Vector, start: Vector, end: Vector) -> bool:
    """Whether the arc to a point outside crosses an edge, an end of it counted to one side."""
    ray, edge = cross(point, outside), cross(start, end)
    side_start, side_end = dot(ray, start), dot(ray, end)
    if (side_start > 0) == (side_end > 0):
        return False
    if (dot(edge, point) > 0) == (dot(edge, outside) > 0):
        return False
    meeting = cross(ray, edge)
    if dot(meeting, start) + dot(meeting, end) < 0:
        meeting = (-meeting[0], -meeting[1], -meeting[2])
    return dot(cross(point, meeting), ray) >= 0 and dot(cross(meeting, outside), ray) >= 0


def _sum(points: Sequence[Vector]) -> Vector:
    return (
        sum(point[0] for point in points),
        sum(point[1] for point in points),
        sum(point[2] for point in points),
    )


class Shape:
    """Points, lines and polygons taken together.

    Args:
        points: single points.
        lines: chains of points.
        polygons: rings, the first the outer one, the others holes.
    """

    def __init__(
        self,
        points: Sequence[Vector] = (),
        lines: Sequence[Sequence[Vector]] = (),
        polygons: Sequence[Sequence[Loop]] = (),
    ) -> None:
        self.points = tuple(points)
        self.lines = tuple(tuple(line) for line in lines)
        self.polygons = tuple(tuple(rings) for rings in polygons)

    def arcs(self) -> list[tuple[Vector, Vector]]:
        """Return all arcs of lines and rings."""
        found = [pair for line in self.lines for pair in itertools.pairwise(line)]
        return found + [edge for rings in self.polygons for ring in rings for edge in ring.edges]

    def vertices(self) -> list[Vector]:
        """Return all points there are."""
        found = [*self.points, *(point for line in self.lines for point in line)]
        return found + [point for rings in self.polygons for point in rings[0].points]

    def covers(self, point: Vector) -> bool:
        """Whether a point lies in one of the polygons, holes apart."""
        return any(
            rings[0].contains(point)
            and not any(hole.contains(point) and not hole.is_on_edge(point) for hole in rings[1:])
            for rings in self.polygons
        )

    def touches(self, point: Vector) -> bool:
        """Whether a point is of the shape."""
        return (
            any(is_same(point, own) for own in self.points)
            or any(
                is_on_arc(point, start, end)
                for line in self.lines
                for start, end in itertools.pairwise(line)
            )
            or self.covers(point)
        )

    def intersects(self, other: Shape) -> bool:
        """Whether the shapes have a point in common."""
        if any(self.touches(point) for point in other.vertices()):
            return True
        if any(other.touches(point) for point in self.vertices()):
            return True
        theirs = other.arcs()
        return any(do_meet(a, b, c, d) for a, b in self.arcs() for c, d in theirs)

    def contains(self, other: Shape) -> bool:
        """Whether the other lies inside the polygons of this one."""
        if not all(self.covers(point) for point in other.vertices()):
            return False
        edges = [edge for rings in self.polygons for ring in rings for edge in ring.edges]
        if any(do_cross(a, b, c, d) for a, b in other.arcs() for c, d in edges):
            return False
        return not any(
            other.covers(point) and not any(ring.is_on_edge(point) for ring in outer[:1])
            for rings in self.polygons
            for hole in rings[1:]
            for point in hole.points
            for outer in other.polygons
        )

    def distance(self, point: Vector) -> float:
        """Return the angle from a point to the nearest of the shape, in radians."""
        if self.covers(point):
            return 0.0
        found = [angle(point, own) for own in self.points]
        found += [arc_distance(point, start, end) for start, end in self.arcs()]
        return min(found, default=math.inf)
