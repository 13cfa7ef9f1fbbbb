"""Durable consumers: each event once, with the offset committed together with what was written while handling it."""

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress

from dotdo.errors import InvalidName, SerializationFailure, TransactionError
from dotdo.events.event import Event, EventReader, Pattern
from dotdo.graph.context import Graph, TransactionScope
from dotdo.history.transactions import end_of_window, head, horizon, transaction_at
from dotdo.storage import Session
from dotdo.values import shown

_POLL_S = 0.05


class Consumer(Iterable[Event]):
    """A named reader of a tenant's events, to be looped over or given a function.

    A loop begins where the last one committed. Each event comes inside a transaction that the loop's body writes in; it commits, with
    the consumer's offset, when the next event is asked for. Leaving the loop, by `break` or by an error, undoes what was written for
    the event at hand, which comes again. Of several readers of one name each event's output is kept of one; the others' is
    undone, unless the body has failed before on meeting that output.

    Args:
        graph: Whose events.
        name: Under which its offset is kept.
        pattern: Which events it wants.
        follow: Wait for more instead of ending.
        timeout_s: How long to wait for more.
    """

    def __init__(
        self,
        graph: Graph,
        name: object,
        pattern: Pattern,
        *,
        follow: bool = False,
        timeout_s: float | None = None,
    ) -> None:
        if not isinstance(name, str) or not name or not name.isprintable():
            msg = f"{shown(name)} is not allowed as the name of a consumer"
            raise InvalidName(msg)
        self._graph, self._name, self._pattern = graph, name, pattern
        self._follow, self._timeout_s = follow, timeout_s
        self._has_news = threading.Event()

    def __iter__(self) -> Generator[Event, None, None]:
        """Begin a loop; whoever keeps the iterator keeps its transaction open until `close()`."""
        store = self._graph.store
        if self._follow:
            store.listen(self._wake)
        try:
            while True:
                yield from self._available()
                if not self._follow or not self._wait():
                    return
        finally:
            if self._wake in store.listeners:
                store.listeners.remove(self._wake)

    def handle(self, handler: Callable[[Event], object]) -> int:
        """Call a function with each event; return how many there were.

        Its writes, and the offset, are committed when it returns and undone when it raises.
        """
        count = 0
        for event in self:
            handler(event)
            count += 1
        return count

    def _wake(self, _first: int, _last: int) -> None:
        self._has_news.set()

    def _wait(self) -> bool:
        """Wait for a commit of this process, or look now and then for those of others; False when the time is over."""
        waited = 0.0
        while self._timeout_s is None or waited < self._timeout_s:
            if self._has_news.wait(_POLL_S):
                self._has_news.clear()
                return True
            waited += _POLL_S
            with self._graph.session() as session:
                if head(session) > self._offset(session):
                    return True
        return False

    def _available(self) -> Generator[Event, None, None]:
        """Yield what there is now; what the loop's body causes itself comes with the next loop."""
        with self._graph.session() as session:
            newest = head(session)
        while True:
            with self._graph.session() as session:
                offset = self._offset(session)
                events, upto = self._window(session, offset, newest)
            for event in events:
                try:
                    with TransactionScope(
                        self._graph.store, action=f"consume {self._name}", api="consumer"
                    ) as transaction:
                        yield event
                        self._advance(transaction, offset, event.seq)
                except _TakenElsewhere:
                    break
                except SerializationFailure:
                    if self._has_stayed(offset):
                        raise
                    break  # another process handled the event: its output is in the way of this one
                offset = event.seq
            else:
                self._skip(offset, upto)
                if upto >= newest:
                    return

    def _window(self, session: Session, offset: int, newest: int) -> tuple[list[Event], int]:
        """Return the next wanted events, and the log position up to which there are no others."""
        reader = EventReader(session, self._pattern)
        first = reader.next_candidate(offset, newest)
        if first is None:
            return [], newest
        begin = transaction_at(session, first)
        start = offset if begin is None else max(offset, begin.first - 1)
        upto = end_of_window(session, start, newest)
        return list(reader.read(start, upto)), upto

    def _skip(self, offset: int, upto: int) -> None:
        """Leave behind what was not wanted; several who read under one name may come here at once."""
        if offset < upto:
            with self._graph.session() as session, suppress(_TakenElsewhere):
                session.mutate(lambda: self._advance(session, offset, upto))

    def _offset(self, session: Session) -> int:
        rows = session.read("select seq from _consumer where name = ?", (self._name,))
        offset: int = rows[0][0] if rows else 0
        return max(offset, horizon(session))

    def _has_stayed(self, offset: int) -> bool:
        with self._graph.session() as session:
            return self._offset(session) == offset

    def _advance(self, session: Session, offset: int, seq: int) -> None:
        """Move the offset, which is no row that could be taken out of the file and put back: the writer is kept from here on.

        Raises:
            _TakenElsewhere: Somebody else who reads under this name was faster.
            TransactionError: What was written for the event has been undone meanwhile.
        """
        if not session.in_transaction and not session.is_running:
            msg = "the event's transaction was undone, so its offset is not moved on"
            raise TransactionError(msg)
        session.pin()
        moved = session.write(
            "insert into _consumer values (?1, ?3) on conflict(name) do update set seq = ?3 where seq <= ?2 returning seq",
            (self._name, offset, seq),
        )
        if not moved:
            raise _TakenElsewhere


class _TakenElsewhere(Exception):
    """Another reader of the same name has handled the event."""
