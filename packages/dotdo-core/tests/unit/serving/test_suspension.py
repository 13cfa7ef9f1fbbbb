import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from dotdo.serving import Wait, Work
from dotdo.serving.doorbell import Doorbell
from dotdo.serving.suspension import Crew, Suspension


class BareWaiter:
    """The least a waiter can be: calls back without an argument."""

    def __init__(self) -> None:
        self.callbacks = []

    def add_done_callback(self, callback) -> None:
        self.callbacks.append(callback)

    def finish(self) -> None:
        for callback in self.callbacks:
            callback()


class DoneWaiter:
    """Was done before it was asked."""

    def add_done_callback(self, callback) -> None:
        callback()


async def suspended(control, act=lambda: None) -> Suspension:
    """Wait for something, act, and return once it is due."""
    loop = asyncio.get_running_loop()
    due = asyncio.Event()
    with ThreadPoolExecutor(1) as workers:
        suspension = Suspension(Crew(loop, Doorbell(loop), workers), due.set)
        suspension.begin(control)
        act()
        await asyncio.wait_for(due.wait(), 10)
    return suspension


def in_thread(call) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_waiters_of_every_kind_are_due_when_done():
    async def check() -> None:
        bare, concurrent, own = BareWaiter(), Future(), asyncio.get_running_loop().create_future()
        for waiter, act in [
            (bare, bare.finish),
            (bare, lambda: in_thread(bare.finish)),
            (concurrent, lambda: in_thread(lambda: concurrent.set_result(1))),
            (own, lambda: own.set_result(1)),
            (DoneWaiter(), lambda: None),
        ]:
            suspension = await suspended(Wait(waiter), act)
            assert suspension.is_due

    asyncio.run(check())


def test_a_wait_is_cancelled_from_any_thread_before_or_after_it_begins():
    before, after = Wait(BareWaiter()), Wait(BareWaiter())
    before.cancel()
    assert asyncio.run(suspended(before)).is_due
    assert asyncio.run(suspended(after, lambda: in_thread(after.cancel))).is_due
    assert after.is_cancelled
    assert not after.is_timed_out


def test_a_wait_that_times_out_says_so():
    wait = Wait(BareWaiter(), timeout_s=0.01)
    asyncio.run(suspended(wait))
    assert wait.is_timed_out
    assert not wait.is_cancelled


def test_what_a_call_returns_or_raises_is_its_result():
    good, bad = Work(lambda: 42), Work(lambda: 1 / 0)
    asyncio.run(suspended(good))
    asyncio.run(suspended(bad))
    assert good.result() == 42
    with pytest.raises(ZeroDivisionError):
        bad.result()
