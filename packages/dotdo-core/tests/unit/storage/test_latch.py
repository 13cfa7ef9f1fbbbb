import threading
import time

from dotdo.storage.latch import Latch


def test_who_asks_first_gets_it_first() -> None:
    latch, order = Latch(), []
    latch.acquire()

    def take(n: int) -> None:
        with latch:
            order.append(n)

    threads = []
    for n in range(5):
        threads.append(threading.Thread(target=take, args=(n,)))
        threads[-1].start()
        while len(latch._queue) <= n:
            time.sleep(0.001)
    latch.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert latch.try_acquire()


def test_trying_does_not_wait() -> None:
    latch = Latch()
    with latch:
        assert not latch.try_acquire()
    assert latch.try_acquire()


def test_a_turn_given_up_is_not_handed_out() -> None:
    latch = Latch()
    latch.acquire()
    turn = threading.Lock()
    latch._queue.append(turn)
    latch._give_up(turn)
    latch.release()
    assert latch.try_acquire()


def test_a_turn_given_up_after_it_came_is_passed_on() -> None:
    latch = Latch()
    latch.acquire()
    latch._give_up(threading.Lock())  # the turn had been taken out of the queue: it holds the latch
    assert latch.try_acquire()
