"""PING, ECHO and SELECT; it refuses authentication and the CLIENT command."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.errors import ReplyError, wrong_arity
from dotdo_redis.mapping.replies import OK, PONG, Reply

FAMILY = Family()


@FAMILY.command("PING")
def ping(ctx: Context, args: list[bytes]) -> Reply:
    """Answer PONG or the message; as a message of its own while subscribed in RESP2."""
    if len(args) > 1:
        raise wrong_arity("ping")
    if ctx.client.subscriptions and ctx.resp == 2:
        return [b"pong", args[0] if args else b""]
    return args[0] if args else PONG


@FAMILY.command("ECHO")
def echo(_ctx: Context, args: list[bytes]) -> Reply:
    """Answer the message."""
    return args[0]


@FAMILY.command("SELECT")
def select(ctx: Context, args: list[bytes]) -> Reply:
    """Make another database the client's."""
    index = integer(args[0], "value is not an integer or out of range")
    if not 0 <= index < len(ctx.engine.databases):
        raise ReplyError("DB index is out of range")
    ctx.select(index)
    return OK
