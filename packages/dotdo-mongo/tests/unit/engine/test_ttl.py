"""Documents that expire."""

from datetime import UTC, datetime, timedelta

import pytest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("key", [{"at": 1}, {"a.at": -1}])
def test_documents_go_once_their_time_is_over(engine, key):
    path = next(iter(key))
    engine(
        {"createIndexes": "c", "indexes": [{"key": key, "name": "ttl", "expireAfterSeconds": 10}]}
    )
    now = EPOCH + timedelta(microseconds=engine.clock.now_us)
    values = [now, now + timedelta(days=1), [now, now + timedelta(days=1)], "text", None]
    shaped = [{"at": v} if path == "at" else {"a": {"at": v}} for v in values]
    engine({"insert": "c", "documents": [{"_id": n, **d} for n, d in enumerate(shaped)]})
    assert engine({"count": "c"})["n"] == 5
    engine.clock.now_us += 120_000_000
    assert [d["_id"] for d in engine.documents({"find": "c"})] == [1, 3, 4]
