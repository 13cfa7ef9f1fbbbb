"""Geospatial indexes take geometries alone."""

import pytest
from bson import Decimal128
from pymongo.errors import OperationFailure, WriteError

POINT = {"type": "Point", "coordinates": [1, 2]}


@pytest.mark.parametrize(
    "value",
    [
        "text",
        5,
        True,
        [],
        [181, 0],
        [[1, 2]],
        {"type": "Point", "coordinates": [1]},
        {"coordinates": [0, 0]},
    ],
)
def test_what_is_no_geometry_is_refused(mongo, value):
    mongo.t.c.create_index([("loc", "2dsphere")])
    with pytest.raises(WriteError) as error:
        mongo.t.c.insert_one({"loc": value})
    assert error.value.code == 16755
    assert mongo.t.c.count_documents({}) == 0


@pytest.mark.parametrize("value", [None, [1, 2], {"x": 1, "y": 2}, POINT])
def test_geometries_and_null_are_taken(mongo, value):
    mongo.t.c.create_index([("loc", "2dsphere")])
    mongo.t.c.insert_one({"loc": value})
    mongo.t.c.insert_one({"other": 1})
    assert mongo.t.c.count_documents({}) == 2


def test_an_index_over_what_is_no_geometry_is_not_made(mongo):
    mongo.t.c.insert_one({"a": [{"loc": "text"}]})
    with pytest.raises(OperationFailure) as error:
        mongo.t.c.create_index([("a.loc", "2dsphere")])
    assert error.value.code == 16755
    assert list(mongo.t.c.index_information()) == ["_id_"]


def test_a_partial_index_asks_nothing_of_what_it_does_not_hold(mongo):
    mongo.t.c.create_index([("loc", "2dsphere")], partialFilterExpression={"a": 1})
    mongo.t.c.insert_one({"loc": "text"})
    with pytest.raises(WriteError):
        mongo.t.c.update_one({}, {"$set": {"a": 1}})


@pytest.mark.parametrize(
    ("bounds", "point", "code"), [({}, [181, 0], 13027), ({"min": -500, "max": 500}, [181, 0], 0)]
)
def test_points_lie_within_the_bounds_of_a_flat_index(mongo, bounds, point, code):
    mongo.t.c.create_index([("loc", "2d")], **bounds)
    try:
        mongo.t.c.insert_one({"loc": point})
        found = 0
    except WriteError as error:
        found = error.code
    assert found == code


def test_decimals_that_are_not_finite_are_told_apart_in_clustered_collections(engine):
    engine({"create": "c", "clusteredIndex": {"key": {"_id": 1}, "unique": True}})
    for text, code in (("NaN", 50819), ("Infinity", 50826)):
        document = {"_id": Decimal128(text)}
        engine({"insert": "c", "documents": [document]})
        assert engine({"insert": "c", "documents": [document]})["writeErrors"][0]["code"] == code
