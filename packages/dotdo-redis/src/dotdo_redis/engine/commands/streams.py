"""Entries of streams: XADD, XTRIM, XDEL, XRANGE ...; it refuses consumer groups."""

from functools import lru_cache

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.commands.stream_references import (
    ACKNOWLEDGED,
    KEEP,
    POLICIES,
    delete_entry,
    is_referred,
)
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import STREAM
from dotdo_redis.engine.stream_ids import range_end, range_start, stream_id
from dotdo_redis.engine.types.streams import HIGHEST_ID, SEQUENCE_MASK, Fields, Stream, id_text
from dotdo_redis.errors import ReplyError, no_such_key, syntax, wrong_arity
from dotdo_redis.mapping.replies import NULL_ARRAY, OK, Reply

FAMILY = Family()


def shown_entry(number: int, fields: Fields) -> Reply:
    """An entry as a reply."""
    return [id_text(number), list(fields)]


class Trim:
    """How a stream is to be trimmed, read from the words of XADD or XTRIM."""

    def __init__(self) -> None:
        self.strategy = b""
        self.is_exact = True
        self.threshold = 0
        self.limit: int | None = None
        self.policy = b""
        self.is_by_policy = False
        """Entries go one by one, or stay, for the sake of groups."""

    def take(self, args: list[bytes], at: int) -> int:
        """Read `MAXLEN|MINID [=|~] threshold` at a place; return the place behind it.

        Raises:
            ReplyError: it makes no sense.
        """
        strategy = args[at].upper()
        if self.strategy and self.strategy != strategy:
            raise ReplyError(
                "syntax error, MAXLEN and MINID options at the same time are not compatible"
            )
        self.strategy = strategy
        at += 1
        if at + 1 < len(args) and args[at] in {b"~", b"="}:
            self.is_exact = args[at] == b"="
            at += 1
        if strategy == b"MINID":
            self.threshold = stream_id(args[at])
        else:
            self.threshold = integer(args[at])
            if self.threshold < 0:
                raise ReplyError("The MAXLEN argument must be >= 0.")
        return at + 1

    def take_limit(self, word: bytes) -> None:
        """Read the number behind LIMIT.

        Raises:
            ReplyError: it is none, or negative.
        """
        self.limit = integer(word)
        if self.limit < 0:
            raise ReplyError("The LIMIT argument must be >= 0.")

    def take_policy(self, ctx: Context, word: bytes) -> bool:
        """Read what becomes of references in groups (8.2), named at most once; whether it is that."""
        policy = word.upper()
        if policy not in POLICIES or self.policy or not ctx.engine.config.shows(8, 2):
            return False
        self.policy = policy
        self.is_by_policy = policy != KEEP
        return True

    def check(self) -> None:
        """Refuse a limit of what is exact.

        Raises:
            ReplyError: LIMIT without `~`.
        """
        if self.limit is not None and (self.is_exact or not self.strategy):
            raise ReplyError("syntax error, LIMIT cannot be used without the special ~ option")

    def run(self, ctx: Context, key: bytes, stream: Stream) -> int:
        """Trim; return how many entries went."""
        surplus, limit = self._surplus(stream), self._limit(stream)
        if not surplus:
            return 0
        if not self.is_by_policy:
            return stream.trim_to(surplus, is_exact=self.is_exact, limit=limit)
        reach = len(stream)
        if not self.is_exact:
            reach = stream.copy().trim_to(surplus, is_exact=False, limit=limit)
        return self._run_by_policy(ctx, key, stream, stream.ids[:reach])

    def _run_by_policy(self, ctx: Context, key: bytes, stream: Stream, numbers: list[int]) -> int:
        gone = 0
        for number in numbers:
            if self._is_enough(stream, number):
                break
            if self.policy == ACKNOWLEDGED and is_referred(stream, number):
                continue
            gone += delete_entry(ctx, key, stream, number, self.policy)
        return gone

    def _is_enough(self, stream: Stream, number: int) -> bool:
        if self.strategy == b"MINID":
            return number >= self.threshold
        return len(stream) <= self.threshold

    def _limit(self, stream: Stream) -> int:
        return 100 * stream.config.stream_node_max_entries if self.limit is None else self.limit

    def _surplus(self, stream: Stream) -> int:
        """How many entries are too many; 0 when it would be no whole node of about so many."""
        if self.strategy == b"MINID":
            surplus = len(stream.between(0, self.threshold - 1)) if self.threshold else 0
        else:
            surplus = len(stream) - self.threshold
        if surplus <= 0 or (not self.is_exact and surplus < stream.nodes[0].live):
            return 0
        return surplus


def new_id(word: bytes, last_id: int, now_ms: int) -> int:
    """Give the id that XADD asks for (`*`, `milliseconds-*` or a whole one) in full.

    Raises:
        ReplyError: it is no id, or does not follow the last one.
    """
    if last_id == HIGHEST_ID:
        raise ReplyError("The stream has exhausted the last possible ID, unable to add more items")
    if word == b"*":
        number = now_ms << 64
        return number if number > last_id else last_id + 1
    if word.endswith(b"-*"):
        number = stream_id(word[:-2])
        if number >> 64 == last_id >> 64 and last_id & SEQUENCE_MASK != SEQUENCE_MASK:
            number = last_id + 1
    else:
        number = stream_id(word)
    if number <= last_id:
        raise _too_small()
    return number


def _check_new_id(word: bytes) -> bool:
    """Refuse what can be no new id of any stream; whether it is 0-0, which is refused later.

    Raises:
        ReplyError: it is no id.
    """
    if word == b"*":
        return False
    is_partial = word.endswith(b"-*")
    return not stream_id(word[:-2] if is_partial else word) and not is_partial


def _too_small() -> ReplyError:
    return ReplyError(
        "The ID specified in XADD is equal or smaller than the target stream top item"
    )


@FAMILY.command("XADD")
def xadd(ctx: Context, args: list[bytes]) -> Reply:
    """Add an entry, perhaps trimming; return its id."""
    key, word = args[0], args[1]
    trim, at, creates = (None, 1, True) if word == b"*" else _read_options(ctx, args)
    if at >= len(args):
        raise syntax()
    word, fields = args[at], tuple(args[at + 1 :])
    is_zero = _check_new_id(word)
    if len(fields) < 2 or len(fields) % 2:
        raise wrong_arity("xadd")
    if is_zero:
        raise ReplyError("The ID specified in XADD must be greater than 0-0")
    stream = ctx.db.get(key, Stream)
    if stream is None and not creates:
        return None
    number = new_id(word, 0 if stream is None else stream.last_id, ctx.engine.now_ms)
    if stream is None:
        stream = Stream(ctx.engine.config)
        ctx.db.put(key, stream)
    stream.append(number, fields)
    ctx.changed(key, b"xadd", STREAM)
    if trim is not None and trim.is_by_policy:
        ctx.log(b"XADD", key, id_text(number), *fields)
    if trim is not None and trim.run(ctx, key, stream):
        ctx.notify(key, b"xtrim", STREAM)
    text = id_text(number)
    if ctx.engine.journal is not None and not (trim is not None and trim.is_by_policy):
        limits = (b"MAXLEN", b"=", b"%d" % len(stream)) if trim is not None else ()
        ctx.log(b"XADD", key, *limits, text, *fields)
    return text


_ABOUT = [b"MAXLEN", b"~"]


@lru_cache(maxsize=64)
def _trim_about(threshold: bytes) -> Trim:
    """What `MAXLEN ~ threshold` says, the commonest way to trim."""
    trim = Trim()
    trim.take([*_ABOUT, threshold], 0)
    return trim


def _read_options(ctx: Context, args: list[bytes]) -> tuple[Trim | None, int, bool]:
    """Read the options of XADD; how to trim, where the id stands, and whether a new stream is made."""
    if args[1:3] == _ABOUT and len(args) > 4 and args[4] == b"*":
        return _trim_about(args[3]), 4, True
    at, creates = 1, True
    trim = Trim()
    while at < len(args):
        option, left = args[at].upper(), len(args) - at - 1
        if option == b"NOMKSTREAM":
            creates = False
            at += 1
        elif option in {b"MAXLEN", b"MINID"} and left:
            at = trim.take(args, at)
        elif option == b"LIMIT" and left:
            trim.take_limit(args[at + 1])
            at += 2
        elif trim.take_policy(ctx, args[at]):
            at += 1
        else:
            _check_new_id(args[at])
            break
    trim.check()
    return trim if trim.strategy else None, at, creates


@FAMILY.command("XTRIM")
def xtrim(ctx: Context, args: list[bytes]) -> Reply:
    """Forget the oldest entries; return how many."""
    key, at = args[0], 1
    trim = Trim()
    while at < len(args):
        option, left = args[at].upper(), len(args) - at - 1
        if option in {b"MAXLEN", b"MINID"} and left:
            at = trim.take(args, at)
        elif option == b"LIMIT" and left:
            trim.take_limit(args[at + 1])
            at += 2
        elif trim.take_policy(ctx, args[at]):
            at += 1
        else:
            raise syntax()
    if not trim.strategy:
        raise ReplyError("syntax error, XTRIM must be called with MAXLEN or MINID")
    trim.check()
    stream = ctx.db.get(key, Stream)
    if trim.is_by_policy:
        ctx.log()
    gone = trim.run(ctx, key, stream) if stream is not None else 0
    if gone and stream is not None:
        ctx.changed(key, b"xtrim", STREAM)
        if trim.is_by_policy:
            return gone
        ctx.log(b"XTRIM", key, b"MAXLEN", b"=", b"%d" % len(stream))
    return gone


@FAMILY.command("XLEN")
def xlen(ctx: Context, args: list[bytes]) -> Reply:
    """How many entries there are."""
    stream = ctx.db.get(args[0], Stream)
    return 0 if stream is None else len(stream)


@FAMILY.command("XRANGE", "XREVRANGE")
def xrange(ctx: Context, args: list[bytes]) -> Reply:
    """The entries between two ids, from either end."""
    is_reverse = ctx.command.name == "XREVRANGE"
    start, end = range_start(args[2 if is_reverse else 1]), range_end(args[1 if is_reverse else 2])
    count: int | None = None
    options = iter(args[3:])
    for option in options:
        word = next(options, None)
        if option.upper() != b"COUNT" or word is None:
            raise syntax()
        count = max(integer(word), 0)
    stream = ctx.db.get(args[0], Stream)
    if stream is None or count == 0:
        return [] if stream is None else NULL_ARRAY
    return [shown_entry(*entry) for entry in stream.walk(start, end, count, is_reverse=is_reverse)]


@FAMILY.command("XDEL")
def xdel(ctx: Context, args: list[bytes]) -> Reply:
    """Delete entries; return how many were there."""
    stream = ctx.db.get(args[0], Stream)
    if stream is None:
        return 0
    numbers = [stream_id(word) for word in args[1:]]
    gone = sum(stream.delete(number) for number in numbers)
    if gone:
        ctx.changed(args[0], b"xdel", STREAM)
    return gone


@FAMILY.command("XSETID")
def xsetid(ctx: Context, args: list[bytes]) -> Reply:
    """Set the last id, and perhaps how many entries were ever added and the highest one deleted."""
    number = stream_id(args[1])
    added: int | None = None
    deleted: int | None = None
    options = iter(args[2:])
    for option in options:
        value = next(options, None)
        if value is None:
            raise syntax()
        if option.upper() == b"ENTRIESADDED":
            added = integer(value)
            if added < 0:
                raise ReplyError("entries_added must be positive")
        elif option.upper() == b"MAXDELETEDID":
            deleted = stream_id(value)
            if number < deleted:
                raise ReplyError(
                    "The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
                )
        else:
            raise syntax()
    stream = ctx.db.get(args[0], Stream)
    if stream is None:
        raise no_such_key()
    _check_last_id(stream, number, added)
    stream.last_id = number
    stream.added = stream.added if added is None else added
    stream.max_deleted = stream.max_deleted if deleted is None else deleted
    ctx.recorded(args[0], b"xsetid", STREAM)
    return OK


def _check_last_id(stream: Stream, number: int, added: int | None) -> None:
    if number < stream.max_deleted:
        raise ReplyError("The ID specified in XSETID is smaller than current max_deleted_entry_id")
    if stream.ids and number < stream.ids[-1]:
        raise ReplyError("The ID specified in XSETID is smaller than the target stream top item")
    if added is not None and len(stream) > added:
        raise ReplyError(
            "The entries_added specified in XSETID is smaller than the target stream length"
        )
