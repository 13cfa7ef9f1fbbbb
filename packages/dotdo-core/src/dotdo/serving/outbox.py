"""Messages pushed to a peer from any thread, gathered until the loop sends them; bounded."""

from threading import Lock


class Outbox:
    """Collects pushes up to a bound.

    Attributes:
        size_bytes: What was added and is still there.
        is_filled: Something is there to send.
        is_overflown: Something was dropped: the peer cannot be served any longer.
    """

    __slots__ = ("_chunks", "_guard", "_max_bytes", "is_filled", "is_overflown", "size_bytes")

    def __init__(self, max_bytes: int) -> None:
        self._guard = Lock()
        self._chunks: list[bytes] = []
        self.size_bytes = 0
        self._max_bytes = max_bytes
        self.is_filled = False
        self.is_overflown = False

    def add(self, data: bytes) -> bool:
        """Append whole messages; return whether the loop must be told of it."""
        with self._guard:
            if self.is_overflown:
                return False
            is_first = not self.is_filled
            self.size_bytes += len(data)
            self.is_overflown = self.size_bytes > self._max_bytes
            self._chunks.append(data)
            self.is_filled = True
            return is_first or self.is_overflown

    def take(self, room_bytes: int) -> bytes | None:
        """Remove and return all that was added; None when it exceeds the bound or the room."""
        with self._guard:
            if self.is_overflown or self.size_bytes > room_bytes:
                return None
            chunks, self._chunks = self._chunks, []
            self.size_bytes, self.is_filled = 0, False
        return b"".join(chunks)

    def shut(self) -> None:
        """Drop everything, now and later: the peer is gone."""
        with self._guard:
            self.is_overflown = True
            self._chunks = []
