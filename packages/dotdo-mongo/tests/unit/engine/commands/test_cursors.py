"""getMore and killCursors: what they take, whose cursors they read and end."""

import pytest
from bson import Int64


@pytest.fixture
def number(engine):
    engine({"insert": "c", "documents": [{"_id": n} for n in range(5)]})
    return Int64(engine({"find": "c", "batchSize": 2})["cursor"]["id"])


def test_a_cursor_is_read_on_to_its_end(engine, number):
    more = engine({"getMore": number, "collection": "c", "batchSize": 2})["cursor"]
    assert (len(more["nextBatch"]), more["id"]) == (2, number)
    last = engine({"getMore": number, "collection": "c"})["cursor"]
    assert (len(last["nextBatch"]), last["id"]) == (1, 0)
    assert engine({"getMore": number, "collection": "c"})["code"] == 43


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cursors": []}, 2),
        ({"cursors": None}, 40414),
        ({"cursors": 1}, 14),
        ({"cursors": [1]}, 14),
        ({"cursors": [1.0]}, 14),
        ({"cursors": ["1"]}, 14),
        ({"cursors": [Int64(1), None]}, 14),
        ({}, 40414),
        ({"cursors": [Int64(1)], "unknown": 1}, 40415),
        ({"cursors": [Int64(1)], "readConcern": {"level": "majority"}}, 72),
        ({"cursors": [Int64(1)], "readConcern": {"level": "none"}}, 2),
        ({"cursors": [Int64(1)], "maxTimeMS": -1}, 2),
        ({"cursors": [Int64(1)], "maxTimeMS": "1"}, 14),
    ],
)
def test_killing_cursors_is_checked(engine, fields, code):
    assert engine({"killCursors": "c", **fields})["code"] == code


@pytest.mark.parametrize("comment", [[1], "x", None, {"a": 1}, 1.5])
def test_killed_cursors_are_told_from_unknown_ones(engine, number, comment):
    command = {"killCursors": "c", "cursors": [number, Int64(1)], "comment": comment}
    found = engine({**command, "readConcern": {"level": "local"}, "maxTimeMS": 100})
    assert (found["cursorsKilled"], found["cursorsNotFound"]) == ([number], [1])
    assert engine({"getMore": number, "collection": "c"})["code"] == 43


def test_a_cursor_of_a_limited_query_ends_with_its_time(engine):
    engine({"insert": "c", "documents": [{"_id": n} for n in range(5)]})
    reply = engine({"find": "c", "batchSize": 2, "maxTimeMS": 1000})
    cursor = next(iter(engine.deployment.cursors))
    assert 0 < cursor.left_us <= 1_000_000
    cursor.left_us = -1
    more = {"getMore": Int64(reply["cursor"]["id"]), "collection": "c"}
    assert engine(more)["code"] == 50
