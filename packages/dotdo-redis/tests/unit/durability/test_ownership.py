"""One process owns a tenant's keys; others and forked children are served by it, and one takes over when it dies."""

import os
import signal
import subprocess
import sys

import dotdo
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


OTHER_DOOR = """
import sys, dotdo
tenant = dotdo.open(sys.argv[1])
assert tenant.things.get("redis_strings", "k")["value"] == "one"
tenant.things.update(("redis_strings", "k"), value="two")
tenant.things.create("redis_strings", "new", value="made")
assert tenant.things.get("Item", 1).n == 5
tenant.things.update(("Item", 1), n=6)
"""


def test_other_doors_of_another_process_read_and_write_the_owners_keys(tenant):
    client = redis.Redis()
    keyspaces.map_keys("item:*", "Item")
    with dotdo.open(tenant) as graph:
        graph.things.create("Item", 1, n=4)
    client.hincrby("item:1", "n", 1)
    client.set("k", "one")
    client.config_set("notify-keyspace-events", "KEA")
    listener = client.pubsub(ignore_subscribe_messages=True)
    listener.psubscribe("__keyspace@0__:item:*")
    listener.get_message(timeout=1)
    subprocess.run([sys.executable, "-c", OTHER_DOOR, tenant], check=True, timeout=60)
    assert listener.get_message(timeout=5)["data"] == b"hset"
    assert client.mget("k", "new") == [b"two", b"made"]
    assert client.hget("item:1", "n") == b"6"


def test_another_door_takes_over_from_an_owner_that_died(tenant):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout.readline() == b"up\n"
    with dotdo.open(tenant) as graph:
        assert graph.things.get("redis_strings", "k")["value"] == "of the owner"
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
        graph.things.update(("redis_strings", "k"), value="of nobody")
    assert redis.Redis().get("k") == b"of nobody"
