"""SCAN and its kin tell what is there all the time at least once, whatever changes meanwhile."""

import random


def scanned(rig, name, *key, count=7, between=lambda: None):
    found, cursor = set(), b"0"
    while True:
        cursor, page = rig(name, *key, cursor, "COUNT", count)
        found.update(page if name in {"SCAN", "SSCAN"} else page[::2])
        if cursor == b"0":
            return found
        between()


def test_a_scan_meets_every_key_that_stays(rig):
    chance = random.Random(3)
    stays = {b"stays%d" % n for n in range(500)}
    for key in stays:
        rig("SET", key, 1)

    def churn():
        for _ in range(20):
            rig("SET", f"comes{chance.randrange(200)}", 1)
            rig("DEL", f"comes{chance.randrange(200)}")

    assert stays <= scanned(rig, "SCAN", between=churn)


def test_large_collections_are_met_whole(rig):
    for n in range(600):
        rig("SADD", "s", f"m{n}")
        rig("HSET", "h", f"m{n}", n)
        rig("ZADD", "z", n, f"m{n}")
    everything = {b"m%d" % n for n in range(600)}
    for name, key in (("SSCAN", "s"), ("HSCAN", "h"), ("ZSCAN", "z")):
        assert scanned(rig, name, key) == everything


def test_small_collections_come_at_once(rig):
    rig("SADD", "s", 1, 2, 3)
    assert rig("SSCAN", "s", 0, "COUNT", 1) == [b"0", [b"1", b"2", b"3"]]
