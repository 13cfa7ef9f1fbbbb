"""Durable consumers: each event once, with the offset committed together with what was written while handling it."""

import threading
from collections.abc import Iterator
from contextlib import suppress

from dotdo.errors import InvalidName
from dotdo.events.event import Event, EventReader, Pattern
from dotdo.graph.context import Graph, TransactionScope
from dotdo.history.transactions import end_of_window, head, horizon
from dotdo.storage import Session
from dotdo.values import shown

_POLL_S = 0.05


class Consumer:
    """A named reader of a tenant's events.

    Args:
        graph: Whose events.
        name: Under which its offset is kept.
        pattern: Which events it wants.
    """

    def __init__(self, graph: Graph, name: object, pattern: Pattern) -> None:
        if not isinstance(name, str) or not name or not name.isprintable():
            msg = f"{shown(name)} is not allowed as the name of a consumer"
            raise InvalidName(msg)
        self._graph, self._name, self._pattern = graph, name, pattern
        self._has_news = threading.Event()

    def events(self, *, follow: bool = False, timeout_s: float | None = None) -> Iterator[Event]:
        """Yield the events after the offset, each inside a transaction that the caller's writes join.

        The transaction commits, with the offset, when the next event is asked for; an event at which the caller stops
        or fails comes again. Of several readers of one name each event's
        output is kept of one; the others' is undone, unless the caller has failed before on meeting that output.

        Args:
            follow: Wait for more instead of ending.
            timeout_s: How long to wait for more.
        """
        if follow:
            self._graph.store.listen(self._wake)
        try:
            while True:
                yield from self._available()
                if not follow or not self._wait(timeout_s):
                    return
        finally:
            if self._wake in self._graph.store.listeners:
                self._graph.store.listeners.remove(self._wake)

    def _wake(self, _first: int, _last: int) -> None:
        self._has_news.set()

    def _wait(self, timeout_s: float | None) -> bool:
        """Wait for a commit of this process, or look now and then for those of others; False when the time is over."""
        waited = 0.0
        while timeout_s is None or waited < timeout_s:
            if self._has_news.wait(_POLL_S):
                self._has_news.clear()
                return True
            waited += _POLL_S
            with self._graph.session() as session:
                if head(session) > self._offset(session):
                    return True
        return False

    def _available(self) -> Iterator[Event]:
        while True:
            with self._graph.session() as session:
                offset, newest = self._offset(session), head(session)
                if offset >= newest:
                    return
                upto = end_of_window(session, offset, newest)
                events = list(EventReader(session).read(offset, upto, self._pattern))
            for event in events:
                try:
                    with TransactionScope(
                        self._graph.store, action=f"consume {self._name}", api="consumer"
                    ) as transaction:
                        yield event
                        self._advance(transaction, offset, event.seq)
                except _TakenElsewhere:
                    break
                offset = event.seq
            else:
                self._skip(offset, upto)

    def _skip(self, offset: int, upto: int) -> None:
        """Leave behind what was not wanted; several who read under one name may come here at once."""
        if offset < upto:
            with self._graph.session() as session, suppress(_TakenElsewhere):
                session.mutate(lambda: self._advance(session, offset, upto))

    def _offset(self, session: Session) -> int:
        rows = session.read("select seq from _consumer where name = ?", (self._name,))
        offset: int = rows[0][0] if rows else 0
        return max(offset, horizon(session))

    def _advance(self, session: Session, offset: int, seq: int) -> None:
        """Move the offset, which is no row that could be taken out of the file and put back: the writer is kept from here on.

        Raises:
            _TakenElsewhere: Somebody else who reads under this name was faster.
        """
        session.pin()
        moved = session.write(
            "insert into _consumer values (?1, ?3) on conflict(name) do update set seq = ?3 where seq <= ?2 returning seq",
            (self._name, offset, seq),
        )
        if not moved:
            raise _TakenElsewhere


class _TakenElsewhere(Exception):
    """Another reader of the same name has handled the event."""
