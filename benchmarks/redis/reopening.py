"""A tenant with a million keys: its memory beside redis-server's, how long it takes to open again, and its first read. Linux only."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack

import redis

from benchmarks.harness import Figure
from benchmarks.redis.commands import real_server

KEYS = 1_000_000
AT_ONCE = 5_000

PROGRAM = """
import json, os, sys, time
from pathlib import Path
import dotdo_redis
from dotdo_redis.durability import keyspaces

def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

client, count = dotdo_redis.Redis(), int(sys.argv[2])
before = resident_bytes()
started = time.perf_counter()
client.ping()
opened = time.perf_counter()
client.get("key:%012d" % (count // 2))
read = time.perf_counter()
if sys.argv[1] == "open":
    client.dbsize()
listed = time.perf_counter()
if sys.argv[1] == "fill":
    for first in range(0, count, 5000):
        pipe = client.pipeline(transaction=False)
        for number in range(first, first + 5000):
            pipe.set("key:%012d" % number, "value-%010d" % number)
        pipe.execute()
print(json.dumps([opened - started, read - opened, resident_bytes() - before, listed - read]))
keyspaces.close_all()
"""


def ran(act: str) -> tuple[float, float, int, float]:
    """Fill or open the tenant in a process of its own; seconds to open, of the first GET, bytes taken, seconds of DBSIZE."""
    command = [sys.executable, "-c", PROGRAM, act, str(KEYS)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    opened_s, read_s, taken_bytes, listed_s = json.loads(ended.stdout)
    return opened_s, read_s, taken_bytes, listed_s


def real_bytes(client: redis.Redis) -> int:
    """What the same keys take in a real server."""
    before = client.info("memory")["used_memory"]
    for first in range(0, KEYS, AT_ONCE):
        pipe = client.pipeline(transaction=False)
        for number in range(first, first + AT_ONCE):
            pipe.set(f"key:{number:012d}", f"value-{number:010d}")
        pipe.execute()
    return int(client.info("memory")["used_memory"] - before)


def benchmarks() -> Iterator[Figure]:
    """Yield the figures of one tenant."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["DOTDO_HOME"], os.environ["DOTDO_DURABILITY"] = folder, "process"
        real = stack.enter_context(real_server(folder))
        _, _, filled_bytes, _ = ran("fill")
        if real is not None:
            theirs = real_bytes(real)
            yield Figure(
                name="1,000,000 keys: memory by redis-server's",
                measure_once=lambda: filled_bytes / theirs,
                unit="x",
                goal="<= 2.5 x",
            )
        opened_s, read_s, _, listed_s = ran("open")
        yield Figure(
            name="1,000,000 keys: open again",
            measure_once=lambda: opened_s,
            unit="s",
            goal="<= 3 s",
        )
        yield Figure(
            name="1,000,000 keys: first GET",
            measure_once=lambda: read_s * 1000,
            unit="ms",
            goal="<= 5 ms",
        )
        yield Figure(
            name="1,000,000 keys: first DBSIZE, which learns of all of them",
            measure_once=lambda: listed_s,
            unit="s",
        )
