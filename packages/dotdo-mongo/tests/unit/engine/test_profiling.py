"""The profiler: commands recorded in system.profile while it is on."""


def test_commands_are_recorded_while_the_profiler_is_on(mongo):
    db = mongo.t
    db.c.insert_one({"_id": 1})
    assert db.command("profile", 2)["was"] == 0
    list(db.c.find({"_id": 1}, comment="this one"))
    db.c.update_one({"_id": 1}, {"$set": {"a": 1}})
    assert db.command("profile", 0)["was"] == 2
    list(db.c.find({}))
    [found] = db.system.profile.find({"command.comment": "this one"})
    assert (found["op"], found["ns"], found["nreturned"]) == ("query", "t.c", 1)
    assert [d["op"] for d in db.system.profile.find({"ns": "t.c"})] == ["query", "update"]


def test_only_slow_commands_are_recorded_at_level_1(mongo):
    mongo.t.command("profile", 1, slowms=60_000)
    mongo.t.c.insert_one({"_id": 1})
    assert mongo.t.system.profile.count_documents({}) == 0
