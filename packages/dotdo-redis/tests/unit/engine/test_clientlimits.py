"""How many clients there may be, how long they may be idle, how much may wait for them."""

import pytest

from dotdo_redis.errors import TooManyClients


def test_an_idle_client_is_closed_unless_it_listens(rig):
    idle, listener = rig.other(), rig.other()
    rig("SUBSCRIBE", "c", client=listener)
    rig("CONFIG", "SET", "timeout", 10)
    rig.pass_ms(10_500)
    rig("PING")
    rig.engine.tick()
    assert idle.is_closing
    assert not listener.is_closing
    assert not rig.client.is_closing


def test_no_more_clients_are_let_in_than_maxclients(rig):
    rig("CONFIG", "SET", "maxclients", 2)
    rig.engine.instance.limits.admit()
    rig.other()
    with pytest.raises(TooManyClients):
        rig.engine.instance.limits.admit()
    assert b"rejected_connections:1" in rig("INFO", "stats")


def test_output_beyond_the_hard_bound_is_too_much_at_once(rig):
    limits = rig.engine.instance.limits
    assert not limits.exceeds(rig.client, 1 << 40)
    rig("CONFIG", "SET", "client-output-buffer-limit", "normal 1mb 0 0")
    assert limits.exceeds(rig.client, 1 << 20)
    assert not limits.exceeds(rig.client, 1000)
    shown = rig("CONFIG", "GET", "client-output-buffer-limit")
    assert shown[b"client-output-buffer-limit"].startswith(b"normal 1048576 0 0 slave ")


def test_output_beyond_the_soft_bound_is_too_much_after_a_while(rig):
    limits = rig.engine.instance.limits
    rig("SUBSCRIBE", "c")
    rig("CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 1000 2", client=rig.other())
    assert not limits.exceeds(rig.client, 2000)
    rig.pass_ms(2500)
    rig("PING", client=rig.other())
    assert limits.exceeds(rig.client, 2000)


def test_what_cannot_take_effect_is_refused(rig):
    for name, value in (("maxmemory-clients", "1mb"), ("protected-mode", "no"), ("tls-port", "1")):
        reply = rig("CONFIG", "SET", name, value)
        assert "CONFIG SET failed" in reply.text


def test_what_nothing_here_would_follow_cannot_be_changed(rig):
    for name, value in (
        ("activedefrag", "yes"),
        ("rdbcompression", "no"),
        ("slave-read-only", "no"),
        ("appendfsync", "always"),
    ):
        shown = rig("CONFIG", "GET", name)
        reply = rig("CONFIG", "SET", "maxmemory-samples", 9, name, value)
        assert reply.text.endswith("can't set immutable config")
        assert rig("CONFIG", "GET", name) == shown
        assert rig("CONFIG", "SET", name, shown[name.encode()]) == b"OK"
    assert rig("CONFIG", "GET", "maxmemory-samples") == {b"maxmemory-samples": b"5"}


def test_a_save_point_saves_once_its_changes_and_seconds_are_there(rig):
    rig("CONFIG", "SET", "save", "10 2")
    rig("SET", "k", 1)
    rig.pass_ms(11_000)
    rig.engine.tick()
    assert b"rdb_saves:0" in rig("INFO", "persistence")
    rig("SET", "k", 2)
    rig.engine.tick()
    shown = rig("INFO", "persistence")
    assert b"rdb_saves:1" in shown
    assert b"rdb_changes_since_last_save:0" in shown
