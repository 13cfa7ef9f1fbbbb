"""The parameters of CONFIG: what each is now, and what a change of it does; it refuses to find or show them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dotdo_redis.engine.clientlimits import read_limits
from dotdo_redis.engine.config import notify_flags
from dotdo_redis.engine.parameter_kinds import (
    ALIASES,
    BUFFER_LIMIT,
    FIXED,
    HIDDEN,
    IMMUTABLE,
    NEWER,
    PROTECTED,
    STREAMS,
    UNCHANGEABLE,
    Parameter,
    reader_of,
)
from dotdo_redis.spec.parameters import DEFAULTS

if TYPE_CHECKING:
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.instance import Instance

UNKEPT = "Unable to turn on AOF. Check server logs."


class Parameters:
    """The parameters' values, and what a change of one does."""

    def __init__(self, engine: "Engine", instance: "Instance") -> None:
        self._engine = engine
        self._instance = instance
        newer = NEWER if engine.config.shows(7, 2) else {}
        self.values: dict[str, str] = {
            **DEFAULTS,
            **HIDDEN,
            **newer,
            "databases": str(engine.config.databases),
        }
        self.known = {
            name: Parameter(name, reader_of(name, default), name in IMMUTABLE, name in PROTECTED)
            for name, default in self.values.items()
        }
        self._effects: dict[str, Callable[[str], None]] = {
            "slowlog-max-len": self._set_slowlog_length,
            "slowlog-log-slower-than": self._set_slowlog_threshold,
            "latency-monitor-threshold": self._set_latency_threshold,
            "notify-keyspace-events": self._set_events,
            "min-replicas-to-write": instance.require_replicas,
            "maxmemory": lambda text: instance.memory.set_limit(int(text)),
            "maxmemory-policy": self._set_policy,
            "requirepass": instance.require_password,
            "acl-pubsub-default": self._set_channels_default,
            "timeout": self._set_timeout,
            "save": self._set_save_points,
            "appendonly": self._set_keeping,
            "appendfsync": self._set_syncing,
            "client-query-buffer-limit": self._set_query_limit,
            "maxclients": self._set_most_clients,
            "tracking-table-max-keys": lambda _text: instance.tracking.trim(),
            BUFFER_LIMIT: self._set_output_limits,
            "acllog-max-len": self._set_log_length,
        }
        self._set_output_limits(self.values[BUFFER_LIMIT])
        for name in (
            "list-compress-depth",
            "list-max-listpack-size",
            "set-max-intset-entries",
            "proto-max-bulk-len",
            *NEWER,
            *STREAMS,
        ):
            self._effects[name] = self._setter(name)
        for kind in ("hash", "zset"):
            for what in ("entries", "value"):
                name = f"{kind}-max-listpack-{what}"
                self._effects[name] = self._setter(name)

    def set(self, name: str, text: str) -> None:
        """Set a parameter to a text that its `read` gave, under all its names."""
        name = ALIASES.get(name, name)
        if name == BUFFER_LIMIT:
            text = self._merged_limits(text)
        for alias in [name, *(alias for alias, known in ALIASES.items() if known == name)]:
            self.values[alias] = text
        effect = self._effects.get(name)
        if effect is not None:
            effect(text)

    def _merged_limits(self, text: str) -> str:
        """All classes of `client-output-buffer-limit`, those that were named with their new bounds."""
        classes: dict[str, str] = {}
        for words in (self.values[BUFFER_LIMIT].split(), text.split()):
            classes |= {words[at]: " ".join(words[at : at + 4]) for at in range(0, len(words), 4)}
        return " ".join(classes.values())

    def obstacle(self, name: str, text: str) -> str:
        """Why a text that a parameter takes can have no effect here; empty when it can."""
        if text == self.values[name]:
            return ""
        if name in {"appendonly", "appendfsync"} and self._instance.append_file is None:
            return UNKEPT if name == "appendonly" else UNCHANGEABLE
        if name == "appendfsync" and not self.is_on("appendonly"):
            return UNCHANGEABLE
        return FIXED.get(ALIASES.get(name, name), "")

    def number(self, name: str) -> int:
        """The value of a parameter that is a number."""
        return int(self.values[name])

    def is_on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.values[name] == "yes"

    def _setter(self, name: str) -> Callable[[str], None]:
        attribute = name.replace("-", "_")
        return lambda text: setattr(self._engine.config, attribute, int(text))

    def _set_slowlog_length(self, text: str) -> None:
        self._instance.slowlog.limit = int(text)
        self._instance.slowlog.trim()

    def _set_slowlog_threshold(self, text: str) -> None:
        self._instance.slow_us = int(text)
        self._instance.set_thresholds()

    def _set_latency_threshold(self, text: str) -> None:
        self._instance.latency.threshold_ms = int(text)
        self._instance.set_thresholds()

    def _set_events(self, text: str) -> None:
        self._engine.config.notify = notify_flags(text) or 0

    def _set_timeout(self, text: str) -> None:
        self._instance.limits.timeout_s = int(text)

    def _set_save_points(self, text: str) -> None:
        numbers = [int(word) for word in text.split()]
        self._instance.save_points = list(zip(numbers[::2], numbers[1::2], strict=True))

    def _set_syncing(self, text: str) -> None:
        if self._instance.append_file is not None:
            self._instance.append_file.sync_as(text)

    def _set_keeping(self, text: str) -> None:
        if self._instance.append_file is not None:
            self._instance.append_file.keep(is_wanted=text == "yes")

    def _set_query_limit(self, text: str) -> None:
        self._instance.limits.query_bytes = int(text)

    def _set_most_clients(self, text: str) -> None:
        self._instance.limits.most = int(text)

    def _set_output_limits(self, text: str) -> None:
        self._instance.limits.output = read_limits(text)

    def _set_log_length(self, text: str) -> None:
        self._instance.acl_log.keep(int(text))

    def _set_policy(self, text: str) -> None:
        self._engine.config.is_lfu = text.endswith("lfu")
        self._instance.uses.follow(is_wanted=text.endswith("lfu"))

    def _set_channels_default(self, text: str) -> None:
        self._instance.users.has_all_channels = text == "allchannels"
