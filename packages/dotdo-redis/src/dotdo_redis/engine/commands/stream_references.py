"""Deleting entries with regard to the groups that refer to them (8.2): XDELEX, XACKDEL; it refuses other trimming."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import STREAM
from dotdo_redis.engine.stream_ids import stream_id
from dotdo_redis.engine.types.streams import Stream, id_text
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
KEEP, DROP, ACKNOWLEDGED = b"KEEPREF", b"DELREF", b"ACKED"
POLICIES = frozenset({KEEP, DROP, ACKNOWLEDGED})
"""What becomes of an entry's places in groups; the last one deletes only what every group is done with."""
NO_ENTRY, DELETED, REFERRED = -1, 1, 2


def forget_references(ctx: Context, key: bytes, stream: Stream, number: int) -> None:
    """Take an entry off the pending ones of all groups."""
    for name, group in stream.groups.items():
        if group.acknowledge(number):
            ctx.log(b"XACK", key, name, id_text(number))


def is_referred(stream: Stream, number: int) -> bool:
    """Whether a group has not read an entry yet, or waits for its acknowledgement."""
    return any(
        number > group.last_id or number in group.pending for group in stream.groups.values()
    )


class _Request:
    """`[KEEPREF|DELREF|ACKED] IDS numids id ...`, the parts in any order."""

    def __init__(self, words: list[bytes]) -> None:
        self.policy = b""
        self.ids: list[bytes] = []
        at = 0
        while at < len(words):
            option = words[at].upper()
            if option in POLICIES and not self.policy:
                self.policy = option
                at += 1
            elif option == b"IDS" and not self.ids and at + 1 < len(words):
                at = self._take(words, at + 1)
            else:
                raise syntax()
        if not self.ids:
            raise syntax()

    def _take(self, words: list[bytes], at: int) -> int:
        error = "Number of IDs must be a positive integer"
        count = integer(words[at], error)
        if count < 1:
            raise ReplyError(error)
        if at + count >= len(words):
            raise ReplyError("The `numids` parameter must match the number of arguments")
        self.ids = words[at + 1 : at + 1 + count]
        return at + 1 + count


@FAMILY.command("XDELEX")
def xdelex(ctx: Context, args: list[bytes]) -> Reply:
    """Delete entries; of each -1 when it is not there, 1 when it is gone, 2 when a group refers to it."""
    stream = ctx.db.get(args[0], Stream)
    request = _Request(args[1:])
    if stream is None:
        return [NO_ENTRY] * len(request.ids)
    numbers = [stream_id(word) for word in request.ids]
    outcomes: list[Reply] = []
    ctx.log()
    for number in numbers:
        if number not in stream.entries:
            outcomes.append(NO_ENTRY)
        elif request.policy == ACKNOWLEDGED and is_referred(stream, number):
            outcomes.append(REFERRED)
        else:
            delete_entry(ctx, args[0], stream, number, request.policy)
            outcomes.append(DELETED)
    if DELETED in outcomes:
        ctx.changed(args[0], b"xdel", STREAM, outcomes.count(DELETED))
    return outcomes


def delete_entry(ctx: Context, key: bytes, stream: Stream, number: int, policy: bytes) -> bool:
    """Delete an entry, with its references when the policy says so; whether it was there."""
    if policy == DROP:
        forget_references(ctx, key, stream, number)
    if not stream.delete(number):
        return False
    ctx.log(b"XDEL", key, id_text(number))
    return True


@FAMILY.command("XACKDEL")
def xackdel(ctx: Context, args: list[bytes]) -> Reply:
    """Acknowledge entries and delete them; of each -1 when it was not pending, 1 when gone, 2 when a group refers to it."""
    key, name = args[:2]
    stream = ctx.db.get(key, Stream)
    request = _Request(args[2:])
    group = stream.groups.get(name) if stream is not None else None
    if stream is None or group is None:
        return [NO_ENTRY] * len(request.ids)
    numbers = [stream_id(word) for word in request.ids]
    outcomes: list[Reply] = []
    ctx.log()
    gone = 0
    for number in numbers:
        if not group.acknowledge(number):
            outcomes.append(NO_ENTRY)
            continue
        ctx.touched(key)
        ctx.log(b"XACK", key, name, id_text(number))
        if request.policy == ACKNOWLEDGED and is_referred(stream, number):
            outcomes.append(REFERRED)
            continue
        gone += delete_entry(ctx, key, stream, number, request.policy)
        outcomes.append(DELETED)
    if gone:
        ctx.changed(key, b"xdel", STREAM, gone)
    return outcomes
