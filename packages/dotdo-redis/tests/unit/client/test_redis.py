"""The client in-process: shapes, errors, waiting, transactions, subscriptions."""

import threading

import pytest

import dotdo_redis as redis


@pytest.fixture(params=[2, 3])
def client(tenant, request):
    with redis.Redis(protocol=request.param) as client:
        yield client


def test_values_come_back_as_redis_py_shapes_them(client):
    assert client.set("k", 1) is True
    assert client.get("k") == b"1"
    assert client.hset("h", mapping={"a": 1, "b": "x"}) == 2
    assert client.hgetall("h") == {b"a": b"1", b"b": b"x"}
    assert client.zadd("z", {"m": 1.5}) == 1
    assert list(map(tuple, client.zrange("z", 0, -1, withscores=True))) == [(b"m", 1.5)]
    assert client.sadd("s", 1, 2) == 2
    assert client.smembers("s") == {b"1", b"2"}


def test_responses_are_decoded_on_request(tenant):
    with redis.from_url("redis://example.com:7000/3", decode_responses=True) as client:
        client.set("k", "ü")
        assert client.get("k") == "ü"
        assert client.connection_pool.connection_kwargs["db"] == 3


def test_an_error_is_redis_pys(client):
    client.set("k", 1)
    with pytest.raises(redis.ResponseError, match="wrong kind of value"):
        client.lpush("k", 1)
    with pytest.raises(redis.ResponseError, match="wrong number of arguments"):
        client.execute_command("GET")


def test_a_waiting_client_is_served_by_another_thread(client):
    pusher = threading.Timer(0.05, lambda: client.rpush("queue", "job"))
    pusher.start()
    assert tuple(client.blpop("queue", timeout=5)) == (b"queue", b"job")
    pusher.join()
    assert client.blpop("queue", timeout=0.01) is None


def test_a_transaction_fails_when_a_watched_key_changed(client):
    with client.pipeline() as pipe:
        pipe.watch("k")
        client.set("k", "other")
        pipe.multi()
        pipe.set("k", "mine")
        with pytest.raises(redis.WatchError):
            pipe.execute()
    assert client.get("k") == b"other"


def test_a_subscriber_hears_what_is_published(client):
    listener = client.pubsub(ignore_subscribe_messages=True)
    listener.subscribe("news")
    assert listener.get_message(timeout=1) is None
    assert client.publish("news", "hello") == 1
    assert listener.get_message(timeout=1)["data"] == b"hello"
    listener.close()


def test_tenants_do_not_see_each_other(tenant, monkeypatch):
    with redis.Redis() as one:
        one.set("k", 1)
        monkeypatch.setenv("DOTDO_NS", f"{tenant}-other")
        with redis.Redis() as other:
            assert other.get("k") is None


def test_short_calls_give_what_redis_py_gives(client):
    assert client.set("k", 1, ex=100, nx=True) is True
    assert client.set("k", 2, nx=True) is None
    assert 0 < client.ttl("k") <= 100
    assert client.mget("k", "missing") == client.mget(["k", "missing"]) == [b"1", None]
    assert client.expire("k", 50) is True
    assert client.zadd("z", {"m": 1.5}) == 1
    assert client.zscore("z", "m") == client.zincrby("z", 0, "m") == 1.5
    assert client.hset("h", mapping={"a": 1}) == 1
    assert client.hexists("h", "a") is True
    assert client.incr("n") == client.incr("n", 4) - 4 == 1
    assert client.xadd("x", {"f": "v"}, maxlen=1, id="5-1") == b"5-1"
    with pytest.raises(redis.DataError):
        client.mget(["k", object()])
    with pytest.raises(redis.DataError):
        client.xadd("x", {})


def test_a_callback_of_the_user_sees_replies_of_short_calls(client):
    client.set_response_callback("ZSCORE", lambda score: ("seen", score))
    client.zadd("z", {"m": 2})
    assert client.zscore("z", "m")[0] == "seen"
