"""A command's declaration and the family a module declares its commands on; it refuses facts, which are in spec."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dotdo_redis.engine.context import Context
from dotdo_redis.mapping.replies import Reply
from dotdo_redis.spec.facts import Facts

Function = Callable[[Context, list[bytes]], Reply]
KeyFinder = Callable[[list[bytes]], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One command or subcommand (`NAME|SUBCOMMAND`) and the function that runs it."""

    name: str
    function: Function


class Family:
    """The commands of one module."""

    def __init__(self) -> None:
        self.declarations: list[Declaration] = []

    def command(self, *names: str) -> Callable[[Function], Function]:
        """Declare the decorated function as the body of the commands `names`."""

        def declare(function: Function) -> Function:
            self.declarations += [Declaration(name, function) for name in names]
            return function

        return declare


_NOT_PLAIN = {"blocking", "pubsub", "noscript", "admin", "no_multi"}
_NOT_PLAIN_NAMES = {"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "SELECT"}


_READING_WRITES = frozenset({
    "BITOP", "GEORADIUS", "GEORADIUSBYMEMBER", "GEOSEARCHSTORE", "GETDEL", "GETEX", "GETSET", "SDIFFSTORE",
    "SINTERSTORE", "SORT", "SUNIONSTORE", "XACK", "XAUTOCLAIM", "XCLAIM", "XREADGROUP", "ZDIFFSTORE", "ZINTERSTORE",
    "ZRANGESTORE", "ZUNIONSTORE",
})  # fmt: skip
"""Writing commands that only read the keys which they look up."""
_SILENT_READS = ("OBJECT", "MEMORY", "DEBUG", "WATCH", "SCAN", "RANDOMKEY", "KEYS")


@dataclass(slots=True)
class Command:
    """A command ready to run: its function, its facts, its subcommands."""

    name: str
    facts: Facts
    function: Function | None
    subcommands: dict[bytes, "Command"] = field(default_factory=dict)
    calls: int = 0
    nsec: int = 0
    """How long the calls took together."""
    failed_calls: int = 0
    rejected_calls: int = 0
    misses: int = 0
    """Keys that were looked up to be read, and not found."""
    looked_up: int = 0
    """Keys that were looked up to be read, by a command that names several."""
    is_write: bool = False
    tells_misses: bool = False
    """Keys that it looks up and does not find are keyspace events."""
    shown_name: str = ""
    is_plain: bool = False
    """It cannot wait, nor change what its client or others see of each other."""
    least: int = 0
    most: int = 0
    """How many words a call has, its name included."""

    def __post_init__(self) -> None:
        self.is_write = "write" in self.facts.flags
        self.tells_misses = (
            self.name in _READING_WRITES
            if self.is_write
            else not self.name.startswith(_SILENT_READS)
        )
        self.shown_name = self.name.lower()
        arity = self.facts.arity
        self.least, self.most = abs(arity), arity if arity > 0 else sys.maxsize
        self.is_plain = self.function is not None and not (
            "|" in self.name or self.facts.flags & _NOT_PLAIN or self.name in _NOT_PLAIN_NAMES
        )

    @property
    def usec(self) -> int:
        """How long the calls took together, in microseconds as INFO tells it."""
        return self.nsec // 1000
