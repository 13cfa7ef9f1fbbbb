"""$collStats and $indexStats."""

import pytest


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"count": {"x": 1}}, 31170),
        ({"storageStats": {}}, 26),
        ({"latencyStats": {"histograms": 1}}, 14),
        ({"count": {"x": 1}, "latencyStats": {"x": 1}}, 31170),
    ],
)
def test_wrong_parts_are_refused_in_the_order_they_are_given(engine, parts, code):
    assert (
        engine({"aggregate": "none", "pipeline": [{"$collStats": parts}], "cursor": {}})["code"]
        == code
    )


def test_options_of_storage_that_nobody_knows_are_passed_over(engine):
    engine({"insert": "c", "documents": [{"_id": 1}]})
    stage = {"$collStats": {"storageStats": {"scale": 1 << 40, "unknown": 1}}}
    (found,) = engine.documents({"aggregate": "c", "pipeline": [stage], "cursor": {}})
    assert found["storageStats"]["scaleFactor"] == 2**31 - 1
