"""How far an open transaction has come: its savepoints, where each begins in the log, and the rows locked by request."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo.errors import TransactionError
from dotdo.storage.suspend import Segment, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable

    from dotdo.storage.catalog import Catalog
    from dotdo.storage.locks import RequestedLock


@dataclass(slots=True)
class Closing:
    """Work left for the commit.

    Args:
        depth: How many savepoints were open.
        work: Does it.
    """

    depth: int
    work: "Callable[[], object]"


class Progress:
    """What a transaction must remember to be undone in part, suspended and resumed."""

    __slots__ = ("catalog", "closing", "locks", "marks", "names", "segments")

    def __init__(self) -> None:
        self.names: list[str] = []  # savepoints as the client named them
        self.marks: list[tuple[str | None, int]] = [(None, 0)]  # SQLite's name, last seq before it
        self.segments: list[Segment] = []  # while suspended: one for each mark
        self.locks: list[RequestedLock] = []
        self.closing: dict[Hashable, Closing] = {}  # what is left for the commit
        self.catalog: Catalog | None = None  # definitions that the segments were made by

    def leave(self, key: "Hashable", work: "Callable[[], object]") -> None:
        """Leave work for the commit, unless some of that name is left since an outer savepoint."""
        self.closing.setdefault(key, Closing(len(self.names), work))

    def forget_all_but(self, keys: "Collection[Hashable]") -> None:
        """Forget the work of a statement that was undone."""
        if len(self.closing) > len(keys):
            self.closing = {key: left for key, left in self.closing.items() if key in keys}

    def depth_of(self, name: str) -> int:
        """Return the depth of the newest savepoint of that name, the outermost being 1.

        Raises:
            TransactionError: There is none.
        """
        for depth in range(len(self.names), 0, -1):
            if self.names[depth - 1] == name:
                return depth
        msg = f"savepoint {name!r} does not exist"
        raise TransactionError(msg)

    def release(self, depth: int) -> None:
        """Forget the savepoint and those after it; what was done since belongs to the one before."""
        del self.names[depth - 1 :]
        del self.marks[depth:]
        for lock in self.locks:
            lock.depth = min(lock.depth, depth - 1)
        for closing in self.closing.values():
            closing.depth = min(closing.depth, depth - 1)
        if self.segments:
            self.segments[depth - 1 :] = [merged(self.segments[depth - 1 :])]

    def undo(self, depth: int) -> None:
        """Forget what was done since the savepoint; it stays."""
        del self.names[depth:]
        del self.marks[depth + 1 :]
        self.locks = [lock for lock in self.locks if lock.depth < depth]
        self.closing = {key: left for key, left in self.closing.items() if left.depth < depth}
        if self.segments:
            self.segments[depth:] = [Segment(savepoint_name(depth))]


def savepoint_name(depth: int) -> str:
    """Return SQLite's name of the savepoint at that depth."""
    return f"_s{depth}"
