"""redis-py's Lock, held by one of several processes at a time."""

import subprocess
import sys

import dotdo_redis as redis

PROGRAM = """
import dotdo_redis as redis

client = redis.Redis()
for _ in range(10):
    with client.lock("lock", timeout=30, sleep=0.005, blocking_timeout=60):
        seen = int(client.get("total") or 0)
        client.echo("hold on")
        client.set("total", seen + 1)
"""


def test_nobody_counts_over_another(tenant) -> None:
    client = redis.Redis()
    client.set("total", 0)
    command = [sys.executable, "-c", PROGRAM]
    counters = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for counter in counters:
        _, errors = counter.communicate(timeout=240)
        assert counter.returncode == 0, errors
    assert client.get("total") == b"20"


def test_a_lock_is_its_owners(tenant) -> None:
    client = redis.Redis()
    lock, other = client.lock("lock", timeout=10), client.lock("lock", timeout=10)
    assert lock.acquire()
    assert not other.acquire(blocking=False)
    assert lock.extend(5)
    lock.release()
    assert other.acquire(blocking=False)
    assert other.owned()
    assert not lock.owned()
