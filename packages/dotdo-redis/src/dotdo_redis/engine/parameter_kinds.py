"""What values the parameters of CONFIG take: their kinds, bounds, spellings; it refuses to keep a value."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dotdo_redis.engine.config import notify_flags
from dotdo_redis.engine.notifications import LETTERS
from dotdo_redis.spec.parameters import DEFAULTS

INT_MAX = 2**31 - 1
LONG_MAX = 2**63 - 1
IMMUTABLE = frozenset({
    "databases", "unixsocket", "unixsocketperm", "daemonize", "pidfile", "logfile", "appendfilename",
    "appenddirname", "cluster-enabled", "cluster-config-file", "aclfile", "io-threads", "tcp-backlog", "supervised",
    "syslog-enabled", "syslog-ident", "syslog-facility", "always-show-logo", "enable-debug-command",
    "enable-module-command", "enable-protected-configs", "io-threads-do-reads", "disable-thp", "server_cpulist",
    "bio_cpulist", "aof_rewrite_cpulist", "bgsave_cpulist", "set-proc-title",
})  # fmt: skip
"""What cannot be set while the server runs; where it listens and keeps its files is the host's affair."""
UNMOVED = frozenset({
    "active-defrag-cycle-max", "active-defrag-cycle-min", "active-defrag-ignore-bytes",
    "active-defrag-max-scan-fields", "active-defrag-threshold-lower", "active-defrag-threshold-upper", "activedefrag",
    "activerehashing", "aof-disable-auto-gc", "aof-load-truncated", "aof-rewrite-incremental-fsync",
    "aof-timestamp-enabled", "aof-use-rdb-preamble", "auto-aof-rewrite-min-size", "auto-aof-rewrite-percentage",
    "cluster-allow-pubsubshard-when-down", "cluster-allow-reads-when-down", "cluster-allow-replica-migration",
    "cluster-announce-bus-port", "cluster-announce-hostname", "cluster-announce-ip", "cluster-announce-port",
    "cluster-announce-tls-port", "cluster-link-sendbuf-limit", "cluster-migration-barrier", "cluster-node-timeout",
    "cluster-port", "cluster-preferred-endpoint-type", "cluster-replica-no-failover", "cluster-replica-validity-factor",
    "cluster-require-full-coverage", "crash-log-enabled", "crash-memcheck-enabled", "dynamic-hz", "ignore-warnings",
    "jemalloc-bg-thread", "key-load-delay", "lazyfree-lazy-eviction", "lazyfree-lazy-expire",
    "lazyfree-lazy-server-del", "loglevel", "masterauth", "masteruser", "min-replicas-max-lag",
    "no-appendfsync-on-rewrite", "oom-score-adj", "oom-score-adj-values", "proc-title-template",
    "propagation-error-behavior", "rdb-del-sync-files", "rdb-save-incremental-fsync", "rdbchecksum", "rdbcompression",
    "repl-backlog-ttl", "repl-disable-tcp-nodelay", "repl-diskless-load", "repl-diskless-sync",
    "repl-diskless-sync-delay", "repl-diskless-sync-max-replicas", "repl-ping-replica-period", "repl-timeout",
    "replica-announce-ip", "replica-announce-port", "replica-announced", "replica-ignore-disk-write-errors",
    "replica-ignore-maxmemory", "replica-lazy-flush", "replica-priority", "replica-read-only",
    "replica-serve-stale-data", "replicaof", "sanitize-dump-payload", "shutdown-on-sigint", "shutdown-on-sigterm",
    "shutdown-timeout", "stop-writes-on-bgsave-error", "tcp-keepalive", "tls-cluster", "tls-replication",
})  # fmt: skip
"""What can be set to what it is, for nothing here would follow another value."""
UNCHANGEABLE = "can't set immutable config"
_NO_TLS = "Unable to update TLS configuration. Check server logs."
FIXED = {
    "port": "Unable to listen on this port. Check server logs.",
    "bind": "Failed to bind to specified addresses.",
    "bind-source-addr": "Failed to bind to specified addresses.",
    "maxmemory-clients": "clients are not evicted here",
    "socket-mark-id": "sockets are the host's affair",
    "protected-mode": "who may connect is the host's affair",
    **dict.fromkeys(UNMOVED, UNCHANGEABLE),
    **{
        name: _NO_TLS
        for name in DEFAULTS
        if name.startswith("tls-") and name not in {"tls-replication", "tls-cluster"}
    },
}
"""What can be set to what it is; another value is the host's affair."""
PROTECTED = frozenset({"dir", "dbfilename"})
CHOICES = {
    "maxmemory-policy": (
        "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu",
        "allkeys-random", "noeviction",
    ),
    "appendfsync": ("everysec", "always", "no"),
    "loglevel": ("debug", "verbose", "notice", "warning"),
    "repl-diskless-load": ("disabled", "on-empty-db", "swapdb"),
    "oom-score-adj": ("no", "yes", "relative", "absolute"),
    "acl-pubsub-default": ("allchannels", "resetchannels"),
    "sanitize-dump-payload": ("no", "yes", "clients"),
    "propagation-error-behavior": ("ignore", "panic", "panic-on-replicas"),
    "cluster-preferred-endpoint-type": ("ip", "hostname", "unknown-endpoint"),
}  # fmt: skip
MEMORY = frozenset({
    "maxmemory", "client-query-buffer-limit", "proto-max-bulk-len", "repl-backlog-size", "auto-aof-rewrite-min-size",
    "active-defrag-ignore-bytes", "stream-node-max-bytes", "hll-sparse-max-bytes", "cluster-link-sendbuf-limit",
    "hash-max-listpack-entries", "hash-max-listpack-value", "set-max-intset-entries", "zset-max-listpack-entries",
    "zset-max-listpack-value", "maxmemory-clients", "hash-max-ziplist-entries", "hash-max-ziplist-value",
    "zset-max-ziplist-entries", "zset-max-ziplist-value", "set-max-listpack-entries", "set-max-listpack-value",
})  # fmt: skip
BOUNDS = {
    "client-query-buffer-limit": (1024 * 1024, LONG_MAX),
    "proto-max-bulk-len": (1024 * 1024, LONG_MAX),
    "maxclients": (1, INT_MAX),
    "hz": (0, INT_MAX),
    "active-expire-effort": (1, 10),
    "maxmemory-samples": (1, INT_MAX),
    "maxmemory-eviction-tenacity": (0, 100),
    "lfu-log-factor": (0, INT_MAX),
    "slowlog-log-slower-than": (-1, LONG_MAX),
    "slowlog-max-len": (0, LONG_MAX),
    "list-max-listpack-size": (-5, INT_MAX),
    "list-max-ziplist-size": (-5, INT_MAX),
    "timeout": (0, INT_MAX),
    "repl-timeout": (1, INT_MAX),
    "repl-ping-replica-period": (1, INT_MAX),
    "replica-priority": (0, INT_MAX),
    "latency-monitor-threshold": (0, LONG_MAX),
    "tracking-table-max-keys": (0, LONG_MAX),
    "busy-reply-threshold": (0, LONG_MAX),
    "lua-time-limit": (0, LONG_MAX),
}
ALIASES = {
    "hash-max-ziplist-entries": "hash-max-listpack-entries",
    "hash-max-ziplist-value": "hash-max-listpack-value",
    "zset-max-ziplist-entries": "zset-max-listpack-entries",
    "zset-max-ziplist-value": "zset-max-listpack-value",
    "list-max-ziplist-size": "list-max-listpack-size",
    "lua-time-limit": "busy-reply-threshold",
    "slave-serve-stale-data": "replica-serve-stale-data",
    "slave-read-only": "replica-read-only",
    "slave-priority": "replica-priority",
    "slave-announce-ip": "replica-announce-ip",
    "slave-announce-port": "replica-announce-port",
    "slave-ignore-maxmemory": "replica-ignore-maxmemory",
    "slave-lazy-flush": "replica-lazy-flush",
    "slaveof": "replicaof",
    "min-slaves-to-write": "min-replicas-to-write",
    "min-slaves-max-lag": "min-replicas-max-lag",
    "repl-ping-slave-period": "repl-ping-replica-period",
    "cluster-slave-validity-factor": "cluster-replica-validity-factor",
    "cluster-slave-no-failover": "cluster-replica-no-failover",
}
HIDDEN = {"key-load-delay": "0"}
"""Parameters that only their whole name finds."""
NEWER = {"set-max-listpack-entries": "128", "set-max-listpack-value": "64"}
"""Parameters of 7.2 and later, with their defaults."""
STREAMS = ("stream-node-max-entries", "stream-node-max-bytes")
_UNITS = {
    "": 1, "b": 1, "k": 1000, "kb": 1024, "m": 10**6, "mb": 1 << 20, "g": 10**9, "gb": 1 << 30,
}  # fmt: skip
_MEMORY = re.compile(r"(-?\d+)([a-z]*)\Z")
_INTEGER = re.compile(r"-?\d+\Z")
BUFFER_LIMIT = "client-output-buffer-limit"
BUFFER_CLASSES = {"normal": "normal", "slave": "slave", "replica": "slave", "pubsub": "pubsub"}


class InvalidValue(ValueError):
    """A value that a parameter does not take; the text says why, as Redis does."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter."""

    name: str
    read: Callable[[str, str], str]
    """From (name, text) to the text that is kept."""
    is_immutable: bool = False
    is_protected: bool = False


def _boolean(_name: str, text: str) -> str:
    if text.lower() not in {"yes", "no"}:
        raise InvalidValue("argument must be 'yes' or 'no'")
    return text.lower()


def _choice(name: str, text: str) -> str:
    if text.lower() not in CHOICES[name]:
        raise InvalidValue(f"argument(s) must be one of the following: {', '.join(CHOICES[name])}")
    return text.lower()


def _integer(name: str, text: str) -> str:
    if not _INTEGER.match(text):
        raise InvalidValue("argument couldn't be parsed into an integer")
    return _bounded(name, int(text))


def _bounded(name: str, number: int) -> str:
    low, high = BOUNDS.get(name, (0, LONG_MAX))
    if not low <= number <= high:
        raise InvalidValue(f"argument must be between {low} and {high} inclusive")
    return str(number)


def _memory(name: str, text: str) -> str:
    found = _MEMORY.match(text.lower())
    if not found or found[2] not in _UNITS or int(found[1]) < 0:
        raise InvalidValue("argument must be a memory value")
    return _bounded(name, int(found[1]) * _UNITS[found[2]])


def _any_text(_name: str, text: str) -> str:
    return text


def _events(_name: str, text: str) -> str:
    flags = notify_flags(text)
    if flags is None:
        raise InvalidValue("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
    return event_letters(flags)


def event_letters(flags: int) -> str:
    """Spell notify-keyspace-events as CONFIG GET shows it."""
    kinds = "g$lshzxetd"
    shown = "A" if all(flags & LETTERS[letter] for letter in kinds) else ""
    shown += "" if shown else "".join(letter for letter in kinds if flags & LETTERS[letter])
    return shown + "".join(letter for letter in "KEmn" if flags & LETTERS[letter])


def _save_points(_name: str, text: str) -> str:
    words = text.split()
    if len(words) % 2 or any(not word.isdigit() for word in words) or "0" in words[::2]:
        raise InvalidValue("Invalid save parameters")
    return " ".join(words)


def _percentiles(_name: str, text: str) -> str:
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        numbers = [-1.0]
    if any(not 0 <= number <= 100 for number in numbers):
        raise InvalidValue("latency-tracking-info-percentiles should contain a numeric percentile")
    return " ".join(f"{number:g}" for number in numbers)


def _buffer_limits(_name: str, text: str) -> str:
    words = text.split()
    if not words or len(words) % 4:
        raise InvalidValue("Wrong number of arguments in buffer limit configuration.")
    limits: dict[str, str] = {}
    for at in range(0, len(words), 4):
        name = BUFFER_CLASSES.get(words[at].lower())
        if name is None:
            raise InvalidValue("Invalid client class specified in buffer limit configuration.")
        try:
            hard, soft = (_memory("", word) for word in words[at + 1 : at + 3])
        except InvalidValue:
            raise InvalidValue(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration."
            ) from None
        if not words[at + 3].isdigit():
            raise InvalidValue(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration."
            )
        limits[name] = f"{hard} {soft} {words[at + 3]}"
    return " ".join(f"{name} {limit}" for name, limit in limits.items())


def _oom_scores(_name: str, text: str) -> str:
    words = text.split()
    if len(words) != 3 or any(not _INTEGER.match(word) for word in words):
        raise InvalidValue("wrong number of arguments")
    if any(not -2000 <= int(word) <= 2000 for word in words):
        raise InvalidValue("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
    return text


def _port(_name: str, text: str) -> str:
    if text and not _INTEGER.match(text):
        raise InvalidValue("argument couldn't be parsed into an integer")
    return text


def _share(name: str, text: str) -> str:
    if not text.endswith("%"):
        return _memory(name, text)
    if not text[:-1].isdigit() or int(text[:-1]) > 100:
        raise InvalidValue("percentage argument must be less or equal to 100")
    return text


_SPECIAL: dict[str, Callable[[str, str], str]] = {
    "notify-keyspace-events": _events,
    "save": _save_points,
    "port": _port,
    "maxmemory-clients": _share,
    "latency-tracking-info-percentiles": _percentiles,
    BUFFER_LIMIT: _buffer_limits,
    "oom-score-adj-values": _oom_scores,
}


def reader_of(name: str, default: str) -> Callable[[str, str], str]:
    """What reads the values of a parameter, by its name and its default."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name in CHOICES:
        return _choice
    if name in MEMORY:
        return _memory
    if default in {"yes", "no"}:
        return _boolean
    return _integer if _INTEGER.match(default) else _any_text
