"""HELP of every container, as recorded from a server; it refuses lines of our own."""

from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.mapping.replies import Reply, Status
from dotdo_redis.spec.helps import HELPS

FAMILY = Family()


@FAMILY.command(*(f"{name}|HELP" for name in HELPS))
def help_(ctx: Context, _args: list[bytes]) -> Reply:
    """Tell the subcommands."""
    return [Status(line.encode()) for line in HELPS[ctx.command.name.partition("|")[0]]]
