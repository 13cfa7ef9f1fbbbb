"""Waiting: what a request that cannot be answered yet asks whoever runs it to wait for, before it is run again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo.storage import Store, Waiter

if TYPE_CHECKING:
    from dotdo_mongo.engine.fail_points import Failing

Wake = Callable[..., object]


def _nothing() -> None:
    """Nothing was listened to."""


@dataclass(slots=True)
class Awaiting:
    """There is no reply yet; the request is to be run again when something happens, or time is out.

    Args:
        until_us: When it ends in any case, by the deployment's clock; None when only the waiter ends it.
        stores: Whose commits matter.
        waiter: Of the transaction that is in the way.
    """

    until_us: int | None
    stores: tuple[Store, ...] = ()
    waiter: Waiter | None = None

    @property
    def is_for_news(self) -> bool:
        """It waits for what may never come, so that a host that stops need not let it go on."""
        return self.waiter is None

    def listen(self, wake: Wake) -> Callable[[], None]:
        """Call `wake` whenever it may be time; return what ends that."""
        if self.waiter is not None:
            self.waiter.add_done_callback(wake)
            return _nothing

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


@dataclass(slots=True)
class Progress:
    """What a request has come to that is run several times because it waits.

    Args:
        started_us: When it was run first.
        until_us: Until when it waits for news.
        is_begun: It has passed the fail points.
        failing: The fail point that it met.
        delayed_until_us: Until when that has it stand still.
        is_change_stream: It reads on in a change stream.
        statements: How many statements are done.
        outcome: What these have done, in the words of their command.
    """

    started_us: int
    until_us: int | None = None
    is_begun: bool = False
    failing: "Failing | None" = None
    delayed_until_us: int = 0
    is_change_stream: bool = False
    statements: int = 0
    outcome: Any = field(default=None)
