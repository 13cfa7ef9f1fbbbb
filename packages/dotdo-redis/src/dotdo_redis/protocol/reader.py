"""Commands out of bytes in whatever pieces they come; it refuses what exceeds its bounds.

Chunks that are whole commands are read at once: by hiredis, or where it is not installed by splitting them. Anything
else is read the thorough way, which knows Redis' bounds and errors and holds no memory for a length only announced.
"""

from dotdo_redis.protocol.chunks import ChunkReader
from dotdo_redis.protocol.inline import UnbalancedQuotes, split_words

INLINE_MAX_BYTES = 64 * 1024
COUNT_MAX = 2**31 - 1
BULK_MAX_BYTES = 512 * 1024 * 1024
UNAUTHENTICATED_COUNT_MAX = 10
UNAUTHENTICATED_BULK_MAX_BYTES = 16384

ALIKE_MIN_LINES = 10
SHORT_BYTES = 256
"""A chunk that is hardly more than one command."""
_COUNTS = {b"*%d" % count: count for count in range(1, 65)}
_SIZES = {b"$%d" % size: size for size in range(1025)}


class RequestError(Exception):
    """Input that follows no protocol; the text is Redis' own, the connection has to be closed."""


class CommandReader:
    """The input of one connection.

    Attributes:
        bulk_max_bytes: the longest word (proto-max-bulk-len).
        is_restricted: the peer has not authenticated: few and short words only.
        is_behind: commands may be whole in what was kept; `feed(b"")` gives them.
        failure: set once the input made no sense; nothing is read after it.
    """

    __slots__ = (
        "_chunk_reader", "_chunks", "_held_bytes", "_left", "_needed_bytes", "_words", "bulk_max_bytes", "failure", "is_behind",
        "is_restricted",
    )  # fmt: skip

    def __init__(self) -> None:
        self.bulk_max_bytes = BULK_MAX_BYTES
        self.is_restricted = False
        self.is_behind = False
        self.failure: RequestError | None = None
        self._chunk_reader = ChunkReader()
        self._chunks: list[bytes] = []
        self._held_bytes = 0
        self._needed_bytes = 0
        self._words: list[bytes] | None = None
        self._left = 0

    @property
    def held_bytes(self) -> int:
        """Input of a command that is not whole yet."""
        return self._held_bytes + sum(map(len, self._words or ()))

    @property
    def kept_bytes(self) -> int:
        """Input that is no whole word yet."""
        return self._held_bytes

    def feed(self, data: bytes) -> list[list[bytes]]:
        """Take input; return the commands that are whole now, each as its words, none without words.

        While restricted one command is given at a time, for it may be the one that lifts the restriction: `feed(b"")`
        goes on with what was kept.
        """
        if self.failure is not None:
            return []
        self.is_behind = False
        if len(data) < SHORT_BYTES and not self._chunks and self._words is None:
            words = None if self.is_restricted else _one(data)
            if words is not None:
                return [words]
        if self._chunks:
            self._chunks.append(data)
            self._held_bytes += len(data)
            if self._held_bytes < self._needed_bytes:
                return []
            data = b"".join(self._chunks)
            self._chunks = []
            self._held_bytes = 0
        commands: list[list[bytes]] = []
        try:
            if self._words is not None:
                at = self._command(data, 0, commands)
                data = data[at:] if at >= 0 else b""
            if data and not self.is_restricted and data[0] == 0x2A:  # *
                data = self._read_many(data, commands)
            if data:
                self._parse(data, commands)
        except RequestError as failure:
            self.failure = failure
        return commands

    def _read_many(self, data: bytes, commands: list[list[bytes]]) -> bytes:
        """Read whole commands off the front; return what is left for the thorough way."""
        found = self._chunk_reader.read(data)
        if found is not None:
            commands += found
            return b""
        end = data.rfind(b"\r\n*") + 2
        found = self._chunk_reader.read(data[:end]) if end > 1 else None
        if found is None:
            return self._split(data, commands)
        commands += found
        return data[end:]

    def _split(self, data: bytes, commands: list[list[bytes]]) -> bytes:
        """Read commands of short words off the front; return what is left for the thorough way."""
        lines = data.split(b"\r\n")
        last = len(lines) - 1
        at = _alike(lines, last, commands) if last >= ALIKE_MIN_LINES else 0
        sizes_of, counts = _SIZES.get, _COUNTS
        while at < last:
            count = counts.get(lines[at])
            if count is None:
                break
            end = at + 1 + 2 * count
            if end > last:
                break
            words = lines[at + 2 : end : 2]
            if [*map(len, words)] != [*map(sizes_of, lines[at + 1 : end : 2])]:
                break
            commands.append(words)
            at = end
        if at == last:
            return lines[last]
        return b"\r\n".join(lines[at:]) if at else data

    def _parse(self, data: bytes, commands: list[list[bytes]]) -> None:
        """Read commands of any kind; what is not whole is kept.

        Raises:
            RequestError: the input follows no protocol; the commands before it have been added.
        """
        at = 0
        while 0 <= at < len(data):
            if self.is_restricted and commands:
                self._keep(data, at)
                self.is_behind = True
                return
            at = self._command(data, at, commands)

    def _command(self, data: bytes, at: int, commands: list[list[bytes]]) -> int:
        """Read one command; return where it ends, or -1 when it is not whole and was kept."""
        if self._words is None:
            if data[at] != 0x2A:  # *
                return self._inline(data, at, commands)
            at = self._count(data, at)
        if at >= 0:
            at = self._bulks(data, at)
        if at >= 0:
            if self._words:
                commands.append(self._words)
            self._words = None
        return at

    def _keep(self, data: bytes, at: int, needed_bytes: int = 0) -> int:
        """Keep the rest until `needed_bytes` of it are there."""
        rest = data[at:] if at else data
        self._chunks = [rest] if rest else []
        self._held_bytes, self._needed_bytes = len(rest), needed_bytes
        return -1

    def _inline(self, data: bytes, at: int, commands: list[list[bytes]]) -> int:
        end = data.find(b"\n", at)
        if (end if end >= 0 else len(data)) - at > INLINE_MAX_BYTES:
            raise RequestError("Protocol error: too big inline request")
        if end < 0:
            return self._keep(data, at)
        try:
            words = split_words(data[at:end].removesuffix(b"\r"))
        except UnbalancedQuotes:
            raise RequestError("Protocol error: unbalanced quotes in request") from None
        if words:
            commands.append(words)
        return end + 1

    def _count(self, data: bytes, at: int) -> int:
        end = data.find(b"\r", at)
        if end < 0 or end + 1 >= len(data):
            if len(data) - at > INLINE_MAX_BYTES:
                raise RequestError("Protocol error: too big mbulk count string")
            return self._keep(data, at)
        count = _number(data[at + 1 : end])
        if count is None or count > COUNT_MAX:
            raise RequestError("Protocol error: invalid multibulk length")
        if count > UNAUTHENTICATED_COUNT_MAX and self.is_restricted:
            raise RequestError("Protocol error: unauthenticated multibulk length")
        self._left = max(count, 0)
        self._words = []
        return end + 2

    def _bulks(self, data: bytes, at: int) -> int:
        words = self._words
        assert words is not None
        while self._left:
            end = data.find(b"\r", at, at + INLINE_MAX_BYTES + 2)
            if end < 0 or end + 1 >= len(data):
                if end < 0 and len(data) - at > INLINE_MAX_BYTES:
                    raise RequestError("Protocol error: too big bulk count string")
                return self._keep(data, at)
            size = self._size(data, at, end)
            begin = end + 2
            if len(data) < begin + size + 2:
                return self._keep(data, at, begin - at + size + 2)
            words.append(data[begin : begin + size])
            at = begin + size + 2
            self._left -= 1
        return at

    def _size(self, data: bytes, at: int, end: int) -> int:
        if data[at] != 0x24:  # $
            shown = data[at : at + 1].decode("latin-1")
            raise RequestError(f"Protocol error: expected '$', got '{shown}'")
        size = _number(data[at + 1 : end])
        if size is None or size < 0 or size > self.bulk_max_bytes:
            raise RequestError("Protocol error: invalid bulk length")
        if size > UNAUTHENTICATED_BULK_MAX_BYTES and self.is_restricted:
            raise RequestError("Protocol error: unauthenticated bulk length")
        return size


def _one(data: bytes) -> list[bytes] | None:
    """Read a chunk that is one whole command of short words."""
    lines = data.split(b"\r\n")
    count = _COUNTS.get(lines[0], 0)
    if not count or len(lines) != 2 * count + 2 or lines[-1]:
        return None
    words = lines[2::2]
    return words if [*map(len, words)] == [*map(_SIZES.get, lines[1:-1:2])] else None


def _alike(lines: list[bytes], last: int, commands: list[list[bytes]]) -> int:
    """Read commands with as many words as the first one in columns; return how many lines that took, 0 for none."""
    count = _COUNTS.get(lines[0], 0)
    step = 2 * count + 1
    rows = last // step
    if not count or rows < 2 or lines[0 : rows * step : step].count(lines[0]) != rows:
        return 0
    end = rows * step
    columns = [lines[at:end:step] for at in range(2, step, 2)]
    for at, column in enumerate(columns):
        if [*map(len, column)] != [*map(_SIZES.get, lines[2 * at + 1 : end : step])]:
            return 0
    commands.extend(map(list, zip(*columns, strict=True)))
    return end


def _number(text: bytes) -> int | None:
    """A decimal integer in its one spelling, else None."""
    if len(text) > 20:
        return None
    try:
        number = int(text)
    except ValueError:
        return None
    return number if b"%d" % number == text else None
