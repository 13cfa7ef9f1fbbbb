"""SLOWLOG, LATENCY, MEMORY and the parts of DEBUG that clients rely on; it refuses to crash on demand."""

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.commands.info import all_commands
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Command, Family
from dotdo_redis.engine.sizes import size_of, size_of_keys
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import OK, Reply, Verbatim

FAMILY = Family()

_NO_LATENCY = (
    "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use "
    '"CONFIG SET latency-monitor-threshold <milliseconds>." in order to enable it. If we weren\'t in a deep space '
    "mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"
)


@FAMILY.command("SLOWLOG|GET")
def slowlog_get(ctx: Context, args: list[bytes]) -> Reply:
    """The newest slow calls: 10, so many, or all for -1."""
    count = integer(args[0], "count should be greater than or equal to -1") if args else 10
    if count < -1 or len(args) > 1:
        raise ReplyError("count should be greater than or equal to -1")
    entries = list(ctx.engine.instance.slowlog.entries)
    chosen = entries if count == -1 else entries[:count]
    return [
        [one.number, one.at_s, one.duration_us, one.words, one.address, one.name] for one in chosen
    ]


@FAMILY.command("SLOWLOG|LEN")
def slowlog_len(ctx: Context, _args: list[bytes]) -> Reply:
    """How many slow calls are kept."""
    return len(ctx.engine.instance.slowlog.entries)


@FAMILY.command("SLOWLOG|RESET")
def slowlog_reset(ctx: Context, _args: list[bytes]) -> Reply:
    """Forget the slow calls."""
    ctx.engine.instance.slowlog.entries.clear()
    return OK


@FAMILY.command("LATENCY|LATEST")
def latency_latest(ctx: Context, _args: list[bytes]) -> Reply:
    """The last sample of each event, and its highest."""
    monitor = ctx.engine.instance.latency
    return [
        [event, *samples[-1], monitor.highest[event]] for event, samples in monitor.samples.items()
    ]


@FAMILY.command("LATENCY|HISTORY")
def latency_history(ctx: Context, args: list[bytes]) -> Reply:
    """The samples of an event."""
    return [list(sample) for sample in ctx.engine.instance.latency.samples.get(args[0], ())]


@FAMILY.command("LATENCY|RESET")
def latency_reset(ctx: Context, args: list[bytes]) -> Reply:
    """Forget events; return how many."""
    return ctx.engine.instance.latency.reset(args)


@FAMILY.command("LATENCY|GRAPH")
def latency_graph(ctx: Context, args: list[bytes]) -> Reply:
    """The samples of an event as a line of bars."""
    monitor = ctx.engine.instance.latency
    samples = monitor.samples.get(args[0])
    if not samples:
        raise ReplyError(f"No samples available for event '{args[0].decode('utf-8', 'replace')}'")
    heights = [duration for _, duration in samples]
    low, high = min(heights), max(heights)
    scale = (high - low) or 1
    bars = "".join("_o#"[min(2, 3 * (height - low) // scale)] for height in heights)
    name = args[0].decode("utf-8", "replace")
    head = f"{name} - high {high} ms, low {low} ms (all time high {monitor.highest[args[0]]} ms)"
    return Verbatim(f"{head}\n{'-' * 80}\n{bars}\n".encode())


@FAMILY.command("LATENCY|DOCTOR")
def latency_doctor(ctx: Context, _args: list[bytes]) -> Reply:
    """What the samples tell."""
    monitor = ctx.engine.instance.latency
    if not monitor.threshold_ms:
        return Verbatim(_NO_LATENCY.encode())
    if not monitor.samples:
        return Verbatim(
            b"Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest "
            b"bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n"
        )
    lines = [
        f"{event.decode('utf-8', 'replace')}: {len(samples)} latency spikes (worst {monitor.highest[event]} ms)."
        for event, samples in monitor.samples.items()
    ]
    head = "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?"
    return Verbatim("\n".join([head, "", *lines, ""]).encode())


@FAMILY.command("LATENCY|HISTOGRAM")
def latency_histogram(ctx: Context, args: list[bytes]) -> Reply:
    """How long calls took: all commands that were called, or the named ones."""
    named = {name.decode("utf-8", "replace").lower() for name in args}
    found: dict[object, object] = {}
    for command in all_commands(ctx):
        container = command.shown_name.partition("|")[0]
        if command.calls and (not named or {command.shown_name, container} & named):
            found[command.shown_name.encode()] = _histogram(command)
    return found


def _histogram(command: Command) -> dict[object, object]:
    mean, bucket = max(command.usec // command.calls, 1), 1
    while bucket < mean:
        bucket *= 2
    return {b"calls": command.calls, b"histogram_usec": {bucket: command.calls}}


@FAMILY.command("MEMORY|USAGE")
def memory_usage(ctx: Context, args: list[bytes]) -> Reply:
    """Bytes that a key takes, null when it is not there."""
    options = args[1:]
    if options:
        if len(options) != 2 or options[0].upper() != b"SAMPLES":
            raise syntax()
        if integer(options[1]) < 0:
            raise syntax()
    value = ctx.db.peek(args[0])
    return None if value is None else size_of(args[0], value)


@FAMILY.command("MEMORY|STATS")
def memory_stats(ctx: Context, _args: list[bytes]) -> Reply:
    """Where memory goes."""
    instance = ctx.engine.instance
    data = size_of_keys(ctx.engine)
    used = data + instance.startup_bytes
    keys = sum(len(database.keys) for database in ctx.engine.databases)
    databases: dict[object, object] = {
        b"db.%d" % database.index: {
            b"overhead.hashtable.main": 72 * len(database.keys),
            b"overhead.hashtable.expires": 40 * len(database.expires),
            b"overhead.hashtable.slot-to-keys": 0,
        }
        for database in ctx.engine.databases
        if database.keys
    }
    return {
        b"peak.allocated": max(instance.peak_bytes, used),
        b"total.allocated": used,
        b"startup.allocated": instance.startup_bytes,
        b"replication.backlog": 0,
        b"clients.slaves": 0,
        b"clients.normal": 1800 * len(ctx.engine.clients),
        b"cluster.links": 0,
        b"aof.buffer": 0,
        b"lua.caches": instance.scripts.used_bytes,
        b"functions.caches": 200,
        **databases,
        b"overhead.total": instance.startup_bytes,
        b"keys.count": keys,
        b"keys.bytes-per-key": data // keys if keys else 0,
        b"dataset.bytes": data,
        b"dataset.percentage": 100 * data / used,
        b"peak.percentage": 100 * used / max(instance.peak_bytes, used),
        b"allocator.allocated": used,
        b"allocator.active": used,
        b"allocator.resident": used,
        b"allocator-fragmentation.ratio": 1.0,
        b"allocator-fragmentation.bytes": 0,
        b"allocator-rss.ratio": 1.0,
        b"allocator-rss.bytes": 0,
        b"rss-overhead.ratio": 1.0,
        b"rss-overhead.bytes": 0,
        b"fragmentation": 1.0,
        b"fragmentation.bytes": 0,
    }


@FAMILY.command("MEMORY|DOCTOR")
def memory_doctor(_ctx: Context, _args: list[bytes]) -> Reply:
    """There is nothing to complain of."""
    return Verbatim(
        b"Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n"
    )


@FAMILY.command("MEMORY|PURGE")
def memory_purge(_ctx: Context, _args: list[bytes]) -> Reply:
    """The allocator gives back what it can by itself."""
    return OK


@FAMILY.command("MEMORY|MALLOC-STATS")
def memory_malloc_stats(_ctx: Context, _args: list[bytes]) -> Reply:
    """The allocator tells nothing."""
    return Verbatim(b"Stats not supported for the current allocator")
