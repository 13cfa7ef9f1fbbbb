import asyncio
import threading

from dotdo.serving.doorbell import Doorbell


def test_calls_of_all_threads_are_made_on_the_loop_in_order():
    async def ring_from_threads() -> dict[int, list[int]]:
        doorbell = Doorbell(asyncio.get_running_loop())
        made: dict[int, list[int]] = {n: [] for n in range(4)}
        all_made = asyncio.Event()
        here = threading.get_ident()

        def note(thread: int, n: int) -> None:
            assert threading.get_ident() == here
            made[thread].append(n)
            if sum(map(len, made.values())) == 4000:
                all_made.set()

        def ring(thread: int) -> None:
            for n in range(1000):
                doorbell.ring(lambda n=n: note(thread, n))

        await asyncio.gather(*(asyncio.to_thread(ring, thread) for thread in range(4)))
        await asyncio.wait_for(all_made.wait(), 10)
        return made

    assert asyncio.run(ring_from_threads()) == {n: list(range(1000)) for n in range(4)}


def test_a_call_that_fails_does_not_lose_the_others(caplog):
    async def ring() -> list[int]:
        doorbell, made = Doorbell(asyncio.get_running_loop()), []
        doorbell.ring(lambda: made.append(1))
        doorbell.ring(lambda: 1 / 0)
        doorbell.ring(lambda: made.append(2))
        await asyncio.sleep(0)
        return made

    assert asyncio.run(ring()) == [1, 2]
    assert "failed" in caplog.text


def test_ringing_after_the_loop_is_closed_does_nothing():
    async def make() -> Doorbell:
        return Doorbell(asyncio.get_running_loop())

    doorbell = asyncio.run(make())
    doorbell.ring(lambda: None)
    thread = threading.Thread(target=doorbell.ring, args=(lambda: None,))
    thread.start()
    thread.join()
