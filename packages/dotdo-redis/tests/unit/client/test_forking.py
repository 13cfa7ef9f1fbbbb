"""Clients that a forked child has from its parent."""

import os
import threading
import time

import pytest

import dotdo_redis as redis
from dotdo_redis.durability import keyspaces

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


def test_a_child_closes_its_parents_client_although_a_thread_of_the_parent_had_the_engine(tenant):
    client = redis.Redis()
    client.set("k", "v")
    lock = keyspaces.keyspace_of(tenant).engine.lock
    is_held, is_forked = threading.Event(), threading.Event()

    def hold():
        with lock:
            is_held.set()
            is_forked.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait(30)
    child = os.fork()
    if child == 0:
        client.close()
        os._exit(0)
    is_forked.set()
    thread.join()
    for _ in range(1000):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        time.sleep(0.01)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert status == 0
    assert client.get("k") == b"v"
