"""Angles and distances on the sphere."""

import math

import pytest

from dotdo_mongo.engine.match.geo.sphere import angle, arc_distance, vector


def test_the_angle_between_points_of_the_equator_is_their_longitude() -> None:
    assert angle(vector(0, 0), vector(90, 0)) == pytest.approx(math.pi / 2)


def test_the_nearest_point_of_an_arc_may_lie_inside_it() -> None:
    found = arc_distance(vector(1, 1), vector(0, 0), vector(2, 0))
    assert found == pytest.approx(math.radians(1))


def test_the_nearest_point_of_an_arc_may_be_its_end() -> None:
    found = arc_distance(vector(4, 0), vector(0, 0), vector(2, 0))
    assert found == pytest.approx(math.radians(2))
