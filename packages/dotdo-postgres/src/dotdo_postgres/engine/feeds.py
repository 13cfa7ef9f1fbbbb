"""Changes of things as notifications: who listens to `things.Customer` is told what any door committed; it keeps no position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.events import Event, On, Subscriptions
from dotdo.values import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo.storage import Store

PREFIX = "things."
"""Begins the channels of changes; a noun's name follows, or `*` for all."""


class Feeds:
    """The channels of changes that one session listens to.

    Args:
        store: The tenant's.
        tell: Called with channel and payload, from the thread that committed.
    """

    def __init__(self, store: Store, tell: Callable[[str, str], object]) -> None:
        self._on = On(Subscriptions.of(store))
        self._tell = tell
        self._handlers: dict[str, Callable[[Event], object]] = {}

    def open(self, channel: str) -> None:
        """Tell of changes on a channel, if it is one of changes."""
        noun = channel.removeprefix(PREFIX)
        if noun == channel or not noun or channel in self._handlers:
            return

        def handle(event: Event) -> None:
            self._tell(channel, payload_of(event))

        self._handlers[channel] = handle
        chosen: Any = self._on[noun]
        chosen["*"](handle)

    def close(self, channel: str | None = None) -> None:
        """Tell of changes on a channel no more, on none for None."""
        for name in list(self._handlers) if channel is None else [channel]:
            handler = self._handlers.pop(name, None)
            if handler is not None:
                self._on.remove(handler)


def payload_of(event: Event) -> str:
    """Return what is told of an event, as JSON: `{"seq": 7, "noun": "Customer", "verb": "updated", "id": 42}`."""
    thing = event.thing
    identity = None if thing is None else thing.id
    return encode({"seq": event.seq, "noun": event.noun, "verb": event.verb, "id": identity})
