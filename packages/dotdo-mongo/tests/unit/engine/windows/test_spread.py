"""The deviation over a window that moves."""

import pytest

INFINITY = float("inf")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([10, 20, 30], [5.0, 5.0, 0]),
        ([INFINITY, 10, 20], [None, 5.0, 0]),
        ([1, "x", 3], [0, 0, 0]),
    ],
)
def test_what_is_not_finite_makes_it_null_until_it_has_left(engine, values, wanted):
    engine({"insert": "c", "documents": [{"_id": n, "v": v} for n, v in enumerate(values)]})
    output = {"r": {"$stdDevPop": "$v", "window": {"documents": [0, 1]}}}
    stage = {"$setWindowFields": {"sortBy": {"_id": 1}, "output": output}}
    found = engine.documents({"aggregate": "c", "pipeline": [stage], "cursor": {}})
    assert [one["r"] for one in found] == wanted
