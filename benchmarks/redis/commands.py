"""redis-py in-process against redis-py on a real server and against fakeredis: single commands, pipelines, large replies.

The real server is the `redis-server` found on the path, without persistence; ours keeps nothing either (`memory`), and once
more with its default durability (`process`), for what that adds.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import fakeredis
import redis

import dotdo_redis
from benchmarks.harness import Comparison, Figure
from dotdo_redis.durability import keyspaces

CALLS = 500
ELEMENTS = 10_000
Call = Callable[[Any], object]

READS: dict[str, Call] = {
    "GET": lambda client: client.get("string"),
    "INCR": lambda client: client.incr("number"),
    "HGET": lambda client: client.hget("hash", "field"),
    "EXISTS": lambda client: client.exists("string"),
    "SADD": lambda client: client.sadd("set", "member"),
    "ZSCORE": lambda client: client.zscore("zset", "member"),
    "LLEN": lambda client: client.llen("list"),
    "RPOP": lambda client: client.rpop("list"),
}
WRITES: dict[str, Call] = {
    "SET": lambda client: client.set("string", "value"),
    "HSET": lambda client: client.hset("hash", "field", "value"),
    "ZADD": lambda client: client.zadd("zset", {"member": 2}),
    "LPUSH": lambda client: client.lpush("list", "element"),
    "XADD": lambda client: client.xadd("stream", {"field": "value"}, maxlen=1000),
}
LARGE: dict[str, Call] = {
    "LRANGE": lambda client: client.lrange("large list", 0, -1),
    "ZRANGE": lambda client: client.zrange("large zset", 0, -1),
    "SORT": lambda client: client.sort("large list"),
    "HGETALL": lambda client: client.hgetall("large hash"),
}


@contextmanager
def real_server(folder: str) -> Iterator[redis.Redis | None]:
    """A client of a server of our own, None when there is no such program."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [program, "--port", str(port), "--save", "", "--dir", folder, "--bind", "127.0.0.1"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(port=port)
        for _ in range(100):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        yield client
    finally:
        server.terminate()
        server.wait(10)


def ours(durability: str, tenant: str) -> dotdo_redis.Redis:
    """A client of a tenant of its own."""
    os.environ["DOTDO_DURABILITY"], os.environ["DOTDO_NS"] = durability, tenant
    client = dotdo_redis.Redis()
    client.ping()
    return client


def fill(client: Any) -> None:
    """What the commands work on."""
    client.set("string", "value")
    client.hset("hash", "field", "value")
    client.zadd("zset", {"member": 1})
    client.rpush("list", *range(1000))
    client.rpush("large list", *range(ELEMENTS))
    client.zadd("large zset", {f"member {n}": n for n in range(ELEMENTS)})
    client.hset("large hash", mapping={f"field {n}": n for n in range(ELEMENTS)})


def repeated(client: Any, call: Call, times: int) -> Callable[[], None]:
    """The call so many times."""

    def run() -> None:
        for _ in range(times):
            call(client)

    return run


def pipelined(client: Any) -> Callable[[], None]:
    """A hundred SETs and GETs in one pipeline."""

    def run() -> None:
        pipe = client.pipeline(transaction=False)
        for number in range(50):
            pipe.set(f"key {number}", number)
            pipe.get(f"key {number}")
        pipe.execute()

    return run


def compared(
    name: str, clients: dict[str, Any], act: Callable[[Any], Callable[[], None]], **rest: Any
) -> Comparison:
    """One comparison of ours with the peers there are."""
    peers = {peer: act(client) for peer, client in clients.items() if peer != "ours"}
    goals = {peer: goal for peer, goal in rest.pop("goals").items() if peer in peers}
    return Comparison(name=name, ours=act(clients["ours"]), peers=peers, goal=goals, **rest)


def added_us(durable: Any, plain: Any) -> float:
    """What the append file adds to a SET, in microseconds."""
    best = {}
    for client in (plain, durable):
        run = repeated(client, WRITES["SET"], CALLS)
        times = []
        for _ in range(20):
            started_ns = time.perf_counter_ns()
            run()
            times.append((time.perf_counter_ns() - started_ns) / 1000 / CALLS)
        best[client] = min(times)
    return best[durable] - best[plain]


def benchmarks() -> Iterator[Comparison | Figure]:
    """Yield every comparison."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["DOTDO_HOME"] = folder
        stack.callback(keyspaces.close_all)
        plain, durable = ours("memory", "plain"), ours("process", "durable")
        real = stack.enter_context(real_server(folder))
        clients = {"ours": plain, "real": real, "fakeredis": fakeredis.FakeRedis()}
        clients = {name: client for name, client in clients.items() if client is not None}
        for client in clients.values():
            fill(client)
        for calls, floor in (
            (READS, {"real": ">= 20", "fakeredis": ">= 15"}),
            (WRITES, dict.fromkeys(("real", "fakeredis"), ">= 10")),
        ):
            for name, call in calls.items():
                yield compared(
                    name,
                    clients,
                    partial(repeated, call=call, times=CALLS),
                    operations=CALLS,
                    rounds=10,
                    goals=floor,
                )
        yield compared(
            "pipeline of 100",
            clients,
            pipelined,
            operations=100,
            goals={"real": ">= 3", "fakeredis": ">= 10"},
        )
        for name, call in LARGE.items():
            yield compared(
                f"{name} of 10,000",
                clients,
                partial(repeated, call=call, times=1),
                rounds=5,
                goals={"real": "<= 2"},
            )
        yield Figure(
            name="SET with durability `process`, added",
            measure_once=lambda: added_us(durable, plain),
            unit="us",
            goal="<= 4 us",
        )
