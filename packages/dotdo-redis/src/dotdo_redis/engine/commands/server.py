"""Time, persistence and replication as a standalone server answers; it refuses to be a replica."""

from dotdo_redis.engine.arguments import integer, timeout_ms
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import OK, Reply, Status, Verbatim
from dotdo_redis.spec.commands import COMMANDS
from dotdo_redis.spec.modules import MODULES

FAMILY = Family()


@FAMILY.command("TIME")
def time(ctx: Context, _args: list[bytes]) -> Reply:
    """Seconds since 1970, and the microseconds beyond."""
    seconds, microseconds = divmod(ctx.engine.now_us, 1_000_000)
    return [b"%d" % seconds, b"%d" % microseconds]


@FAMILY.command("LOLWUT")
def lolwut(ctx: Context, args: list[bytes]) -> Reply:
    """The version under a little picture."""
    if len(args) > 1 and args[0].upper() == b"VERSION":
        integer(args[1])
    release = ".".join(map(str, ctx.engine.config.release))
    squares = "\n".join("  ".join("[]" for _ in range(8)) for _ in range(4))
    return Verbatim(f"{squares}\n\nRedis ver. {release}\n".encode())


@FAMILY.command("ROLE")
def role(_ctx: Context, _args: list[bytes]) -> Reply:
    """A master without replicas."""
    return [b"master", 0, []]


@FAMILY.command("WAIT")
def wait(_ctx: Context, args: list[bytes]) -> Reply:
    """No replica has acknowledged anything."""
    integer(args[0])
    timeout_ms(args[1], milliseconds=True)
    return 0


@FAMILY.command("WAITAOF")
def waitaof(ctx: Context, args: list[bytes]) -> Reply:
    """Have what was written on the disk; there are no replicas."""
    if integer(args[0]) not in {0, 1}:
        raise ReplyError("value is out of range, value must between 0 and 1")
    integer(args[1])
    timeout_ms(args[2], milliseconds=True)
    if args[0] == b"1" and not ctx.engine.instance.parameters.is_on("appendonly"):
        raise ReplyError("WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
    file = ctx.engine.instance.append_file
    return [int(file is not None and file.sync()), 0]


@FAMILY.command("REPLICAOF", "SLAVEOF")
def replicaof(_ctx: Context, args: list[bytes]) -> Reply:
    """Stay a master; to become a replica is refused."""
    if [word.upper() for word in args] == [b"NO", b"ONE"]:
        return OK
    raise ReplyError("REPLICAOF is not supported: a tenant is copied by its branches")


@FAMILY.command("FAILOVER")
def failover(_ctx: Context, _args: list[bytes]) -> Reply:
    """There is nobody to take over."""
    raise ReplyError("FAILOVER requires connected replicas.")


@FAMILY.command("LASTSAVE")
def lastsave(ctx: Context, _args: list[bytes]) -> Reply:
    """When everything was last written out, in seconds since 1970."""
    return ctx.engine.instance.saved_us // 1_000_000


@FAMILY.command("SAVE")
def save(ctx: Context, _args: list[bytes]) -> Reply:
    """Write everything out now."""
    ctx.engine.instance.saved(ctx.engine)
    return OK


@FAMILY.command("BGSAVE")
def bgsave(ctx: Context, args: list[bytes]) -> Reply:
    """Write everything out."""
    if args and (len(args) > 1 or args[0].upper() != b"SCHEDULE"):
        raise syntax()
    ctx.engine.instance.saved(ctx.engine)
    return Status(b"Background saving started")


@FAMILY.command("BGREWRITEAOF")
def bgrewriteaof(_ctx: Context, _args: list[bytes]) -> Reply:
    """Compact the log of effects."""
    return Status(b"Background append only file rewriting started")


@FAMILY.command("SHUTDOWN")
def shutdown(_ctx: Context, args: list[bytes]) -> Reply:
    """Stopping is the host's affair: the vendor's answer to a shutdown that failed."""
    known = {b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT"}
    words = {word.upper() for word in args}
    if (
        not words <= known
        or {b"NOSAVE", b"SAVE"} <= words
        or (b"ABORT" in words and len(words) > 1)
    ):
        raise syntax()
    if b"ABORT" in words:
        raise ReplyError("No shutdown in progress.")
    raise ReplyError("Errors trying to SHUTDOWN. Check logs.")


@FAMILY.command("MONITOR")
def monitor(ctx: Context, _args: list[bytes]) -> Reply:
    """Be shown every call from now on."""
    if "deny_blocking" in ctx.client.flags:
        raise ReplyError("MONITOR isn't allowed for DENY BLOCKING client")
    ctx.engine.audience.monitor(ctx.client)
    return OK


@FAMILY.command(
    "READONLY",
    "READWRITE",
    "ASKING",
    "CLUSTER",
    *(name for name in COMMANDS if name.startswith("CLUSTER|")),
)
def cluster(_ctx: Context, _args: list[bytes]) -> Reply:
    """There is no cluster."""
    raise ReplyError("This instance has cluster support disabled")


@FAMILY.command("MODULE|LIST")
def module_list(_ctx: Context, _args: list[bytes]) -> Reply:
    """The modules whose commands are here."""
    return [
        {b"name": name.encode(), b"ver": version, b"path": b"", b"args": []}
        for name, version in MODULES.items()
    ]


@FAMILY.command("MODULE|LOAD", "MODULE|LOADEX", "MODULE|UNLOAD")
def module(_ctx: Context, _args: list[bytes]) -> Reply:
    """Modules are machine code for another server."""
    raise ReplyError(
        'MODULE command not allowed. If the enable-module-command option is set to "local", you can run it from a '
        "local connection, otherwise you need to set this option in the configuration file, and then restart the server."
    )


@FAMILY.command("MIGRATE")
def migrate(_ctx: Context, _args: list[bytes]) -> Reply:
    """Keys are not sent to other servers from here; DUMP and RESTORE carry them."""
    raise ReplyError("MIGRATE is not supported: carry keys over with DUMP and RESTORE")


@FAMILY.command("REPLCONF")
def replconf(_ctx: Context, _args: list[bytes]) -> Reply:
    """Accept what a replica says of itself before it asks."""
    return OK


@FAMILY.command("SYNC", "PSYNC")
def sync(_ctx: Context, _args: list[bytes]) -> Reply:
    """There is no stream for replicas."""
    raise ReplyError("SYNC is not supported: a tenant is copied by its branches")
