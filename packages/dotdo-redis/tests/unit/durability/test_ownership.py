"""One process owns a tenant's keys; others and forked children are served by it, and one takes over when it dies."""

import os
import signal
import subprocess
import sys

import dotdo_redis as redis
from dotdo_redis.durability import keyspaces

OTHER = """
import asyncio, dotdo_redis as redis
async def main():
    async with redis.asyncio.Redis() as client:
        await client.incr("n")
client = redis.Redis()
client.incr("n")
with client.pipeline() as pipe:
    pipe.rpush("l", 1).rpush("l", 2).execute()
asyncio.run(main())
"""
OWNER = """
import sys, dotdo_redis as redis
client = redis.Redis()
client.set("k", "of the owner")
print("up", flush=True)
sys.stdin.read()
"""


def test_another_process_is_served_by_the_owner(tenant):
    client = redis.Redis()
    client.set("n", 1)
    subprocess.run([sys.executable, "-c", OTHER], check=True, timeout=60)
    assert client.get("n") == b"3"
    assert client.lrange("l", 0, -1) == [b"1", b"2"]


def test_a_forked_child_is_served_by_its_parent(tenant):
    client = redis.Redis()
    client.set("n", 1)
    child = os.fork()
    if not child:
        client.incr("n")
        os._exit(0)
    os.waitpid(child, 0)
    assert client.get("n") == b"2"


def test_a_client_takes_over_when_the_owner_dies(tenant):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout.readline() == b"up\n"
    client = redis.Redis()
    assert client.get("k") == b"of the owner"
    assert not keyspaces.is_up(tenant)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdin.close()
    owner.stdout.close()
    assert client.get("k") == b"of the owner"
    assert keyspaces.is_up(tenant)
