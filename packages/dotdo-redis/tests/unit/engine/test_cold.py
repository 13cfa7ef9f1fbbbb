"""Keys whose values lie elsewhere answer as those in memory do."""

from dotdo_redis.engine.cold import ColdKeys, Place, held, is_cold


class Shelf:
    """A vault that holds some strings."""

    def __init__(self, ends, **strings):
        self.strings = {key.encode(): value for key, value in strings.items()}
        self.ends = {key.encode(): when for key, when in ends.items()}
        self.pages = [[key] for key in self.strings]

    def find(self, key):
        value = self.strings.get(key)
        return None if value is None else (key, value, self.ends.get(key))

    def next_page(self, *, is_awaited):
        if not self.pages:
            return None
        page = self.pages.pop(0)
        endless = {key: self.strings[key] for key in page if key not in self.ends}
        return endless, [(k, self.strings[k], self.ends[k]) for k in page if k in self.ends]


def shelved(rig, ends=None, **strings):
    database = rig.engine.databases[0]
    database.keys = ColdKeys(database, Shelf(ends or {}, **strings))
    return database


def test_one_key_is_read_alone_and_all_when_all_are_asked_for(rig):
    database = shelved(rig, a=b"1", b=b"2", c=b"3")
    assert rig("GET", "b") == b"2"
    assert dict.__len__(database.keys) == 1
    rig("DEL", "a")
    rig("SET", "c", "new")
    assert rig("GET", "a") is None
    assert sorted(rig("KEYS", "*")) == [b"b", b"c"]
    assert rig("GET", "c") == b"new"
    assert database.keys.__class__ is dict


def test_a_key_whose_time_was_over_before_it_was_read_is_gone(rig):
    past, soon = rig.time_us // 1000 - 1, rig.time_us // 1000 + 50
    shelved(rig, {"old": past, "soon": soon}, old=b"1", soon=b"2")
    assert rig("GET", "old") is None
    assert rig.journal == [(b"DEL", b"old")]
    assert rig("PTTL", "soon") == 50
    rig.pass_ms(60)
    assert rig("EXISTS", "soon") == 0


def test_a_beat_learns_of_keys_and_lets_them_expire(rig):
    shelved(rig, {"old": rig.time_us // 1000 - 1}, a=b"1", old=b"1")
    for _ in range(4):
        rig.engine.tick()
    assert rig.journal == [(b"DEL", b"old")]
    assert rig("DBSIZE") == 1


def test_a_value_that_lies_elsewhere_is_fetched_when_it_is_used(rig):
    rig("SET", "k", "v")
    database = rig.engine.databases[0]
    place = Place(b"string", lambda key: b"fetched" if key == b"k" else None)
    database.keys = ColdKeys(database, known={b"k": place, b"lost": place})
    assert list(database.keys.types()) == [(b"k", place), (b"lost", place)]
    assert list(database.keys.items()) == [(b"k", b"fetched")]
    assert is_cold(held(database.keys, b"k"))
    assert rig("STRLEN", "k") == 7
    assert held(database.keys, b"k") == b"fetched"
    assert rig("GET", "lost") is None
    assert rig("DBSIZE") == 1
