"""$group by SQL: exact where the rows prove it, left to Python where not."""

import pytest
from bson import Decimal128, Int64

from dotdo_mongo.engine.pushdown import grouping

SUMS = {"$group": {"_id": "$k", "n": {"$sum": 1}, "s": {"$sum": "$v"}, "m": {"$avg": "$v"}}}


@pytest.mark.parametrize(
    ("values", "total", "mean"),
    [
        ([1, 2], 3, 1.5),
        ([1, 2.5], 3.5, 1.75),
        ([2**31 - 1, 1], Int64(2**31), 1073741824.0),
        ([Int64(1), 2], Int64(3), 1.5),
        ([0.1, 0.2], 0.30000000000000004, 0.15000000000000002),
        ([2**62, 2**62], float(2**63), float(2**62)),
        (["x", None], 0, None),
        ([Decimal128("0.1"), 1], Decimal128("1.1"), Decimal128("0.55")),
        ([[1, 2], 1], 1, 1.0),
    ],
)
def test_sums_and_means_have_mongos_types(mongo, values, total, mean):
    rows = [{"k": "a", "v": value} for value in values]
    mongo.t.c.insert_many([*rows, {"k": "b"}])
    first, second = mongo.t.c.aggregate([SUMS])
    assert first == {"_id": "a", "n": 2, "s": total, "m": mean}
    assert type(first["s"]) is type(total)
    assert second == {"_id": "b", "n": 1, "s": 0, "m": None}


def test_groups_come_in_the_order_in_which_they_are_met(mongo):
    mongo.t.c.insert_many([{"k": k} for k in ("z", None, 1, "a", True, 1.0)] + [{}])
    found = list(mongo.t.c.aggregate([{"$group": {"_id": "$k", "n": {"$count": {}}}}]))
    assert [(each["_id"], each["n"]) for each in found] == [
        ("z", 1), (None, 2), (1, 2), ("a", 1), (True, 1),
    ]  # fmt: skip
    pairs = list(mongo.t.c.aggregate([{"$group": {"_id": {"k": "$k", "x": "$x"}}}]))
    assert {"_id": {}} in pairs
    assert {"_id": {"k": None}} in pairs


def test_nothing_makes_no_group(mongo):
    assert list(mongo.t.c.aggregate([{"$group": {"_id": None, "n": {"$sum": 1}}}])) == []
    mongo.t.c.insert_one({"v": 1})
    nothing = {"$match": {"v": 2}}
    assert list(mongo.t.c.aggregate([nothing, {"$group": {"_id": None, "n": {"$sum": 1}}}])) == []
    assert list(mongo.t.c.aggregate([nothing, {"$count": "n"}])) == []


def test_what_sql_cannot_do_is_left_alone():
    assert grouping({"_id": "$a", "s": {"$sum": "$b"}}) is not None
    assert grouping({"_id": {"$toUpper": "$a"}}) is None
    assert grouping({"_id": "$$ROOT"}) is None
    assert grouping({"_id": "$a", "s": {"$sum": {"$add": ["$b", 1]}}}) is None
    assert grouping({"_id": "$a", "s": {"$push": "$b"}}) is None
    assert grouping({"_id": "$a.0"}) is None
