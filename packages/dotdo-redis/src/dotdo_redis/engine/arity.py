"""How many words the commands of the newer families take, which count themselves; it refuses what the words are."""

from dotdo_redis.engine.context import Context
from dotdo_redis.errors import wrong_arity


def expect(ctx: Context, args: list[bytes], least: int, most: int | None = None) -> None:
    """Check how many words stand behind the command's name.

    Raises:
        ReplyError: fewer than `least`, or more than `most` (None: as many as you like).
    """
    if len(args) < least or (most is not None and len(args) > most):
        name = ctx.command.name
        raise wrong_arity(name if name.startswith("FT.") else ctx.command.shown_name)
