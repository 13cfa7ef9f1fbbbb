"""$currentOp and the stages that list sessions."""


def test_idle_cursors_are_told_where_wanted(engine):
    engine({"insert": "c", "documents": [{"_id": n} for n in range(5)]})
    number = engine({"find": "c", "batchSize": 2})["cursor"]["id"]
    stages = [{"$currentOp": {"idleCursors": True}}, {"$match": {"type": "idleCursor"}}]
    (found,) = engine.documents({"aggregate": 1, "pipeline": stages, "cursor": {}}, "admin")
    assert (found["ns"], found["cursor"]["cursorId"]) == ("test.c", number)
    stages[0] = {"$currentOp": {}}
    assert engine.documents({"aggregate": 1, "pipeline": stages, "cursor": {}}, "admin") == []


def test_null_users_are_passed_over(engine):
    stage = {"$listLocalSessions": {"users": [None], "allUsers": True}}
    assert engine({"aggregate": 1, "pipeline": [stage], "cursor": {}})["ok"] == 1.0
