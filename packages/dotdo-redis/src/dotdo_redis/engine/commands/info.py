"""INFO, section by section; it refuses figures that mean nothing here other than as zeros a client expects."""

import os
import platform
import resource
import sys
from collections.abc import Callable, Iterable

from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Command, Family
from dotdo_redis.engine.sizes import human, size_of_keys
from dotdo_redis.mapping.replies import Reply, Verbatim
from dotdo_redis.spec.modules import MODULES

FAMILY = Family()

Lines = Iterable[tuple[str, object]]
_PAGE = resource.getpagesize()


def _server(ctx: Context) -> Lines:
    engine, instance = ctx.engine, ctx.engine.instance
    parameters = instance.parameters.values
    uptime_s = (engine.now_us - instance.started_us) // 1_000_000
    machine = platform.uname()
    return [
        ("redis_version", ".".join(map(str, engine.config.release))),
        ("redis_git_sha1", "00000000"),
        ("redis_git_dirty", 0),
        ("redis_build_id", instance.run_id[:15]),
        ("redis_mode", "standalone"),
        ("os", f"{machine.system} {machine.release} {machine.machine}"),
        ("arch_bits", 64 if sys.maxsize > 2**32 else 32),
        ("monotonic_clock", "POSIX clock_gettime"),
        ("multiplexing_api", "epoll"),
        ("atomicvar_api", "c11-builtin"),
        ("gcc_version", "0.0.0"),
        ("process_id", os.getpid()),
        ("process_supervised", "no"),
        ("run_id", instance.run_id),
        ("tcp_port", parameters["port"] or 0),
        ("server_time_usec", engine.now_us),
        ("uptime_in_seconds", uptime_s),
        ("uptime_in_days", uptime_s // 86400),
        ("hz", parameters["hz"]),
        ("configured_hz", parameters["hz"]),
        ("lru_clock", engine.now_us // 1_000_000 & 0xFFFFFF),
        ("executable", sys.executable),
        ("config_file", ""),
        ("io_threads_active", 0),
    ]


def _clients(ctx: Context) -> Lines:
    engine = ctx.engine
    clients = engine.clients.values()
    return [
        ("connected_clients", len(engine.clients)),
        ("cluster_connections", 0),
        ("maxclients", engine.instance.parameters.values["maxclients"]),
        ("client_recent_max_input_buffer", 0),
        ("client_recent_max_output_buffer", 0),
        ("blocked_clients", sum(client.blocked is not None for client in clients)),
        ("tracking_clients", len(engine.instance.tracking.clients)),
        ("clients_in_timeout_table", sum(_has_timeout(client.blocked) for client in clients)),
    ]


def _has_timeout(blocked: object) -> bool:
    return getattr(blocked, "timeout_ms", None) is not None


def _memory(ctx: Context) -> Lines:
    instance = ctx.engine.instance
    parameters = instance.parameters.values
    used = size_of_keys(ctx.engine) + instance.startup_bytes
    instance.peak_bytes = max(instance.peak_bytes, used)
    rss = _resident_bytes()
    maximum = int(parameters["maxmemory"])
    scripts = instance.runner.used_bytes
    total = os.sysconf("SC_PHYS_PAGES") * _PAGE
    return [
        ("used_memory", used),
        ("used_memory_human", human(used)),
        ("used_memory_rss", rss),
        ("used_memory_rss_human", human(rss)),
        ("used_memory_peak", instance.peak_bytes),
        ("used_memory_peak_human", human(instance.peak_bytes)),
        ("used_memory_peak_perc", f"{100 * used / instance.peak_bytes:.2f}%"),
        ("used_memory_overhead", instance.startup_bytes),
        ("used_memory_startup", instance.startup_bytes),
        ("used_memory_dataset", used - instance.startup_bytes),
        ("used_memory_dataset_perc", f"{100 * (used - instance.startup_bytes) / used:.2f}%"),
        ("allocator_allocated", used),
        ("allocator_active", rss),
        ("allocator_resident", rss),
        ("total_system_memory", total),
        ("total_system_memory_human", human(total)),
        ("used_memory_lua", scripts),
        ("used_memory_vm_eval", scripts),
        ("used_memory_lua_human", human(scripts)),
        ("used_memory_scripts_eval", instance.scripts.used_bytes),
        ("number_of_cached_scripts", len(instance.scripts)),
        ("number_of_functions", len(instance.functions.functions)),
        ("number_of_libraries", len(instance.functions.libraries)),
        ("used_memory_vm_functions", scripts),
        ("used_memory_vm_total", 2 * scripts),
        ("used_memory_vm_total_human", human(2 * scripts)),
        ("used_memory_functions", 200),
        ("used_memory_scripts", instance.scripts.used_bytes),
        ("used_memory_scripts_human", human(instance.scripts.used_bytes)),
        ("maxmemory", maximum),
        ("maxmemory_human", human(maximum)),
        ("maxmemory_policy", parameters["maxmemory-policy"]),
        ("allocator_frag_ratio", "1.00"),
        ("allocator_frag_bytes", 0),
        ("allocator_rss_ratio", "1.00"),
        ("allocator_rss_bytes", 0),
        ("rss_overhead_ratio", "1.00"),
        ("rss_overhead_bytes", 0),
        ("mem_fragmentation_ratio", f"{rss / used:.2f}"),
        ("mem_fragmentation_bytes", rss - used),
        ("mem_not_counted_for_evict", 0),
        ("mem_replication_backlog", 0),
        ("mem_total_replication_buffers", 0),
        ("mem_clients_slaves", 0),
        ("mem_clients_normal", 1800 * len(ctx.engine.clients)),
        ("mem_cluster_links", 0),
        ("mem_aof_buffer", 0),
        ("mem_allocator", "libc"),
        ("active_defrag_running", 0),
        ("lazyfree_pending_objects", 0),
        ("lazyfreed_objects", instance.statistics.lazily_freed),
    ]


def _resident_bytes() -> int:
    used: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used * (1 if sys.platform == "darwin" else 1024)


def _persistence(ctx: Context) -> Lines:
    engine, instance = ctx.engine, ctx.engine.instance
    return [
        ("loading", 0),
        ("async_loading", 0),
        ("current_cow_peak", 0),
        ("current_cow_size", 0),
        ("current_cow_size_age", 0),
        ("current_fork_perc", "0.00"),
        ("current_save_keys_processed", 0),
        ("current_save_keys_total", 0),
        ("rdb_changes_since_last_save", engine.changes - instance.saved_changes),
        ("rdb_bgsave_in_progress", 0),
        ("rdb_last_save_time", instance.saved_us // 1_000_000),
        ("rdb_last_bgsave_status", "ok"),
        ("rdb_last_bgsave_time_sec", 0),
        ("rdb_current_bgsave_time_sec", -1),
        ("rdb_saves", instance.saves),
        ("rdb_last_cow_size", 0),
        ("rdb_last_load_keys_expired", 0),
        ("rdb_last_load_keys_loaded", 0),
        ("aof_enabled", int(instance.parameters.is_on("appendonly"))),
        ("aof_rewrite_in_progress", 0),
        ("aof_rewrite_scheduled", 0),
        ("aof_last_rewrite_time_sec", -1),
        ("aof_current_rewrite_time_sec", -1),
        ("aof_last_bgrewrite_status", "ok"),
        ("aof_rewrites", 0),
        ("aof_rewrites_consecutive_failures", 0),
        ("aof_last_write_status", "ok"),
        ("aof_last_cow_size", 0),
        ("module_fork_in_progress", 0),
        ("module_fork_last_cow_size", 0),
    ]


def _stats(ctx: Context) -> Lines:
    engine, statistics = ctx.engine, ctx.engine.instance.statistics
    tracking = engine.instance.tracking
    commands = sum(command.calls for command in all_commands(ctx))
    rates = statistics.rates
    later = (
        "latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
        "active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses",
        "total_active_defrag_time", "current_active_defrag_time",
    )  # fmt: skip
    return [
        ("total_connections_received", statistics.connections),
        ("total_commands_processed", commands),
        ("instantaneous_ops_per_sec", int(rates["commands"].per_s)),
        ("total_net_input_bytes", statistics.input_bytes),
        ("total_net_output_bytes", statistics.output_bytes),
        ("total_net_repl_input_bytes", 0),
        ("total_net_repl_output_bytes", 0),
        ("instantaneous_input_kbps", f"{rates['input'].per_s / 1024:.2f}"),
        ("instantaneous_output_kbps", f"{rates['output'].per_s / 1024:.2f}"),
        ("instantaneous_input_repl_kbps", "0.00"),
        ("instantaneous_output_repl_kbps", "0.00"),
        ("sync_full", 0),
        ("sync_partial_ok", 0),
        ("sync_partial_err", 0),
        ("rejected_connections", statistics.rejected_connections),
        ("expired_keys", statistics.expired_keys),
        ("expired_stale_perc", "0.00"),
        ("expired_time_cap_reached_count", 0),
        ("expire_cycle_cpu_milliseconds", 0),
        ("evicted_keys", statistics.evicted_keys),
        ("evicted_clients", 0),
        ("total_eviction_exceeded_time", 0),
        ("current_eviction_exceeded_time", 0),
        *_lookups(ctx),
        ("pubsub_channels", len(engine.subscriptions.channels)),
        ("pubsub_patterns", len(engine.subscriptions.patterns)),
        ("pubsubshard_channels", len(engine.subscriptions.shard_channels)),
        *((name, 0) for name in later),
        ("tracking_total_keys", len(tracking.readers)),
        ("tracking_total_items", tracking.items),
        ("tracking_total_prefixes", len(tracking.broadcasters)),
        ("unexpected_error_replies", 0),
        ("total_error_replies", sum(statistics.errors.values())),
        ("dump_payload_sanitizations", 0),
        ("total_reads_processed", commands),
        ("total_writes_processed", commands),
        ("io_threaded_reads_processed", 0),
        ("io_threaded_writes_processed", 0),
        ("reply_buffer_shrinks", 0),
        ("reply_buffer_expands", 0),
        *_denials(ctx),
    ]


def _lookups(ctx: Context) -> Lines:
    """How many keys reading commands have found, and how many not."""
    looked_up = misses = 0
    for command in all_commands(ctx):
        facts = command.facts
        if not command.is_write and facts.first_key and "pubsub" not in facts.flags:
            is_one = facts.first_key == facts.last_key
            looked_up += command.calls if is_one else command.looked_up
            misses += command.misses
    return [("keyspace_hits", max(looked_up - misses, 0)), ("keyspace_misses", misses)]


def _denials(ctx: Context) -> Lines:
    if not ctx.engine.config.shows(7, 2):
        return []
    names = {"auth": "auth", "cmd": "command", "key": "key", "channel": "channel"}
    denials = ctx.engine.instance.statistics.denials
    return [(f"acl_access_denied_{name}", denials[reason]) for name, reason in names.items()]


def _replication(ctx: Context) -> Lines:
    return [
        ("role", "master"),
        ("connected_slaves", 0),
        ("master_failover_state", "no-failover"),
        ("master_replid", ctx.engine.instance.replication_id),
        ("master_replid2", "0" * 40),
        ("master_repl_offset", 0),
        ("second_repl_offset", -1),
        ("repl_backlog_active", 0),
        ("repl_backlog_size", ctx.engine.instance.parameters.values["repl-backlog-size"]),
        ("repl_backlog_first_byte_offset", 0),
        ("repl_backlog_histlen", 0),
    ]


def _cpu(_ctx: Context) -> Lines:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return [
        ("used_cpu_sys", f"{own.ru_stime:.6f}"),
        ("used_cpu_user", f"{own.ru_utime:.6f}"),
        ("used_cpu_sys_children", f"{children.ru_stime:.6f}"),
        ("used_cpu_user_children", f"{children.ru_utime:.6f}"),
        ("used_cpu_sys_main_thread", f"{own.ru_stime:.6f}"),
        ("used_cpu_user_main_thread", f"{own.ru_utime:.6f}"),
    ]


def _modules(_ctx: Context) -> Lines:
    for name, version in MODULES.items():
        using = {
            "search": ("using=[ReJSON]", "usedby=[]"),
            "ReJSON": ("using=[]", "usedby=[search]"),
        }
        uses, used = using.get(name, ("using=[]", "usedby=[]"))
        yield "module", f"name={name},ver={version},api=1,filters=0,{used},{uses},options=[]"


def all_commands(ctx: Context) -> Iterable[Command]:
    """Every command and subcommand."""
    for command in ctx.engine.table.values():
        yield command
        yield from command.subcommands.values()


def _commandstats(ctx: Context) -> Lines:
    for command in all_commands(ctx):
        if command.calls or command.failed_calls or command.rejected_calls:
            per_call = command.usec / command.calls if command.calls else 0
            yield (
                f"cmdstat_{command.shown_name}",
                (
                    f"calls={command.calls},usec={command.usec},usec_per_call={per_call:.2f},"
                    f"rejected_calls={command.rejected_calls},failed_calls={command.failed_calls}"
                ),
            )


def _errorstats(ctx: Context) -> Lines:
    errors = ctx.engine.instance.statistics.errors
    return [(f"errorstat_{code}", f"count={errors[code]}") for code in sorted(errors)]


def _latencystats(ctx: Context) -> Lines:
    parameters = ctx.engine.instance.parameters
    if not parameters.is_on("latency-tracking"):
        return
    percentiles = parameters.values["latency-tracking-info-percentiles"].split()
    for command in all_commands(ctx):
        if command.calls and percentiles:
            mean = command.usec / command.calls
            shown = ",".join(f"p{percentile}={mean:.3f}" for percentile in percentiles)
            yield f"latency_percentiles_usec_{command.shown_name}", shown


def _cluster(_ctx: Context) -> Lines:
    return [("cluster_enabled", 0)]


def _keyspace(ctx: Context) -> Lines:
    now_ms = ctx.now_ms
    for database in ctx.engine.databases:
        if database.keys:
            left = [when - now_ms for when in database.expires.values()]
            mean = sum(left) // len(left) if left else 0
            yield (
                f"db{database.index}",
                f"keys={len(database.keys)},expires={len(left)},avg_ttl={max(mean, 0)}",
            )


def _search(ctx: Context) -> Lines:
    indexes = ctx.engine.instance.search.indexes
    return [
        ("search_version", "8.2.0"),
        ("search_number_of_indexes", len(indexes)),
        ("search_number_of_documents", sum(len(index.entries) for index in indexes.values())),
        ("search_global_total_cursors", len(ctx.engine.instance.search.cursors)),
    ]


SECTIONS: dict[str, Callable[[Context], Lines]] = {
    "server": _server,
    "clients": _clients,
    "memory": _memory,
    "persistence": _persistence,
    "stats": _stats,
    "replication": _replication,
    "cpu": _cpu,
    "modules": _modules,
    "search": _search,
    "commandstats": _commandstats,
    "errorstats": _errorstats,
    "latencystats": _latencystats,
    "cluster": _cluster,
    "keyspace": _keyspace,
}
TITLES = {"cpu": "CPU"}
EXTRA = frozenset({"commandstats", "latencystats", "search"})
"""Sections that are shown only when asked for."""


def _chosen(args: list[bytes]) -> list[str]:
    asked = {word.decode("utf-8", "replace").lower() for word in args} or {"default"}
    if asked & {"all", "everything"}:
        return list(SECTIONS)
    if "default" in asked:
        asked |= SECTIONS.keys() - EXTRA
    return [name for name in SECTIONS if name in asked]


@FAMILY.command("INFO")
def info(ctx: Context, args: list[bytes]) -> Reply:
    """Everything worth knowing, in sections of `name:value` lines."""
    texts = []
    for name in _chosen(args):
        lines = "".join(f"{field}:{value}\r\n" for field, value in SECTIONS[name](ctx))
        texts.append(f"# {TITLES.get(name, name.capitalize())}\r\n{lines}")
    return Verbatim("\r\n".join(texts).encode("utf-8", "replace"))
