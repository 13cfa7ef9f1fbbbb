"""EVAL, EVALSHA, SCRIPT, FUNCTION and FCALL; it refuses to know Lua, which is in `engine.scripting`."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.glob import matches
from dotdo_redis.engine.rdb import PayloadError
from dotdo_redis.engine.scripting.dumps import dump_libraries, restore_libraries
from dotdo_redis.engine.scripting.functions import Function, FunctionError, Library
from dotdo_redis.engine.scripting.scripts import Script
from dotdo_redis.errors import NoScript, ReplyError
from dotdo_redis.mapping.replies import OK, Reply, SetReply, Status

FAMILY = Family()

SHA_LENGTH = 40


def _keys_and_arguments(args: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    count = integer(args[1])
    if count > len(args) - 2:
        raise ReplyError("Number of keys can't be greater than number of args")
    if count < 0:
        raise ReplyError("Number of keys can't be negative")
    return args[2 : 2 + count], args[2 + count :]


def _run(ctx: Context, script: Script, args: list[bytes]) -> Reply:
    keys, arguments = _keys_and_arguments(args)
    is_read_only = ctx.command.name.endswith("_RO")
    return _checked(
        ctx,
        ctx.engine.instance.scripts.eval(ctx, script, keys, arguments, is_read_only=is_read_only),
    )


def _checked(ctx: Context, reply: Reply) -> Reply:
    """Count an error of a script as one; true and false are numbers unless the client speaks RESP3."""
    if isinstance(reply, ReplyError):
        raise reply
    return _plain(reply, ctx.client.resp)


def _plain(reply: Reply, resp: int) -> Reply:
    if reply is True:
        return 1
    if reply is False:
        return None
    if reply.__class__ is list:
        return [_plain(element, resp) for element in reply]
    return reply


@FAMILY.command("EVAL", "EVAL_RO")
def eval_(ctx: Context, args: list[bytes]) -> Reply:
    """Run a script."""
    _keys_and_arguments(args)
    ctx.engine.audience.show(ctx.client, ctx.words)
    return _run(ctx, ctx.engine.instance.scripts.load(args[0]), args)


@FAMILY.command("EVALSHA", "EVALSHA_RO")
def evalsha(ctx: Context, args: list[bytes]) -> Reply:
    """Run a script that is known by its digest."""
    _keys_and_arguments(args)
    ctx.engine.audience.show(ctx.client, ctx.words)
    script = ctx.engine.instance.scripts.get(args[0].decode("utf-8", "replace").lower())
    if script is None:
        raise NoScript
    return _run(ctx, script, args)


@FAMILY.command("SCRIPT|LOAD")
def script_load(ctx: Context, args: list[bytes]) -> Reply:
    """Keep a script; return its digest."""
    return ctx.engine.instance.scripts.load(args[0]).sha.encode()


@FAMILY.command("SCRIPT|EXISTS")
def script_exists(ctx: Context, args: list[bytes]) -> Reply:
    """Whether each of the digests is known."""
    scripts = ctx.engine.instance.scripts
    return [int(sha.decode("utf-8", "replace").lower() in scripts) for sha in args]


@FAMILY.command("SCRIPT|FLUSH")
def script_flush(ctx: Context, args: list[bytes]) -> Reply:
    """Forget all scripts."""
    if len(args) > 1 or (args and args[0].upper() not in {b"SYNC", b"ASYNC"}):
        raise ReplyError("SCRIPT FLUSH only support SYNC|ASYNC option")
    ctx.engine.instance.scripts.clear()
    return OK


@FAMILY.command("SCRIPT|KILL")
def script_kill(ctx: Context, _args: list[bytes]) -> Reply:
    """Stop the script that runs."""
    ctx.engine.instance.runner.kill(is_function=False)
    return OK


@FAMILY.command("SCRIPT|DEBUG")
def script_debug(_ctx: Context, args: list[bytes]) -> Reply:
    """Stepping through scripts is not offered; NO is what there is."""
    if args[0].upper() == b"NO":
        return OK
    if args[0].upper() in {b"YES", b"SYNC"}:
        raise ReplyError("SCRIPT DEBUG is not supported")
    raise ReplyError("Use SCRIPT DEBUG YES/SYNC/NO")


# -- functions


def _wrong_number(ctx: Context) -> ReplyError:
    name = ctx.words[1].decode("utf-8", "replace")
    return ReplyError(
        f"unknown subcommand or wrong number of arguments for '{name}'. Try FUNCTION HELP."
    )


@FAMILY.command("FCALL", "FCALL_RO")
def fcall(ctx: Context, args: list[bytes]) -> Reply:
    """Call a function of a library."""
    ctx.engine.audience.show(ctx.client, ctx.words)
    functions = ctx.engine.instance.functions
    function = functions.functions.get(args[0].lower())
    if function is None:
        raise ReplyError("Function not found")
    count = integer(args[1], "Bad number of keys provided")
    if count > len(args) - 2:
        raise ReplyError("Number of keys can't be greater than number of args")
    if count < 0:
        raise ReplyError("Number of keys can't be negative")
    keys, arguments = args[2 : 2 + count], args[2 + count :]
    is_read_only = ctx.command.name == "FCALL_RO"
    return _checked(ctx, functions.call(ctx, function, keys, arguments, is_read_only=is_read_only))


@FAMILY.command("FUNCTION|LOAD")
def function_load(ctx: Context, args: list[bytes]) -> Reply:
    """Load a library; return its name."""
    replaces, words = False, list(args)
    while len(words) > 1:
        option = words.pop(0)
        if option.upper() != b"REPLACE":
            raise ReplyError(f"Unknown option given: {option.decode('utf-8', 'replace')}")
        replaces = True
    name = ctx.engine.instance.functions.load(ctx, words[0], replaces=replaces)
    ctx.modified += 1
    return name


@FAMILY.command("FUNCTION|DELETE")
def function_delete(ctx: Context, args: list[bytes]) -> Reply:
    """Forget a library."""
    if not ctx.engine.instance.functions.remove(args[0]):
        raise ReplyError("Library not found")
    ctx.modified += 1
    return OK


@FAMILY.command("FUNCTION|FLUSH")
def function_flush(ctx: Context, args: list[bytes]) -> Reply:
    """Forget all libraries."""
    if len(args) > 1:
        raise _wrong_number(ctx)
    if args and args[0].upper() not in {b"SYNC", b"ASYNC"}:
        raise ReplyError("FUNCTION FLUSH only supports SYNC|ASYNC option")
    ctx.engine.instance.functions.clear()
    ctx.modified += 1
    return OK


@FAMILY.command("FUNCTION|KILL")
def function_kill(ctx: Context, _args: list[bytes]) -> Reply:
    """Stop the function that runs."""
    ctx.engine.instance.runner.kill(is_function=True)
    return OK


@FAMILY.command("FUNCTION|LIST")
def function_list(ctx: Context, args: list[bytes]) -> Reply:
    """The libraries, their functions and perhaps their code."""
    pattern: bytes | None = None
    with_code = False
    words = iter(args)
    for word in words:
        option = word.upper()
        if option == b"WITHCODE" and not with_code:
            with_code = True
        elif option == b"LIBRARYNAME" and pattern is None:
            pattern = next(words, None)
            if pattern is None:
                raise ReplyError("library name argument was not given")
        else:
            raise ReplyError(f"Unknown argument {word.decode('utf-8', 'replace')}")
    libraries = ctx.engine.instance.functions.libraries.values()
    return [
        _shown_library(library, with_code=with_code)
        for library in libraries
        if pattern is None or matches(pattern, library.name)
    ]


def _shown_library(library: Library, *, with_code: bool) -> dict[object, object]:
    shown: dict[object, object] = {
        b"library_name": library.name,
        b"engine": b"LUA",
        b"functions": [_shown_function(function) for function in library.functions.values()],
    }
    if with_code:
        shown[b"library_code"] = library.code
    return shown


def _shown_function(function: Function) -> dict[object, object]:
    return {
        b"name": function.name,
        b"description": function.description,
        b"flags": SetReply(Status(flag.encode()) for flag in sorted(function.flags)),
    }


@FAMILY.command("FUNCTION|STATS")
def function_stats(ctx: Context, _args: list[bytes]) -> Reply:
    """What runs now, and how much there is."""
    instance = ctx.engine.instance
    run = instance.runner.run
    running: Reply = None
    if run is not None and run.is_function:
        running = {
            b"name": run.name.encode(),
            b"command": list(run.blocked.words) if run.blocked is not None else [],
            b"duration_ms": (ctx.engine.clock() - run.started_us) // 1000,
        }
    functions = instance.functions
    engines = {
        b"LUA": {
            b"libraries_count": len(functions.libraries),
            b"functions_count": len(functions.functions),
        }
    }
    return {b"running_script": running, b"engines": engines}


@FAMILY.command("FUNCTION|DUMP")
def function_dump(ctx: Context, _args: list[bytes]) -> Reply:
    """All libraries as a payload for FUNCTION RESTORE."""
    libraries = ctx.engine.instance.functions.libraries.values()
    return dump_libraries([library.code for library in libraries], ctx.engine.config.rdb_version)


@FAMILY.command("FUNCTION|RESTORE")
def function_restore(ctx: Context, args: list[bytes]) -> Reply:
    """Load libraries out of a payload, all of them or none."""
    policy = args[1].upper() if len(args) > 1 else b"APPEND"
    if len(args) > 2:
        raise _wrong_number(ctx)
    if policy not in {b"APPEND", b"REPLACE", b"FLUSH"}:
        raise ReplyError(
            "Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."
        )
    try:
        codes = restore_libraries(args[0])
    except PayloadError:
        raise ReplyError("DUMP payload version or checksum are wrong") from None
    functions = ctx.engine.instance.functions
    libraries, known = dict(functions.libraries), dict(functions.functions)
    try:
        if policy == b"FLUSH":
            functions.clear()
        for code in codes:
            functions.load(ctx, code, replaces=policy == b"REPLACE")
    except FunctionError as error:
        functions.libraries, functions.functions = libraries, known
        if str(error).endswith("already exists"):
            raise FunctionError(str(error).replace("'", "")) from None
        raise
    ctx.modified += 1
    return OK
