"""compact and autoCompact give back what deleted documents leave."""

import os

import pytest

from dotdo_mongo.engine.compaction import compact_when_due

BIG = "x" * 100_000


def emptied(engine, count=30):
    engine({"drop": "c"})
    engine({"insert": "c", "documents": [{"_id": n, "v": BIG} for n in range(count)]})
    engine({"drop": "c"})
    engine({"insert": "c", "documents": [{"_id": 1, "v": 1}]})


def size(engine):
    store = engine.deployment.databases.open("test", create=False)
    return os.path.getsize(store.path)


def test_the_file_of_a_database_shrinks(engine):
    emptied(engine)
    command = {"compact": "c", "freeSpaceTargetMB": 1}
    told = engine(command | {"dryRun": True})["estimatedBytesFreed"]
    before = size(engine)
    assert told > 2_000_000
    assert engine(command)["bytesFreed"] == told
    assert size(engine) <= before
    assert engine(command)["bytesFreed"] == 0
    assert engine.documents({"find": "c"}) == [{"_id": 1, "v": 1}]
    assert engine({"insert": "c", "documents": [{"_id": 2}]})["ok"] == 1
    assert [one["_id"] for one in engine.documents({"find": "c"}, "test@~1")] == [1]


def test_little_is_left_alone(engine):
    emptied(engine)
    assert engine({"compact": "c"})["bytesFreed"] == 0
    assert engine({"compact": "c", "dryRun": True})["estimatedBytesFreed"] == 0


def test_the_past_is_not_compacted(engine):
    emptied(engine)
    assert engine({"compact": "c"}, "test@~1")["ok"] == 0


@pytest.mark.parametrize(("run_once", "wanted"), [(True, False), (False, True)])
def test_databases_are_compacted_at_once_and_hourly(engine, run_once, wanted):
    emptied(engine)
    command = {"autoCompact": True, "freeSpaceTargetMB": 1, "runOnce": run_once}
    assert engine(command, "admin")["ok"] == 1
    left = {"compact": "c", "freeSpaceTargetMB": 1, "dryRun": True}
    assert engine(left)["estimatedBytesFreed"] == 0
    emptied(engine)
    assert engine(left)["estimatedBytesFreed"] > 0
    engine.clock.now_us += 3_600_000_000
    assert (engine(left)["estimatedBytesFreed"] == 0) is wanted
    engine({"autoCompact": False}, "admin")
    emptied(engine)
    compact_when_due(engine.deployment, "test", engine.clock.now_us + 10**12)
    assert engine(left)["estimatedBytesFreed"] > 0
