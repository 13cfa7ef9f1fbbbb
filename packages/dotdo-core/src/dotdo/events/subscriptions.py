"""Handlers of events: called after commit, in the thread that committed, in order of the log."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary, ref

from dotdo.errors import EventLoop, InvalidName
from dotdo.events.event import Event, EventReader, Pattern
from dotdo.storage import Store
from dotdo.values import shown

Handler = Callable[[Event], object]
H = TypeVar("H", bound=Handler)

_MAX_DEPTH = 100
_MAX_WAITING = 100_000

_LOG = logging.getLogger("dotdo.events")
_OF_STORE: WeakKeyDictionary[Store, "Subscriptions"] = WeakKeyDictionary()


class Subscriptions:
    """The handlers of one store; they cost nothing while there are none.

    Args:
        store: Whose events.
    """

    def __init__(self, store: Store) -> None:
        self._store = ref(store)  # which holds these as a listener
        self._handlers: list[tuple[Pattern, Handler]] = []
        self._running = threading.local()

    @classmethod
    def of(cls, store: Store) -> "Subscriptions":
        """Return the subscriptions of a store."""
        found = _OF_STORE.get(store)
        if found is None:
            found = _OF_STORE[store] = cls(store)
        return found

    def add(self, pattern: Pattern, handler: Handler) -> None:
        """Call `handler` for events that match, from now on."""
        store = self._store()
        if not self._handlers and store is not None:
            store.listen(self._committed)
        self._handlers.append((pattern, handler))

    def remove(self, handler: Handler) -> None:
        """Call `handler` no more."""
        self._handlers = [(p, h) for p, h in self._handlers if h != handler]
        store = self._store()
        if not self._handlers and store is not None and self._committed in store.listeners:
            store.listeners.remove(self._committed)

    def _committed(self, first: int, last: int) -> None:
        """Deliver a transaction's events; what handlers commit themselves is delivered after it.

        Raises:
            EventLoop: Handlers' events caused others, and so on too far; the rest is not delivered.
        """
        round_: _Round | None = getattr(self._running, "round", None)
        if round_ is not None:
            round_.add(first, last)
            return
        round_ = self._running.round = _Round(first, last)
        try:
            while (following := round_.next()) is not None:
                self._deliver(*following)
        finally:
            self._running.round = None
        if round_.first_left is not None:
            msg = f"handlers cause each other's events, {_MAX_DEPTH} deep or {_MAX_WAITING} at once; those from log position {round_.first_left} on were not delivered to handlers"
            raise EventLoop(msg)

    def _deliver(self, first: int, last: int) -> None:
        store = self._store()
        assert store is not None  # it is what calls
        session = store.acquire()
        try:
            reader = EventReader(session, *{pattern for pattern, _ in self._handlers})
            if reader.next_candidate(first - 1, last) is None:
                return
            events = list(reader.read(first - 1, last))
        finally:
            store.give_back(session)
        for event in events:
            for pattern, handler in tuple(self._handlers):
                if pattern.matches(event.noun, event.verb):
                    _call(handler, event)


class _Round:
    """The transactions whose events are to be delivered because of one, each with how deep it was caused."""

    def __init__(self, first: int, last: int) -> None:
        self._waiting = deque([(first, last, 0)])
        self._depth = 0
        self.first_left: int | None = None

    def add(self, first: int, last: int) -> None:
        """A handler has committed a transaction."""
        if self._depth < _MAX_DEPTH and len(self._waiting) < _MAX_WAITING:
            self._waiting.append((first, last, self._depth + 1))
        elif self.first_left is None:
            self.first_left = first

    def next(self) -> tuple[int, int] | None:
        """Return the next transaction, None when there is none."""
        if not self._waiting:
            return None
        first, last, self._depth = self._waiting.popleft()
        return first, last


def _require_callable(handler: object) -> None:
    if not callable(handler):
        msg = f"a handler is called with events; {shown(handler)} cannot be"
        raise TypeError(msg)


def _call(handler: Handler, event: Event) -> None:
    try:
        handler(event)
    except Exception:  # noqa: BLE001  (a handler's fault is not the committer's)
        _LOG.exception("a handler of %s failed", event.name)


class On:
    """`tenant.on.Customer.created(handler)`, also as a decorator; `tenant.on["*"].updated`, `tenant.on.Order["*"]`.

    Args:
        subscriptions: Where handlers go.
        noun: The noun chosen so far.
    """

    __slots__ = ("_noun", "_subscriptions")

    def __init__(self, subscriptions: Subscriptions, noun: str | None = None) -> None:
        self._subscriptions = subscriptions
        self._noun = noun

    def __getitem__(self, name: object) -> "On | Callable[[H], H]":
        if not isinstance(name, str):
            msg = f"{shown(name)} names no event"
            raise InvalidName(msg)
        if self._noun is None:
            return On(self._subscriptions, name)
        pattern = Pattern(self._noun, name)

        def subscribe(handler: H) -> H:
            _require_callable(handler)
            self._subscriptions.add(pattern, handler)
            return handler

        return subscribe

    def __getattr__(self, name: str) -> "On | Callable[[H], H]":
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def remove(self, handler: Handler) -> None:
        """Call `handler` no more."""
        self._subscriptions.remove(handler)
