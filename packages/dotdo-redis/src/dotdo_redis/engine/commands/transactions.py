"""MULTI, EXEC, DISCARD, WATCH and UNWATCH; it refuses what is queued, which the dispatch decides."""

from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.errors import ExecAbort, ReplyError
from dotdo_redis.mapping.replies import NULL_ARRAY, OK, Reply

FAMILY = Family()


@FAMILY.command("MULTI")
def multi(ctx: Context, _args: list[bytes]) -> Reply:
    """Queue the commands that follow."""
    if ctx.client.queue is not None:
        raise ReplyError("MULTI calls can not be nested")
    ctx.client.queue = []
    ctx.client.queue_failed = False
    return OK


@FAMILY.command("EXEC")
def execute(ctx: Context, _args: list[bytes]) -> Reply:
    """Run what was queued, or nothing when a watched key changed; errors stand among the replies."""
    client, engine = ctx.client, ctx.engine
    queue = client.queue
    if queue is None:
        raise ReplyError("EXEC without MULTI")
    failed, broken = client.queue_failed, client.watch_broken or _has_expired_watch(ctx)
    end_transaction(ctx)
    if failed:
        raise ExecAbort
    if broken:
        return NULL_ARRAY
    replies: list[Reply] = []
    ctx.is_nested = True
    engine.depth += 1
    try:
        for command, words in queue:
            try:
                replies.append(engine.run(ctx, command, words))
            except ReplyError as error:
                replies.append(error)
    finally:
        ctx.is_nested = False
        engine.depth -= 1
    return replies


def _has_expired_watch(ctx: Context) -> bool:
    databases, now_ms = ctx.engine.databases, ctx.now_ms
    return any(
        now_ms > databases[index].expires.get(key, now_ms) for index, key in ctx.client.watched
    )


def end_transaction(ctx: Context) -> None:
    """Leave MULTI and watch nothing."""
    ctx.client.queue = None
    ctx.client.queue_failed = False
    ctx.engine.unwatch(ctx.client)


@FAMILY.command("DISCARD")
def discard(ctx: Context, _args: list[bytes]) -> Reply:
    """Drop what was queued."""
    if ctx.client.queue is None:
        raise ReplyError("DISCARD without MULTI")
    end_transaction(ctx)
    return OK


@FAMILY.command("WATCH")
def watch(ctx: Context, args: list[bytes]) -> Reply:
    """Let EXEC do nothing when one of the keys changes before."""
    if ctx.client.queue is not None:
        raise ReplyError("WATCH inside MULTI is not allowed")
    if not ctx.client.watch_broken:
        for key in args:
            ctx.db.peek(key)
            ctx.engine.watch(ctx.client, ctx.db.index, key)
    return OK


@FAMILY.command("UNWATCH")
def unwatch(ctx: Context, _args: list[bytes]) -> Reply:
    """Watch nothing any more."""
    ctx.engine.unwatch(ctx.client)
    return OK
