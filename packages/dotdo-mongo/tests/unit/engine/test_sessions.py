"""Sessions: transactions, their conflicts, and the replies of retryable writes."""

import uuid

import pytest
from bson import Binary, Int64


@pytest.fixture
def lsid():
    return {"id": Binary(uuid.UUID(int=7).bytes, 4)}


def in_transaction(lsid, number, *, is_start=False):
    options = {"lsid": lsid, "txnNumber": Int64(number), "autocommit": False}
    return options | ({"startTransaction": True} if is_start else {})


def test_a_transaction_is_seen_when_it_commits(engine, lsid):
    engine({"create": "c"})
    assert (
        engine(
            {"insert": "c", "documents": [{"_id": 1}], **in_transaction(lsid, 1, is_start=True)}
        )["n"]
        == 1
    )
    assert engine.documents({"find": "c", **in_transaction(lsid, 1)}) == [{"_id": 1}]
    assert engine.documents({"find": "c"}) == []
    assert engine({"commitTransaction": 1, **in_transaction(lsid, 1)}, "admin")["ok"] == 1.0
    assert engine.documents({"find": "c"}) == [{"_id": 1}]


def test_an_aborted_transaction_leaves_nothing(engine, lsid):
    engine({"create": "c"})
    engine({"insert": "c", "documents": [{"_id": 1}], **in_transaction(lsid, 1, is_start=True)})
    assert engine({"abortTransaction": 1, **in_transaction(lsid, 1)}, "admin")["ok"] == 1.0
    assert engine.documents({"find": "c"}) == []
    reply = engine({"find": "c", **in_transaction(lsid, 1)})
    assert (reply["code"], reply["errorLabels"]) == (251, ["TransientTransactionError"])


def test_writes_to_one_document_conflict(engine, lsid):
    other = {"id": Binary(uuid.UUID(int=8).bytes, 4)}
    engine({"insert": "c", "documents": [{"_id": 1, "n": 0}]})
    update = {"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$inc": {"n": 1}}}]}
    assert engine({**update, **in_transaction(lsid, 1, is_start=True)})["n"] == 1
    reply = engine({**update, **in_transaction(other, 1, is_start=True)})
    assert (reply["code"], reply["errorLabels"]) == (112, ["TransientTransactionError"])
    assert engine({"commitTransaction": 1, **in_transaction(lsid, 1)}, "admin")["ok"] == 1.0


def test_a_retried_write_is_not_done_again(engine, lsid):
    engine({"insert": "c", "documents": [{"_id": 1, "n": 0}]})
    update = {
        "update": "c",
        "updates": [{"q": {"_id": 1}, "u": {"$inc": {"n": 1}}}],
        "lsid": lsid,
        "txnNumber": Int64(4),
    }
    assert engine(update) == engine(update)
    assert engine.documents({"find": "c"}) == [{"_id": 1, "n": 1}]
    assert engine({**update, "txnNumber": Int64(3)})["code"] == 225


def test_what_cannot_be_undone_is_refused_in_a_transaction(engine, lsid):
    engine({"create": "c"})
    assert engine({"drop": "c", **in_transaction(lsid, 1, is_start=True)})["code"] == 263
