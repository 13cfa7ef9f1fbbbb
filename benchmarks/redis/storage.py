"""What storage costs beyond the append file: one element of a large hash written to its rows, and values that lie there alone."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack

import dotdo_redis
from benchmarks.harness import Figure
from dotdo_redis.durability import keyspaces
from dotdo_redis.durability.keyspace import Keyspace

FIELDS = 100_000
WRITES = 20
LEVELS = ("memory", "process", "everysec", "always")
KEYS, VALUE = 20_000, "x" * 1000
MEMORY_BYTES = 6_000_000


def opened(level: str) -> tuple[dotdo_redis.Redis, Keyspace]:
    """A client of a tenant of its own at a level, and the keyspace."""
    os.environ["DOTDO_DURABILITY"], os.environ["DOTDO_NS"] = level, f"storage{level}"
    client = dotdo_redis.Redis()
    client.ping()
    return client, keyspaces.keyspace_of(f"storage{level}")


def write_ms(level: str) -> float:
    """Milliseconds of a HSET in a large hash and of having it in the rows, the quickest of some."""
    client, keyspace = opened(level)
    client.hset("hash", mapping={f"field {number}": number for number in range(FIELDS)})
    keyspace.flush()
    times = []
    for number in range(WRITES):
        started = time.perf_counter()
        client.hset("hash", "field 5", number)
        keyspace.flush()
        times.append(time.perf_counter() - started)
    return min(times) * 1000


def fill_beyond() -> tuple[float, float]:
    """Microseconds of a SET and of a GET with three times as much data as memory."""
    client, _ = opened("process")
    client.config_set("maxmemory", MEMORY_BYTES)
    started = time.perf_counter()
    for number in range(KEYS):
        client.set(f"key:{number}", VALUE)
    filled = time.perf_counter()
    for number in range(0, KEYS, 7):
        client.get(f"key:{number * 7919 % KEYS}")
    read = time.perf_counter()
    return (filled - started) / KEYS * 1e6, (read - filled) / (KEYS / 7) * 1e6


def benchmarks() -> Iterator[Figure]:
    """Yield the figures of each level."""
    with ExitStack() as stack:
        os.environ["DOTDO_HOME"] = stack.enter_context(tempfile.TemporaryDirectory())
        stack.callback(keyspaces.close_all)
        for level in LEVELS:
            yield Figure(
                name=f"HSET in a hash of {FIELDS:,}, with its row, `{level}`",
                measure_once=lambda level=level: write_ms(level),  # type: ignore[misc]  # its own level
                unit="ms",
                goal="<= 10 ms",
            )
        set_us, get_us = fill_beyond()
        yield Figure(
            name="SET beyond maxmemory", measure_once=lambda: set_us, unit="us", goal="<= 200 us"
        )
        yield Figure(
            name="GET beyond maxmemory", measure_once=lambda: get_us, unit="us", goal="<= 200 us"
        )
