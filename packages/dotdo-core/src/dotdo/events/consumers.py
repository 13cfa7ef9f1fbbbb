"""Durable consumers: each event once, with the offset committed together with what was written while handling it."""

import threading
from collections.abc import Iterator

from dotdo.errors import InvalidName
from dotdo.events.event import Event, EventReader, Pattern
from dotdo.graph.context import Graph, TransactionScope
from dotdo.graph.verbs import Verbs
from dotdo.history.transactions import head, horizon
from dotdo.storage import Session

_WINDOW = 1_000
_POLL_S = 0.05


class Consumer:
    """A named reader of a tenant's events.

    Args:
        graph: Whose events.
        name: Under which its offset is kept.
        pattern: Which events it wants.
    """

    def __init__(self, graph: Graph, name: str, pattern: Pattern) -> None:
        if not name or not name.isprintable():
            msg = f"{name!r} is not allowed as the name of a consumer"
            raise InvalidName(msg)
        self._graph, self._name, self._pattern = graph, name, pattern
        self._verbs = Verbs(graph)
        self._has_news = threading.Event()

    def events(self, *, follow: bool = False, timeout_s: float | None = None) -> Iterator[Event]:
        """Yield the events after the offset, each inside a transaction that the caller's writes join.

        The transaction commits, with the offset, when the next event is asked for; an event at which the caller stops
        or fails comes again.

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
                upto = self._window_end(session, offset, newest)
                events = list(EventReader(session, self._verbs).read(offset, upto, self._pattern))
            for event in events:
                with TransactionScope(
                    self._graph.store, action=f"consume {self._name}", api="consumer"
                ) as transaction:
                    self._advance(transaction, event.seq)
                    yield event
            if not events or events[-1].seq < upto:
                with self._graph.session() as session:
                    self._advance(session, upto)

    def _window_end(self, session: Session, offset: int, newest: int) -> int:
        """Return the end of a transaction about a window further."""
        if newest - offset <= _WINDOW:
            return newest
        end: int
        ((end,),) = session.read(
            "select min(seq) from _log where seq >= ? and noun = 0 and op = 0", (offset + _WINDOW,)
        )
        return end

    def _offset(self, session: Session) -> int:
        rows = session.read("select seq from _consumer where name = ?", (self._name,))
        offset: int = rows[0][0] if rows else 0
        return max(offset, horizon(session))

    def _advance(self, session: Session, seq: int) -> None:
        session.write(
            "insert into _consumer values (?1, ?2) on conflict(name) do update set seq = max(seq, ?2)",
            (self._name, seq),
        )
