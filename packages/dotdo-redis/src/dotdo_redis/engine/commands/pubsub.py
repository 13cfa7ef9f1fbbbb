"""Channels, patterns and shard channels; it refuses to keep messages."""

from dotdo_redis.engine.clients import ClientState
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.glob import matches
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import NO_REPLY, Push, Reply

FAMILY = Family()

_OF_SHARDS = frozenset({b"ssubscribe", b"sunsubscribe"})
Names = dict[bytes, None]
Listeners = dict[bytes, dict[ClientState, None]]


def _join(
    ctx: Context, names: list[bytes], mine: Names, everybody: Listeners, kind: bytes
) -> Reply:
    client = ctx.client
    if ctx.is_nested and client.resp == 2 and "deny_blocking" in client.flags:
        raise ReplyError(f"{kind.decode().upper()} isn't allowed for a DENY BLOCKING client")
    for name in names:
        mine[name] = None
        everybody.setdefault(name, {})[client] = None
        client.sink(Push([kind, name, _count(client, kind)]))
    return NO_REPLY


def _leave(
    ctx: Context, names: list[bytes], mine: Names, everybody: Listeners, kind: bytes
) -> Reply:
    client = ctx.client
    for name in names or list(mine):
        if name in mine:
            del mine[name]
            listeners = everybody[name]
            del listeners[client]
            if not listeners:
                del everybody[name]
        client.sink(Push([kind, name, _count(client, kind)]))
        names = [name]
    if not names:
        client.sink(Push([kind, None, _count(client, kind)]))
    return NO_REPLY


def _count(client: ClientState, kind: bytes) -> int:
    return len(client.shard_channels) if kind in _OF_SHARDS else client.subscriptions


@FAMILY.command("SUBSCRIBE")
def subscribe(ctx: Context, args: list[bytes]) -> Reply:
    """Listen to channels."""
    return _join(ctx, args, ctx.client.channels, ctx.engine.subscriptions.channels, b"subscribe")


@FAMILY.command("PSUBSCRIBE")
def psubscribe(ctx: Context, args: list[bytes]) -> Reply:
    """Listen to all channels that match patterns."""
    return _join(ctx, args, ctx.client.patterns, ctx.engine.subscriptions.patterns, b"psubscribe")


@FAMILY.command("SSUBSCRIBE")
def ssubscribe(ctx: Context, args: list[bytes]) -> Reply:
    """Listen to shard channels."""
    everybody = ctx.engine.subscriptions.shard_channels
    return _join(ctx, args, ctx.client.shard_channels, everybody, b"ssubscribe")


@FAMILY.command("UNSUBSCRIBE")
def unsubscribe(ctx: Context, args: list[bytes]) -> Reply:
    """Leave channels, all of them without arguments."""
    return _leave(ctx, args, ctx.client.channels, ctx.engine.subscriptions.channels, b"unsubscribe")


@FAMILY.command("PUNSUBSCRIBE")
def punsubscribe(ctx: Context, args: list[bytes]) -> Reply:
    """Leave patterns, all of them without arguments."""
    return _leave(
        ctx, args, ctx.client.patterns, ctx.engine.subscriptions.patterns, b"punsubscribe"
    )


@FAMILY.command("SUNSUBSCRIBE")
def sunsubscribe(ctx: Context, args: list[bytes]) -> Reply:
    """Leave shard channels, all of them without arguments."""
    everybody = ctx.engine.subscriptions.shard_channels
    return _leave(ctx, args, ctx.client.shard_channels, everybody, b"sunsubscribe")


@FAMILY.command("PUBLISH")
def publish(ctx: Context, args: list[bytes]) -> Reply:
    """Send a message to whoever listens; return how many got it."""
    return ctx.engine.subscriptions.publish(args[0], args[1])


@FAMILY.command("SPUBLISH")
def spublish(ctx: Context, args: list[bytes]) -> Reply:
    """Send a message to whoever listens to a shard channel; return how many got it."""
    return ctx.engine.subscriptions.publish_to_shard(args[0], args[1])


def _matching(ctx: Context, names: Listeners, args: list[bytes]) -> Reply:
    if len(args) > 1:
        shown = ctx.words[1].decode("utf-8", "replace")
        raise ReplyError(
            f"unknown subcommand or wrong number of arguments for '{shown}'. Try PUBSUB HELP."
        )
    return [name for name in names if not args or matches(args[0], name)]


@FAMILY.command("PUBSUB|CHANNELS")
def channels(ctx: Context, args: list[bytes]) -> Reply:
    """The channels somebody listens to."""
    return _matching(ctx, ctx.engine.subscriptions.channels, args)


@FAMILY.command("PUBSUB|SHARDCHANNELS")
def shard_channels(ctx: Context, args: list[bytes]) -> Reply:
    """The shard channels somebody listens to."""
    return _matching(ctx, ctx.engine.subscriptions.shard_channels, args)


@FAMILY.command("PUBSUB|NUMSUB")
def numsub(ctx: Context, args: list[bytes]) -> Reply:
    """How many listen to each of the channels."""
    everybody = ctx.engine.subscriptions.channels
    return [item for name in args for item in (name, len(everybody.get(name, ())))]


@FAMILY.command("PUBSUB|SHARDNUMSUB")
def shardnumsub(ctx: Context, args: list[bytes]) -> Reply:
    """How many listen to each of the shard channels."""
    everybody = ctx.engine.subscriptions.shard_channels
    return [item for name in args for item in (name, len(everybody.get(name, ())))]


@FAMILY.command("PUBSUB|NUMPAT")
def numpat(ctx: Context, _args: list[bytes]) -> Reply:
    """How many patterns there are."""
    return len(ctx.engine.subscriptions.patterns)
