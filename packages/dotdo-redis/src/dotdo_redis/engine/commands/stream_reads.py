"""XREAD and XREADGROUP, which may wait; it refuses to acknowledge."""

from dotdo_redis.engine.arguments import integer, timeout_ms
from dotdo_redis.engine.blocking import Blocked
from dotdo_redis.engine.commands.stream_groups import consumer_of, no_group
from dotdo_redis.engine.commands.streams import shown_entry
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.stream_ids import stream_id
from dotdo_redis.engine.types.streams import HIGHEST_ID, Consumer, Stream, id_text
from dotdo_redis.errors import NoGroup, ReplyError, Unblocked, syntax
from dotdo_redis.mapping.replies import NULL_ARRAY, Reply

FAMILY = Family()

NEW = -1
"""In place of an id: what no consumer of the group was given yet."""


class _Reading:
    """What a call asks for."""

    def __init__(self, ctx: Context, args: list[bytes], *, is_group: bool) -> None:
        self.is_group = is_group
        self.is_refused_script = "lua" in ctx.client.flags and not ctx.engine.config.shows(7, 4)
        self.group = self.consumer = b""
        self.count: int | None = None
        self.waits = False
        self.timeout_ms: int | None = None
        self.keeps_no_pending = False
        at = 0
        while True:
            if at >= len(args):
                raise syntax()
            option, left = args[at].upper(), len(args) - at - 1
            if option == b"STREAMS" and left:
                break
            at = self._take(option, args, at, left)
        if is_group and not self.group:
            raise ReplyError("Missing GROUP option for XREADGROUP")
        self._take_streams(ctx, args[at + 1 :])

    def _take(self, option: bytes, args: list[bytes], at: int, left: int) -> int:
        if option == b"BLOCK" and left:
            if self.is_refused_script:
                name = "xreadgroup" if self.is_group else "xread"
                raise ReplyError(f"{name} command is not allowed with BLOCK option from scripts")
            self.waits = True
            self.timeout_ms = timeout_ms(args[at + 1], milliseconds=True)
            return at + 2
        if option == b"COUNT" and left:
            count = integer(args[at + 1])
            self.count = count if count > 0 else None
            return at + 2
        if option == b"GROUP" and left >= 2:
            if not self.is_group:
                raise ReplyError(
                    "The GROUP option is only supported by XREADGROUP. You called XREAD instead."
                )
            self.group, self.consumer = args[at + 1], args[at + 2]
            return at + 3
        if option == b"NOACK":
            if not self.is_group:
                raise ReplyError(
                    "The NOACK option is only supported by XREADGROUP. You called XREAD instead."
                )
            self.keeps_no_pending = True
            return at + 1
        raise syntax()

    def _take_streams(self, ctx: Context, words: list[bytes]) -> None:
        if len(words) % 2:
            raise ReplyError(_unbalanced(ctx, is_group=self.is_group))
        half = len(words) // 2
        self.keys, self.id_words = words[:half], words[half:]
        self.ids: list[int] = []

    def resolve(self, ctx: Context) -> None:
        """Read the ids: `$` stands for the last one there is now, `>` for what is new to the group.

        Raises:
            ReplyError: an id that makes no sense here, a key of another type, or no such group.
        """
        for key, word in zip(self.keys, self.id_words, strict=True):
            stream = ctx.db.get(key, Stream)
            if self.is_group:
                group = stream.groups.get(self.group) if stream is not None else None
                if group is None:
                    raise _missing(key, self.group)
            self.ids.append(self._id(ctx, word, stream))

    def _id(self, ctx: Context, word: bytes, stream: Stream | None) -> int:
        if word == b"$":
            if self.is_group:
                raise ReplyError(
                    "The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this "
                    "consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just "
                    "return an empty result set."
                )
            return stream.last_id if stream is not None else 0
        if word == b">":
            if not self.is_group:
                raise ReplyError(
                    "The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
                )
            return NEW
        if word == b"+" and not self.is_group and ctx.engine.config.shows(7, 4):
            last = stream.ids[-1] if stream is not None and stream.ids else 0
            return max(last - 1, 0)
        return stream_id(word)


def _unbalanced(ctx: Context, *, is_group: bool) -> str:
    """What is said of keys and ids that are not as many."""
    shows = ctx.engine.config.shows
    name, marks = "XREAD", "ID or '$'"
    if shows(7, 2):
        name = "'xreadgroup'" if is_group else "'xread'"
        marks = "ID or '>'" if is_group else "ID, '+', or '$'" if shows(8, 0) else marks
    return f"Unbalanced {name} list of streams: for each stream key an {marks} must be specified."


def _missing(key: bytes, group: bytes) -> NoGroup:
    shown = key.decode("utf-8", "replace"), group.decode("utf-8", "replace")
    return NoGroup(
        f"No such key '{shown[0]}' or consumer group '{shown[1]}' in XREADGROUP with GROUP option"
    )


def _shown(ctx: Context, found: list[tuple[bytes, Reply]]) -> Reply:
    if ctx.resp == 3:
        return dict(found)
    return [[key, entries] for key, entries in found]


@FAMILY.command("XREAD")
def xread(ctx: Context, args: list[bytes]) -> Reply:
    """The entries behind given ids, of several streams; waits for them when asked to."""
    reading = _Reading(ctx, args, is_group=False)
    reading.resolve(ctx)
    return _read(ctx, reading)


def _read(ctx: Context, reading: _Reading) -> Reply:
    found: list[tuple[bytes, Reply]] = []
    for key, after in zip(reading.keys, reading.ids, strict=True):
        stream = ctx.db.get(key, Stream)
        if stream is not None and stream.ids and stream.ids[-1] > after:
            entries = stream.walk(after + 1, HIGHEST_ID, reading.count)
            found.append((key, [shown_entry(*entry) for entry in entries]))
    if found:
        return _shown(ctx, found)
    if not reading.waits:
        return NULL_ARRAY
    return Blocked(reading.keys, Stream, reading.timeout_ms, lambda again: _read(again, reading))


@FAMILY.command("XREADGROUP")
def xreadgroup(ctx: Context, args: list[bytes]) -> Reply:
    """What is new to a group, given to one of its consumers; or what that one has not acknowledged."""
    reading = _Reading(ctx, args, is_group=True)
    reading.resolve(ctx)
    return _read_for_group(ctx, reading)


def _read_for_group(ctx: Context, reading: _Reading, *, was_waiting: bool = False) -> Reply:
    found: list[tuple[bytes, Reply]] = []
    ctx.log()
    for key, after in zip(reading.keys, reading.ids, strict=True):
        stream = _stream_of_group(ctx, key, reading, was_waiting=was_waiting)
        group = stream.groups[reading.group]
        has_new = bool(stream.ids) and stream.ids[-1] > group.last_id
        if after == NEW and not has_new:
            continue
        consumer = consumer_of(ctx, key, reading.group, group, reading.consumer)
        if after == NEW:
            found.append((key, _deliver(ctx, key, stream, consumer, reading)))
        else:
            found.append((key, _history(ctx, stream, consumer, after, reading.count)))
    if found:
        return _shown(ctx, found)
    _greet(ctx, reading)
    if not reading.waits:
        return NULL_ARRAY
    return Blocked(
        reading.keys,
        Stream,
        reading.timeout_ms,
        lambda again: _read_for_group(again, reading, was_waiting=True),
        without_key=True,
    )


def _greet(ctx: Context, reading: _Reading) -> None:
    """Create the consumer although there is nothing for it."""
    for key in reading.keys:
        stream = ctx.db.get(key, Stream)
        if stream is not None:
            consumer_of(ctx, key, reading.group, stream.groups[reading.group], reading.consumer)


def _stream_of_group(ctx: Context, key: bytes, reading: _Reading, *, was_waiting: bool) -> Stream:
    is_older = not ctx.engine.config.shows(7, 2)
    if was_waiting and is_older and ctx.db.find(key).__class__ is not Stream:
        raise Unblocked("the stream key no longer exists")
    stream = ctx.db.get(key, Stream)
    if stream is None:
        raise _missing(key, reading.group)
    if reading.group not in stream.groups:
        raise no_group(reading.group, key) if was_waiting else _missing(key, reading.group)
    return stream


def _deliver(
    ctx: Context, key: bytes, stream: Stream, consumer: Consumer, reading: _Reading
) -> Reply:
    group = stream.groups[reading.group]
    entries: list[Reply] = []
    consumer.active_ms = ctx.now_ms
    for number, fields in stream.walk(group.last_id + 1, HIGHEST_ID, reading.count):
        entries.append(shown_entry(number, fields))
        stream.advance(group, number)
        if not reading.keeps_no_pending:
            group.deliver(number, consumer, ctx.now_ms)
            ctx.log(
                b"XCLAIM", key, reading.group, consumer.name, b"0", id_text(number),
                b"TIME", b"%d" % ctx.now_ms, b"RETRYCOUNT", b"1", b"FORCE", b"JUSTID",
            )  # fmt: skip
    read = -1 if group.entries_read is None else group.entries_read
    last_id = id_text(group.last_id)
    ctx.log(b"XGROUP", b"SETID", key, reading.group, last_id, b"ENTRIESREAD", b"%d" % read)
    ctx.touched(key)
    return entries


def _history(
    ctx: Context, stream: Stream, consumer: Consumer, after: int, count: int | None
) -> Reply:
    """What the consumer has pending behind an id; an entry that was deleted shows as null."""
    entries: list[Reply] = []
    for number in list(consumer.pending.irange(after + 1))[:count]:
        fields = stream.entries.get(number)
        if fields is None:
            entries.append([id_text(number), NULL_ARRAY])
            continue
        known = consumer.pending[number]
        known.delivered_ms = ctx.now_ms
        known.deliveries += 1
        entries.append(shown_entry(number, fields))
    return entries
