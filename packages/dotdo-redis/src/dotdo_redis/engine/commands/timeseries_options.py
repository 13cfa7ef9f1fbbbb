"""What the commands of time series share: finding a series, options of its making, bounds of ranges; it refuses to run."""

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.timeseries import Policy, Series
from dotdo_redis.errors import Raw, ReplyError

LATEST_MS = (1 << 63) - 1
_OPTIONS = frozenset({
    b"RETENTION", b"ENCODING", b"CHUNK_SIZE", b"DUPLICATE_POLICY", b"ON_DUPLICATE", b"IGNORE", b"LABELS", b"TIMESTAMP",
    b"UNCOMPRESSED",
})  # fmt: skip


def ts_error(text: str) -> ReplyError:
    """An error of the family."""
    return ReplyError(f"TSDB: {text}")


def series_or_none(ctx: Context, key: bytes) -> Series | None:
    """The series at a key, or None.

    Raises:
        ReplyError: the key holds another type.
    """
    found = ctx.db.find(key)
    if found is None or isinstance(found, Series):
        return found
    raise ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value")


def series_at(ctx: Context, key: bytes) -> Series:
    """The series at a key.

    Raises:
        ReplyError: there is none, or the key holds another type.
    """
    found = series_or_none(ctx, key)
    if found is None:
        raise ts_error("the key does not exist")
    return found


def bound_ms(word: bytes, name: str) -> int:
    """Read an end of a range: a time, `-` for the earliest, `+` for the latest."""
    if word == b"-" and name == "fromTimestamp":
        return 0
    if word == b"+" and name == "toTimestamp":
        return LATEST_MS
    time_ms = integer(word, f"TSDB: wrong {name}")
    if time_ms < 0:
        raise ts_error(f"wrong {name}")
    return time_ms


def _natural(word: bytes | None, name: str) -> int:
    if word is None:
        raise ts_error(f"Couldn't parse {name}")
    number = integer(word, f"TSDB: Couldn't parse {name}")
    if number < 0:
        raise Raw(f"TSDB: Couldn't parse {name}")
    return number


def _policy(word: bytes | None) -> Policy:
    try:
        return Policy((word or b"").decode("utf-8", "replace").lower())
    except ValueError:
        raise ts_error("Unknown DUPLICATE_POLICY") from None


class Options:
    """What follows in TS.CREATE, ALTER, ADD and INCRBY; words that are no option are passed over, as Redis does."""

    __slots__ = (
        "chunk_bytes", "ignored", "is_compressed", "labels", "on_duplicate", "policy", "retention_ms", "timestamp",
    )  # fmt: skip

    def __init__(self, words: list[bytes]) -> None:
        self.retention_ms: int | None = None
        self.chunk_bytes: int | None = None
        self.is_compressed: bool | None = None
        self.policy: Policy | None = None
        self.on_duplicate: Policy | None = None
        self.ignored: tuple[int, float] | None = None
        self.labels: dict[bytes, bytes] | None = None
        self.timestamp: bytes | None = None
        at = 0
        while at < len(words):
            option = words[at].upper()
            if option == b"LABELS":
                at = self._read_labels(words, at + 1)
            elif option == b"UNCOMPRESSED":
                self.is_compressed = False
                at += 1
            elif option == b"IGNORE":
                self._read_ignored(words[at + 1 : at + 3])
                at += 3
            elif option in _OPTIONS:
                self._read(option, words[at + 1] if at + 1 < len(words) else None)
                at += 2
            else:
                at += 1

    def _read(self, option: bytes, word: bytes | None) -> None:
        if option == b"RETENTION":
            self.retention_ms = _natural(word, "RETENTION")
        elif option == b"CHUNK_SIZE":
            self.chunk_bytes = _natural(word, "CHUNK_SIZE")
            if self.chunk_bytes % 8 or not 48 <= self.chunk_bytes <= 1048576:
                raise ts_error(
                    "CHUNK_SIZE value must be a multiple of 8 in the range [48 .. 1048576]"
                )
        elif option == b"ENCODING":
            if word is None or word.upper() not in {b"COMPRESSED", b"UNCOMPRESSED"}:
                raise ts_error("unknown ENCODING parameter")
            self.is_compressed = word.upper() == b"COMPRESSED"
        elif option == b"DUPLICATE_POLICY":
            self.policy = _policy(word)
        elif option == b"ON_DUPLICATE":
            self.on_duplicate = _policy(word)
        else:
            self.timestamp = word

    def _read_ignored(self, words: list[bytes]) -> None:
        if len(words) < 2:
            raise ts_error("Couldn't parse IGNORE")
        time_ms = integer(words[0], "TSDB: Couldn't parse IGNORE")
        value = floating(words[1], "TSDB: Couldn't parse IGNORE")
        if time_ms < 0 or value < 0:
            raise ts_error("IGNORE arguments cannot be negative")
        self.ignored = time_ms, value

    def _read_labels(self, words: list[bytes], at: int) -> int:
        self.labels = {}
        while at < len(words) and words[at].upper() not in _OPTIONS:
            if at + 1 < len(words):
                self.labels[words[at]] = words[at + 1]
            at += 2
        return at

    def apply(self, series: Series, *, is_new: bool = True) -> None:
        """Set what was said."""
        if self.retention_ms is not None:
            series.retention_ms = self.retention_ms
        if self.chunk_bytes is not None:
            series.chunk_bytes = self.chunk_bytes
        if self.is_compressed is not None and is_new:
            series.is_compressed = self.is_compressed
        if self.policy is not None:
            series.policy = self.policy
        if self.ignored is not None:
            series.ignored_ms, series.ignored_value = self.ignored
        if self.labels is not None:
            series.labels = self.labels
