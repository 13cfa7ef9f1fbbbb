"""Counters of use: only under an LFU policy, logarithmic, decaying."""


def test_a_key_is_counted_when_it_is_used_and_forgotten_with_time(rig):
    rig("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    rig("SET", "k", 1)
    assert rig("OBJECT", "FREQ", "k") == 5
    for _ in range(200):
        rig("GET", "k")
    counted = rig("OBJECT", "FREQ", "k")
    assert 6 < counted < 40
    rig.pass_ms(3 * 60_000)
    assert rig("OBJECT", "FREQ", "k") == counted - 3


def test_looking_at_a_key_is_no_use(rig):
    rig("CONFIG", "SET", "maxmemory-policy", "volatile-lfu")
    rig("SET", "k", 1)
    for _ in range(20):
        rig("TTL", "k")
        rig("OBJECT", "ENCODING", "k")
    assert rig("OBJECT", "FREQ", "k") == 5


def test_nothing_is_counted_under_another_policy(rig):
    rig("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    rig("CONFIG", "SET", "maxmemory-policy", "noeviction")
    rig("GET", "k")
    assert rig.engine.is_quiet


def test_a_restored_counter_is_told(rig):
    rig("SET", "k", 1)
    payload = rig("DUMP", "k")
    rig("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    rig("RESTORE", "copy", 0, payload, "FREQ", 77)
    assert rig("OBJECT", "FREQ", "copy") == 77
