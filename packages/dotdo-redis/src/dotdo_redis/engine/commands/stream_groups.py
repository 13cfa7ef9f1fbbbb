"""Consumer groups: XGROUP, XACK, XPENDING, XCLAIM, XAUTOCLAIM; it refuses to read new entries."""

from collections.abc import Iterator

from dotdo_redis.engine.arguments import HIGHEST, integer
from dotdo_redis.engine.commands.streams import shown_entry
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import STREAM
from dotdo_redis.engine.stream_ids import range_end, range_start, stream_id
from dotdo_redis.engine.types.streams import Consumer, Group, Pending, Stream, id_text
from dotdo_redis.errors import BusyGroup, NoGroup, ReplyError, syntax
from dotdo_redis.mapping.replies import NULL_ARRAY, OK, Reply

FAMILY = Family()

ATTEMPTS_PER_CLAIM = 10
MOST_CLAIMS = HIGHEST // 16
"""What Redis' own arrays of ids could hold."""
_NEEDS_KEY = (
    "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option "
    "to create an empty stream automatically."
)


def no_group(group: bytes, key: bytes) -> NoGroup:
    """A group that the stream does not have."""
    shown = group.decode("utf-8", "replace"), key.decode("utf-8", "replace")
    return NoGroup(f"No such consumer group '{shown[0]}' for key name '{shown[1]}'")


def _no_key_or_group(key: bytes, group: bytes) -> NoGroup:
    shown = key.decode("utf-8", "replace"), group.decode("utf-8", "replace")
    return NoGroup(f"No such key '{shown[0]}' or consumer group '{shown[1]}'")


def consumer_of(ctx: Context, key: bytes, group_name: bytes, group: Group, name: bytes) -> Consumer:
    """A consumer of a group, made when it is new; it was seen now."""
    consumer = group.consumers.get(name)
    if consumer is None:
        consumer = group.consumers[name] = Consumer(name, ctx.now_ms)
        ctx.recorded(key, b"xgroup-createconsumer", STREAM)
        ctx.log(b"XGROUP", b"CREATECONSUMER", key, group_name, name)
    consumer.seen_ms = ctx.now_ms
    return consumer


def _stream(ctx: Context, key: bytes) -> Stream:
    stream = ctx.db.get(key, Stream)
    if stream is None:
        raise ReplyError(_NEEDS_KEY)
    return stream


def _group(ctx: Context, key: bytes, name: bytes) -> tuple[Stream, Group]:
    stream = _stream(ctx, key)
    group = stream.groups.get(name)
    if group is None:
        raise no_group(name, key)
    return stream, group


def _position(stream: Stream | None, word: bytes) -> int:
    if word == b"$":
        return stream.last_id if stream is not None else 0
    return stream_id(word)


class _GroupOptions:
    """What follows the id in XGROUP CREATE and SETID."""

    def __init__(self, ctx: Context, args: list[bytes], *, may_create: bool) -> None:
        self.creates_stream = False
        self.entries_read: int | None = None
        at = 0
        most = 3 if may_create else 2
        while at < len(args):
            option = args[at].upper()
            if option == b"MKSTREAM" and may_create:
                self.creates_stream = True
                at += 1
            elif option == b"ENTRIESREAD" and at + 1 < len(args):
                count = integer(args[at + 1])
                if count < -1:
                    raise ReplyError("value for ENTRIESREAD must be positive or -1")
                self.entries_read = None if count == -1 else count
                at += 2
            else:
                raise _wrong_subcommand(ctx)
        if len(args) > most:
            raise _wrong_subcommand(ctx)


def _wrong_subcommand(ctx: Context) -> ReplyError:
    name = ctx.words[1].decode("utf-8", "replace")
    return ReplyError(
        f"unknown subcommand or wrong number of arguments for '{name}'. Try XGROUP HELP."
    )


@FAMILY.command("XGROUP|CREATE")
def create(ctx: Context, args: list[bytes]) -> Reply:
    """Create a group that reads on from an id."""
    key, name, word = args[:3]
    options = _GroupOptions(ctx, args[3:], may_create=True)
    stream = ctx.db.get(key, Stream)
    if stream is None and not options.creates_stream:
        raise ReplyError(_NEEDS_KEY)
    position = _position(stream, word)
    is_new = stream is None
    if stream is None:
        stream = Stream(ctx.engine.config)
        ctx.db.put(key, stream)
    if name in stream.groups:
        raise BusyGroup
    stream.groups[name] = Group(position, _known_reads(ctx, stream, options))
    tell = ctx.changed if is_new else ctx.recorded
    tell(key, b"xgroup-create", STREAM)
    return OK


def _known_reads(ctx: Context, stream: Stream, options: _GroupOptions) -> int | None:
    """What ENTRIESREAD says; since 8.0 not more than there ever were."""
    if options.entries_read is None or not ctx.engine.config.shows(8, 0):
        return options.entries_read
    return min(options.entries_read, stream.added)


@FAMILY.command("XGROUP|SETID")
def setid(ctx: Context, args: list[bytes]) -> Reply:
    """Let a group read on from an id."""
    key, name, word = args[:3]
    options = _GroupOptions(ctx, args[3:], may_create=False)
    stream, group = _group(ctx, key, name)
    group.last_id = range_start(word) if word in {b"-", b"+"} else _position(stream, word)
    group.entries_read = _known_reads(ctx, stream, options)
    ctx.recorded(key, b"xgroup-setid", STREAM)
    return OK


@FAMILY.command("XGROUP|DESTROY")
def destroy(ctx: Context, args: list[bytes]) -> Reply:
    """Delete a group; whether it was there."""
    stream = _stream(ctx, args[0])
    if stream.groups.pop(args[1], None) is None:
        return 0
    ctx.recorded(args[0], b"xgroup-destroy", STREAM)
    ctx.engine.waiters.signal(ctx.db.index, args[0])
    return 1


@FAMILY.command("XGROUP|CREATECONSUMER")
def createconsumer(ctx: Context, args: list[bytes]) -> Reply:
    """Create a consumer; whether it is new."""
    _, group = _group(ctx, args[0], args[1])
    if args[2] in group.consumers:
        return 0
    group.consumers[args[2]] = Consumer(args[2], ctx.now_ms)
    ctx.recorded(args[0], b"xgroup-createconsumer", STREAM)
    return 1


@FAMILY.command("XGROUP|DELCONSUMER")
def delconsumer(ctx: Context, args: list[bytes]) -> Reply:
    """Delete a consumer and what it has pending; return how much that was."""
    _, group = _group(ctx, args[0], args[1])
    gone = group.remove(args[2])
    if gone is None:
        return 0
    ctx.recorded(args[0], b"xgroup-delconsumer", STREAM)
    return gone


@FAMILY.command("XACK")
def xack(ctx: Context, args: list[bytes]) -> Reply:
    """Take entries off the pending ones of a group; return how many were."""
    stream = ctx.db.get(args[0], Stream)
    group = stream.groups.get(args[1]) if stream is not None else None
    if group is None:
        return 0
    numbers = [stream_id(word) for word in args[2:]]
    gone = sum(group.acknowledge(number) for number in numbers)
    if gone:
        ctx.touched(args[0])
    return gone


def _known_group(ctx: Context, key: bytes, name: bytes) -> tuple[Stream, Group]:
    stream = ctx.db.get(key, Stream)
    group = stream.groups.get(name) if stream is not None else None
    if stream is None or group is None:
        raise _no_key_or_group(key, name)
    return stream, group


@FAMILY.command("XPENDING")
def xpending(ctx: Context, args: list[bytes]) -> Reply:
    """What a group has pending: a summary, or entries in a range."""
    if len(args) == 2:
        _, group = _known_group(ctx, args[0], args[1])
        return _summary(group)
    if not 5 <= len(args) <= 8:
        raise syntax()
    at, idle_ms = 2, 0
    if args[2].upper() == b"IDLE":
        idle_ms = integer(args[3])
        at = 4
    if len(args) < at + 3:
        raise syntax()
    count = integer(args[at + 2])
    start, end = range_start(args[at]), range_end(args[at + 1])
    _, group = _known_group(ctx, args[0], args[1])
    pending = group.pending
    if len(args) > at + 3:
        consumer = group.consumers.get(args[at + 3])
        if consumer is None:
            return []
        pending = consumer.pending
    found: list[Reply] = []
    for number in pending.irange(start, end):
        if len(found) >= max(count, 0):
            break
        known = pending[number]
        idle = max(ctx.now_ms - known.delivered_ms, 0)
        if idle >= idle_ms:
            found.append([id_text(number), known.consumer.name, idle, known.deliveries])
    return found


def _summary(group: Group) -> Reply:
    if not group.pending:
        return [0, None, None, NULL_ARRAY]
    holders = [
        [name, b"%d" % len(consumer.pending)]
        for name, consumer in sorted(group.consumers.items())
        if consumer.pending
    ]
    first, last = group.pending.peekitem(0)[0], group.pending.peekitem(-1)[0]
    return [len(group.pending), id_text(first), id_text(last), holders]


class _Claim:
    """The options of XCLAIM."""

    def __init__(self, ctx: Context, args: list[bytes]) -> None:
        self.delivered_ms = ctx.now_ms
        self.deliveries: int | None = None
        self.is_forced = self.gives_ids = False
        self.last_id = 0
        words = iter(args)
        for word in words:
            option = word.upper()
            if option == b"FORCE":
                self.is_forced = True
            elif option == b"JUSTID":
                self.gives_ids = True
            elif (
                option in {b"IDLE", b"TIME", b"RETRYCOUNT", b"LASTID"}
                and (value := next(words, None)) is not None
            ):
                self._take(ctx, option, value)
            else:
                raise ReplyError(f"Unrecognized XCLAIM option '{word.decode('utf-8', 'replace')}'")
        if not 0 <= self.delivered_ms <= ctx.now_ms:
            self.delivered_ms = ctx.now_ms

    def _take(self, ctx: Context, option: bytes, value: bytes) -> None:
        if option == b"LASTID":
            self.last_id = stream_id(value)
            return
        number = integer(value, f"Invalid {option.decode()} option argument for XCLAIM")
        if option == b"IDLE":
            self.delivered_ms = ctx.now_ms - number
        elif option == b"TIME":
            self.delivered_ms = number
        else:
            if number < 0:
                raise ReplyError("Invalid RETRYCOUNT option argument for XCLAIM")
            self.deliveries = number


def _min_idle(word: bytes, name: str) -> int:
    return max(integer(word, f"Invalid min-idle-time argument for {name}"), 0)


@FAMILY.command("XCLAIM")
def xclaim(ctx: Context, args: list[bytes]) -> Reply:
    """Make pending entries another consumer's, when they have been idle long enough."""
    key, group_name, name = args[:3]
    stream, group = _known_group(ctx, key, group_name)
    min_idle_ms = _min_idle(args[3], "XCLAIM")
    numbers = list(_leading_ids(args[4:]))
    options = _Claim(ctx, args[4 + len(numbers) :])
    ctx.log()
    if options.last_id > group.last_id:
        group.last_id = options.last_id
        ctx.log(b"XGROUP", b"SETID", key, group_name, id_text(group.last_id))
    consumer = group.consumers.get(name)
    if consumer is not None:
        consumer.seen_ms = ctx.now_ms
    claimed: list[Reply] = []
    for number in numbers:
        fields = stream.entries.get(number)
        known = group.pending.get(number)
        if fields is None:
            _forget(ctx, key, group_name, group, number)
            continue
        if known is None and not options.is_forced:
            continue
        if known is not None and ctx.now_ms - known.delivered_ms < min_idle_ms:
            continue
        consumer = consumer_of(ctx, key, group_name, group, name)
        if known is None:
            known = group.deliver(number, consumer, ctx.now_ms)
            known.deliveries = 0
        group.move(number, consumer)
        known.delivered_ms = options.delivered_ms
        if options.deliveries is not None:
            known.deliveries = options.deliveries
        elif not options.gives_ids:
            known.deliveries += 1
        consumer.active_ms = ctx.now_ms
        _log_claim(ctx, key, group_name, number, known)
        claimed.append(id_text(number) if options.gives_ids else shown_entry(number, fields))
    return claimed


def _leading_ids(words: list[bytes]) -> Iterator[int]:
    for at, word in enumerate(words):
        try:
            yield stream_id(word)
        except ReplyError:
            if not at and word[:1].isdigit():
                raise
            return


def _forget(ctx: Context, key: bytes, group_name: bytes, group: Group, number: int) -> None:
    """Take an entry that was deleted off the pending ones."""
    if group.acknowledge(number):
        ctx.touched(key)
        ctx.log(b"XACK", key, group_name, id_text(number))


def _log_claim(ctx: Context, key: bytes, group_name: bytes, number: int, known: Pending) -> None:
    ctx.touched(key)
    ctx.log(
        b"XCLAIM", key, group_name, known.consumer.name, b"0", id_text(number),
        b"TIME", b"%d" % known.delivered_ms, b"RETRYCOUNT", b"%d" % known.deliveries, b"FORCE", b"JUSTID",
    )  # fmt: skip


class _AutoClaim:
    """The options of XAUTOCLAIM."""

    def __init__(self, args: list[bytes]) -> None:
        self.count = 100
        self.gives_ids = False
        at = 0
        while at < len(args):
            option = args[at].upper()
            if option == b"COUNT" and at + 1 < len(args):
                self.count = integer(args[at + 1], "COUNT must be > 0")
                if not 0 < self.count <= MOST_CLAIMS:
                    raise ReplyError("COUNT must be > 0")
                at += 2
            elif option == b"JUSTID":
                self.gives_ids = True
                at += 1
            else:
                raise syntax()


@FAMILY.command("XAUTOCLAIM")
def xautoclaim(ctx: Context, args: list[bytes]) -> Reply:
    """Make idle pending entries another consumer's, some at a time; return where to go on, and what was gone."""
    key, group_name, name = args[:3]
    min_idle_ms = _min_idle(args[3], "XAUTOCLAIM")
    start = range_start(args[4])
    options = _AutoClaim(args[5:])
    stream, group = _known_group(ctx, key, group_name)
    ctx.log()
    consumer = consumer_of(ctx, key, group_name, group, name)
    claimed: list[Reply] = []
    deleted: list[Reply] = []
    attempts, cursor = options.count * ATTEMPTS_PER_CLAIM, 0
    for number in list(group.pending.irange(start)):
        if not attempts or len(claimed) + len(deleted) >= options.count:
            cursor = number
            break
        attempts -= 1
        known = group.pending[number]
        fields = stream.entries.get(number)
        if fields is None:
            _forget(ctx, key, group_name, group, number)
            deleted.append(id_text(number))
        elif ctx.now_ms - known.delivered_ms >= min_idle_ms:
            group.move(number, consumer)
            known.delivered_ms = consumer.active_ms = ctx.now_ms
            known.deliveries += not options.gives_ids
            _log_claim(ctx, key, group_name, number, known)
            claimed.append(id_text(number) if options.gives_ids else shown_entry(number, fields))
    return [id_text(cursor), claimed, deleted]
