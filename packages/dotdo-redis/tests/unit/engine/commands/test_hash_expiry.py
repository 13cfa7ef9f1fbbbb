"""Times to live of hash fields."""

from dotdo_redis.errors import ReplyError


def test_fields_expire_on_their_own_and_the_hash_with_the_last(newest):
    newest("HSET", "h", "a", 1, "b", 2)
    assert newest("HEXPIRE", "h", 10, "FIELDS", 2, "a", "missing") == [1, -2]
    assert newest("HTTL", "h", "FIELDS", 3, "a", "b", "missing") == [10, -1, -2]
    newest.pass_ms(10_000)
    assert newest("HGETALL", "h") == {b"b": b"2"}
    newest("HPEXPIRE", "h", 5, "FIELDS", 1, "b")
    newest.pass_ms(5)
    assert newest.engine.tick() == 1
    assert newest("EXISTS", "h") == 0


def test_conditions_decide_and_persisting_ends_it(newest):
    newest("HSET", "h", "a", 1)
    assert newest("HEXPIRE", "h", 10, "XX", "FIELDS", 1, "a") == [0]
    assert newest("HEXPIRE", "h", 10, "NX", "FIELDS", 1, "a") == [1]
    assert newest("HEXPIRE", "h", 5, "GT", "FIELDS", 1, "a") == [0]
    assert newest("HPERSIST", "h", "FIELDS", 2, "a", "b") == [1, -2]
    assert newest("HPERSIST", "h", "FIELDS", 1, "a") == [-1]


def test_a_deadline_in_the_past_deletes(newest):
    newest("HSET", "h", "a", 1)
    assert newest("HEXPIREAT", "h", 1, "FIELDS", 1, "a") == [2]
    assert newest("EXISTS", "h") == 0


def test_setting_a_field_ends_its_time_to_live(newest):
    newest("HSET", "h", "a", 1)
    newest("HEXPIRE", "h", 10, "FIELDS", 1, "a")
    newest("HINCRBY", "h", "a", 1)
    assert newest("HTTL", "h", "FIELDS", 1, "a") == [10]
    newest("HSET", "h", "a", 2)
    assert newest("HTTL", "h", "FIELDS", 1, "a") == [-1]


def test_wrong_words_are_refused(newest):
    newest("HSET", "h", "a", 1)
    reply = newest("HEXPIRE", "h", 10, "FIELDS", 2, "a")
    assert isinstance(reply, ReplyError)
    assert isinstance(newest("HEXPIRE", "h", -1, "FIELDS", 1, "a"), ReplyError)
