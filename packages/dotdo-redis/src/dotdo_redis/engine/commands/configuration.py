"""CONFIG GET, SET, REWRITE and RESETSTAT; it refuses what parameters mean, which is in `engine.parameters`."""

from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.glob import matches_nocase
from dotdo_redis.engine.parameter_kinds import HIDDEN, InvalidValue
from dotdo_redis.engine.parameters import Parameters
from dotdo_redis.errors import ReplyError, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply

FAMILY = Family()

MULTIPLE_WORDS = frozenset({"save", "bind", "client-output-buffer-limit", "oom-score-adj-values"})


@FAMILY.command("CONFIG|GET")
def get(ctx: Context, args: list[bytes]) -> Reply:
    """The parameters whose names match one of the patterns."""
    values = ctx.engine.instance.parameters.values
    return {
        name.encode(): value.encode()
        for name, value in values.items()
        if any(_is_asked_for(name, pattern) for pattern in args)
    }


def _is_asked_for(name: str, pattern: bytes) -> bool:
    if name in HIDDEN:
        return pattern.lower() == name.encode()
    return matches_nocase(pattern, name.encode())


@FAMILY.command("CONFIG|SET")
def set_(ctx: Context, args: list[bytes]) -> Reply:
    """Set parameters, all of them or none."""
    if len(args) % 2:
        raise wrong_arity("config|set")
    instance = ctx.engine.instance
    texts = [word.decode("utf-8", "surrogateescape") for word in args]
    found: dict[str, str] = {}
    for name, text in zip(texts[::2], texts[1::2], strict=True):
        known = _checked(instance.parameters, name, found)
        try:
            found[known] = instance.parameters.known[known].read(known, text)
        except InvalidValue as error:
            raise _failure(name, str(error)) from None
    for name, text in found.items():
        obstacle = instance.parameters.obstacle(name, text)
        if obstacle:
            raise _failure(name, obstacle)
    for name, text in found.items():
        instance.parameters.set(name, text)
    return OK


def _checked(parameters: Parameters, name: str, found: dict[str, str]) -> str:
    parameter = parameters.known.get(name.lower())
    if parameter is None:
        raise ReplyError(f"Unknown option or number of arguments for CONFIG SET - '{name}'")
    if parameter.is_immutable:
        raise _failure(name, "can't set immutable config")
    if parameter.is_protected and not parameters.is_on("enable-protected-configs"):
        raise _failure(name, "can't set protected config")
    if parameter.name in found:
        raise _failure(name, "duplicate parameter")
    return parameter.name


def _failure(name: str, why: str) -> ReplyError:
    return ReplyError(f"CONFIG SET failed (possibly related to argument '{name}') - {why}")


@FAMILY.command("CONFIG|REWRITE")
def rewrite(_ctx: Context, _args: list[bytes]) -> Reply:
    """There is no file to rewrite."""
    raise ReplyError("The server is running without a config file")


@FAMILY.command("CONFIG|RESETSTAT")
def resetstat(ctx: Context, _args: list[bytes]) -> Reply:
    """Start the counters anew."""
    ctx.engine.instance.statistics.reset()
    for command in ctx.engine.table.values():
        for counted in (command, *command.subcommands.values()):
            counted.calls = counted.nsec = counted.failed_calls = counted.rejected_calls = 0
            counted.misses = counted.looked_up = 0
    return OK
