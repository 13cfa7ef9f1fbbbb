"""Fail points: when they strike, whom, and what the reply looks like."""

import pytest
from bson import Binary, Int64

from dotdo_mongo.engine.fail_points import ConnectionCut

UUID = Binary(b"0" * 16, 4)


@pytest.fixture
def testing(engine):
    engine.deployment.has_test_commands = True

    def configure(mode, **data):
        return engine({"configureFailPoint": "failCommand", "mode": mode, "data": data}, "admin")

    return configure


def codes(engine, count):
    return [engine({"ping": 1}).get("code", 0) for _ in range(count)]


@pytest.mark.parametrize(
    ("mode", "found"),
    [
        ({"times": 2}, [7, 7, 0, 0]),
        ({"skip": 1}, [0, 7, 7, 7]),
        ({"times": 1, "skip": 2}, [0, 0, 7, 0]),
        ("alwaysOn", [7, 7, 7, 7]),
        ("off", [0, 0, 0, 0]),
        ({"activationProbability": 0}, [0, 0, 0, 0]),
    ],
)
def test_a_mode_says_how_often_it_strikes(engine, testing, mode, found):
    assert testing(mode, failCommands=["ping"], errorCode=7)["ok"] == 1.0
    assert codes(engine, 4) == found


@pytest.mark.parametrize(
    ("mode", "code"), [("sometimes", 9), (1, 14), ({"often": 1}, 9), ({"times": "x"}, 14)]
)
def test_other_modes_are_refused(testing, mode, code):
    assert testing(mode, failCommands=["ping"])["code"] == code


def test_it_strikes_whom_it_names(engine, testing):
    testing("alwaysOn", failCommands=["find"], namespace="test.c", errorCode=7)
    assert engine({"find": "d"})["ok"] == 1.0
    assert engine({"find": "c"})["code"] == 7
    engine.client.metadata = {"application": {"name": "other"}}
    testing("alwaysOn", failCommands=["find"], appName="mine", errorCode=7)
    assert engine({"find": "c"})["ok"] == 1.0


def test_errors_bear_the_labels_of_their_code_or_those_asked_for(engine, testing):
    retryable = {"insert": "c", "documents": [{}], "lsid": {"id": UUID}, "txnNumber": Int64(1)}
    testing({"times": 1}, failCommands=["insert"], errorCode=91)
    assert engine(retryable)["errorLabels"] == ["RetryableWriteError", "NoWritesPerformed"]
    testing({"times": 1}, failCommands=["insert"], errorCode=91, errorLabels=[])
    assert "errorLabels" not in engine(retryable)
    testing({"times": 1}, failCommands=["insert"], writeConcernError={"code": 91, "errmsg": "x"})
    reply = engine(retryable)
    assert (reply["n"], reply["errorLabels"]) == (1, ["RetryableWriteError"])


def test_a_connection_is_cut_and_a_write_before_that_is_done_once(engine, testing):
    point = {"configureFailPoint": "onPrimaryTransactionalWrite", "mode": {"times": 1}}
    engine(point, "admin")
    write = {
        "update": "c",
        "updates": [{"q": {"_id": 1}, "u": {"$inc": {"n": 1}}, "upsert": True}],
        "lsid": {"id": UUID},
        "txnNumber": Int64(1),
    }
    with pytest.raises(ConnectionCut):
        engine(write)
    assert engine(write)["n"] == 1
    assert engine.documents({"find": "c"}) == [{"_id": 1, "n": 1}]


def test_a_fail_point_of_retryable_writes_counts_each_write(engine, testing):
    data = {"failBeforeCommitExceptionCode": 91, "closeConnection": False}
    point = {"configureFailPoint": "onPrimaryTransactionalWrite", "mode": {"skip": 2}, "data": data}
    assert engine(point, "admin")["ok"] == 1.0
    session = {"lsid": {"id": UUID}}

    def insert(number, *identities):
        documents = [{"_id": one} for one in identities]
        return engine(
            {"insert": "c", "documents": documents, "txnNumber": Int64(number), **session}
        )

    assert insert(1, 1, 2)["n"] == 2
    assert insert(2, 3, 4)["code"] == 91
    assert engine({"count": "c"})["n"] == 2
