"""XINFO; it refuses to change anything."""

from itertools import groupby

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.commands.stream_groups import no_group
from dotdo_redis.engine.commands.streams import shown_entry
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.types.streams import HIGHEST_ID, Consumer, Group, Stream, id_text
from dotdo_redis.errors import ReplyError, no_such_key
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()


def _stream(ctx: Context, key: bytes) -> Stream:
    stream = ctx.db.get(key, Stream)
    if stream is None:
        raise no_such_key()
    return stream


@FAMILY.command("XINFO|STREAM")
def stream(ctx: Context, args: list[bytes]) -> Reply:
    """All about a stream; with FULL also its entries, groups and consumers, the first of each."""
    is_full, count = False, 10
    known = _stream(ctx, args[0])
    if len(args) > 1:
        is_full = args[1].upper() == b"FULL"
        has_count = len(args) == 4 and args[2].upper() == b"COUNT"
        if not is_full or not (len(args) == 2 or has_count):
            name = ctx.words[1].decode("utf-8", "replace")
            raise ReplyError(
                f"unknown subcommand or wrong number of arguments for '{name}'. Try XINFO HELP."
            )
        if has_count:
            count = max(integer(args[3]), 0)
    common: dict[object, object] = {
        b"length": len(known),
        b"radix-tree-keys": len(known.nodes),
        b"radix-tree-nodes": _radix_nodes([node.first.to_bytes(16) for node in known.nodes], 0),
        b"last-generated-id": id_text(known.last_id),
        b"max-deleted-entry-id": id_text(known.max_deleted),
        b"entries-added": known.added,
        b"recorded-first-entry-id": id_text(known.first_id),
    }
    return {**common, **(_full(ctx, known, count or None) if is_full else _ends(known))}


def _radix_nodes(keys: list[bytes], depth: int) -> int:
    """How many nodes Redis' radix tree of these keys has, which share their first `depth` bytes."""
    if not keys:
        return 1
    if len(keys) == 1:
        return 2 if depth < len(keys[0]) else 1
    first, last = keys[0], keys[-1]
    end = next(at for at in range(depth, len(first)) if first[at] != last[at])
    groups = groupby(keys, key=lambda key: key[end])
    branches = sum(_radix_nodes(list(group), end + 1) for _, group in groups)
    return branches + 1 + (end > depth)


def _ends(known: Stream) -> dict[object, object]:
    first, last = (
        shown_entry(known.ids[at], known.entries[known.ids[at]]) if known.ids else None
        for at in (0, -1)
    )
    return {b"groups": len(known.groups), b"first-entry": first, b"last-entry": last}


def _full(ctx: Context, known: Stream, count: int | None) -> dict[object, object]:
    return {
        b"entries": [shown_entry(*entry) for entry in known.walk(0, HIGHEST_ID, count)],
        b"groups": [
            _full_group(ctx, known, name, group, count)
            for name, group in sorted(known.groups.items())
        ],
    }


def _full_group(
    ctx: Context, known: Stream, name: bytes, group: Group, count: int | None
) -> dict[object, object]:
    pending = list(group.pending.items())[:count]
    return {
        b"name": name,
        b"last-delivered-id": id_text(group.last_id),
        b"entries-read": group.entries_read,
        b"lag": known.lag_of(group),
        b"pel-count": len(group.pending),
        b"pending": [
            [id_text(number), one.consumer.name, one.delivered_ms, one.deliveries]
            for number, one in pending
        ],
        b"consumers": [
            _full_consumer(ctx, consumer, count) for _, consumer in sorted(group.consumers.items())
        ],
    }


def _full_consumer(ctx: Context, consumer: Consumer, count: int | None) -> dict[object, object]:
    pending = list(consumer.pending.items())[:count]
    is_newer = ctx.engine.config.shows(7, 2)
    return {
        b"name": consumer.name,
        b"seen-time": consumer.seen_ms,
        **({b"active-time": consumer.active_ms} if is_newer else {}),
        b"pel-count": len(consumer.pending),
        b"pending": [
            [id_text(number), one.delivered_ms, one.deliveries] for number, one in pending
        ],
    }


@FAMILY.command("XINFO|GROUPS")
def groups(ctx: Context, args: list[bytes]) -> Reply:
    """The groups of a stream."""
    known = _stream(ctx, args[0])
    return [
        {
            b"name": name,
            b"consumers": len(group.consumers),
            b"pending": len(group.pending),
            b"last-delivered-id": id_text(group.last_id),
            b"entries-read": group.entries_read,
            b"lag": known.lag_of(group),
        }
        for name, group in sorted(known.groups.items())
    ]


@FAMILY.command("XINFO|CONSUMERS")
def consumers(ctx: Context, args: list[bytes]) -> Reply:
    """The consumers of a group."""
    group = _stream(ctx, args[0]).groups.get(args[1])
    if group is None:
        raise no_group(args[1], args[0])
    return [_shown_consumer(ctx, consumer) for _, consumer in sorted(group.consumers.items())]


def _shown_consumer(ctx: Context, consumer: Consumer) -> dict[object, object]:
    shown: dict[object, object] = {
        b"name": consumer.name,
        b"pending": len(consumer.pending),
        b"idle": max(ctx.now_ms - consumer.seen_ms, 0),
    }
    if ctx.engine.config.shows(7, 2):
        active_ms = consumer.active_ms
        shown[b"inactive"] = -1 if active_ms < 0 else max(ctx.now_ms - active_ms, 0)
    return shown
