"""Waiting for data: what a getMore at the end of a tailable cursor asks whoever runs it to wait for."""

from collections.abc import Callable
from dataclasses import dataclass

from dotdo.storage import Store


@dataclass(slots=True)
class Awaiting:
    """A reply is empty now; the request is to be run again when one of the stores has new commits, or time is out.

    Args:
        stores: Whose commits matter.
        until_us: When it ends in any case, by the deployment's clock.
    """

    stores: tuple[Store, ...]
    until_us: int

    def listen(self, wake: Callable[[], object]) -> Callable[[], None]:
        """Call `wake` at each commit; return what ends that."""

        def committed(first: int, last: int) -> None:
            del first, last
            wake()

        for store in self.stores:
            store.listen(committed)

        def stop() -> None:
            for store in self.stores:
                if committed in store.listeners:
                    store.listeners.remove(committed)

        return stop
