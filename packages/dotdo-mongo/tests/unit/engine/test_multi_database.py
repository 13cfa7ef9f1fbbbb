"""Transactions over several databases: one outcome."""

import pytest
from pymongo.errors import OperationFailure


def test_a_conflict_in_one_database_undoes_the_transaction_in_all(mongo):
    for name in ("a", "b"):
        mongo[name].c.insert_many([{"_id": 1, "n": 0}, {"_id": 2, "n": 0}])
    with mongo.start_session() as session:
        session.start_transaction()
        for name in ("a", "b"):
            mongo[name].c.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)
        mongo.b.c.update_one({"_id": 2}, {"$inc": {"n": 5}})
        with pytest.raises(OperationFailure) as error:
            session.commit_transaction()
        assert error.value.has_error_label("TransientTransactionError")
    assert [d["n"] for d in mongo.a.c.find()] == [0, 0]
    assert [d["n"] for d in mongo.b.c.find()] == [0, 5]


def test_without_a_conflict_it_commits_in_all(mongo):
    def both(session):
        for name in ("a", "b"):
            mongo[name].c.insert_one({"_id": 1}, session=session)

    with mongo.start_session() as session:
        session.with_transaction(both)
    assert [mongo[name].c.count_documents({}) for name in ("a", "b")] == [1, 1]
