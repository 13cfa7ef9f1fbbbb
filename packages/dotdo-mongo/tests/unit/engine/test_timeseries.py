"""Updates of time series."""

from datetime import UTC, datetime

import pytest


@pytest.fixture(autouse=True)
def _series(engine):
    engine({"create": "c", "timeseries": {"timeField": "t", "metaField": "m"}})
    documents = [
        {"t": datetime(2024, 1, 1, n, tzinfo=UTC), "m": {"d": n}, "v": n} for n in range(3)
    ]
    engine({"insert": "c", "documents": documents})


def _updated(engine, q, u, **options):
    reply = engine({"update": "c", "updates": [{"q": q, "u": u, "multi": True, **options}]})
    return reply["writeErrors"][0]["code"] if "writeErrors" in reply else reply["nModified"]


def test_the_meta_field_changes_in_all_that_a_query_on_it_finds(engine):
    assert _updated(engine, {"m.d": {"$lt": 2}}, {"$set": {"m.x": 1}}) == 2


@pytest.mark.parametrize(
    ("q", "u", "options"),
    [
        ({}, {"$set": {"v": 9}}, {}),
        ({}, {"$set": {"m": 1, "v": 9}}, {}),
        ({"v": 1}, {"$set": {"m": 1}}, {}),
        ({"$or": [{"m": 1}, {"v": 1}]}, {"$set": {"m": 1}}, {}),
        ({}, {"$set": {"m": 1}}, {"multi": False}),
        ({"m": 1}, {"$set": {"m": 1}}, {"upsert": True}),
        ({}, [{"$set": {"m": 1}}], {}),
        ({}, {"$rename": {"m": "n"}}, {}),
    ],
)
def test_other_updates_are_refused(engine, q, u, options):
    assert _updated(engine, q, u, **options) == 72
