"""Places, distances and searches; the figures are a real server's."""

import pytest

from dotdo_redis.errors import ReplyError


@pytest.fixture
def sicily(rig):
    rig("GEOADD", "g", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")
    return rig


def test_distances_hashes_and_places(sicily) -> None:
    assert sicily("GEODIST", "g", "Palermo", "Catania") == b"166274.1516"
    assert sicily("GEODIST", "g", "Palermo", "Catania", "km") == b"166.2742"
    assert sicily("GEOHASH", "g", "Palermo", "nobody") == [b"sqc8b49rny0", None]
    assert sicily("GEOPOS", "g", "Palermo") == [[b"13.36138933897018433", b"38.11555639549629859"]]


def test_a_circle_and_a_box(sicily) -> None:
    circle = sicily(
        "GEOSEARCH", "g", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "ASC", "WITHDIST"
    )
    assert circle == [[b"Catania", b"56.4413"], [b"Palermo", b"190.4424"]]
    assert sicily("GEOSEARCH", "g", "FROMMEMBER", "Catania", "BYBOX", 100, 100, "km") == [
        b"Catania"
    ]


def test_a_search_is_kept_with_its_distances(sicily) -> None:
    assert (
        sicily("GEOSEARCHSTORE", "d", "g", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "STOREDIST")
        == 2
    )
    assert sicily("ZRANGE", "d", 0, 0, "WITHSCORES")[0] == b"Catania"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("BYRADIUS", -1, "km"), "radius cannot be negative"),
        (("BYRADIUS", 1, "foo"), "unsupported unit provided. please use M, KM, FT, MI"),
        (("BYRADIUS", 1, "km", "COUNT", 0), "COUNT must be > 0"),
        (("BYRADIUS", 1, "km", "ANY"), "the ANY argument requires COUNT argument"),
    ],
)
def test_searches_that_make_no_sense_are_refused(sicily, words, error) -> None:
    reply = sicily("GEOSEARCH", "g", "FROMLONLAT", 15, 37, *words)
    assert isinstance(reply, ReplyError)
    assert str(reply) == error
