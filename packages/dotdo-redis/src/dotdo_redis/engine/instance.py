"""What a standalone server has beside its keys: users, parameters, counters, logs; it refuses I/O."""

from typing import TYPE_CHECKING, Protocol

from dotdo_redis.engine.clientlimits import ClientLimits
from dotdo_redis.engine.guarding import RefusalLog, guard
from dotdo_redis.engine.memory import MemoryGuard
from dotdo_redis.engine.parameters import Parameters
from dotdo_redis.engine.pausing import Pause
from dotdo_redis.engine.scripting import Functions, Runner, Scripts
from dotdo_redis.engine.search.catalog import Catalog
from dotdo_redis.engine.statistics import LatencyMonitor, SlowLog, Statistics
from dotdo_redis.engine.tracking import Tracking
from dotdo_redis.engine.users import DEFAULT, Users
from dotdo_redis.engine.uses import Uses
from dotdo_redis.errors import NoReplicas

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.declaration import Command
    from dotdo_redis.errors import ReplyError


class KeptFile(Protocol):
    """What has the changes on a disk."""

    def keep(self, *, is_wanted: bool) -> None:
        """Have them there from now on, or no longer."""
        ...

    def sync_as(self, policy: str) -> None:
        """Sync as a policy of appendfsync says."""
        ...

    def sync(self) -> bool:
        """Sync now; False when nothing is kept."""
        ...


class Instance:
    """The server around one keyspace."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.run_id = f"{engine.random.getrandbits(160):040x}"
        self.replication_id = f"{engine.random.getrandbits(160):040x}"
        self.started_us = engine.now_us
        self.saved_us = engine.now_us
        self.saved_changes = 0
        self.saves = 0
        self.save_points: list[tuple[int, int]] = []
        """Seconds and changes after which everything counts as to be saved (save)."""
        self.append_file: KeptFile | None = None
        """Follows appendonly and appendfsync; None where nothing is kept on a disk."""
        self.startup_bytes = 900_000
        self.peak_bytes = 0
        self.statistics = Statistics()
        self._counted = [
            counted
            for command in engine.table.values()
            for counted in (command, *command.subcommands.values())
        ]
        self.slowlog = SlowLog()
        self.latency = LatencyMonitor()
        self.slow_us = 10_000
        self.attention_ns = 10_000_000
        """A duration up to which no log wants to know of a call."""
        self.pause = Pause(engine)
        self.users = Users(engine.table, keeps_rules=engine.config.shows(7, 2))
        self.acl_log = RefusalLog()
        self.tracking = Tracking(engine)
        self.runner = Runner(engine)
        self.scripts = Scripts(self.runner)
        self.functions = Functions(self.runner)
        self.memory = MemoryGuard(engine)
        self.limits = ClientLimits(engine)
        self.uses = Uses(engine)
        self.search = Catalog(engine)
        self.parameters = Parameters(engine, self)

    def welcome(self, client: "ClientState") -> None:
        """Count a new connection and say who it is."""
        self.statistics.connections += 1
        self.greet(client)

    def greet(self, client: "ClientState") -> None:
        """Make a connection the default user's, or nobody's when that one has a password."""
        client.user = DEFAULT if self.users.default.lets_in_anybody else b""

    def guard(self) -> None:
        """Judge each call from now on; as long as everybody may do everything nothing is judged."""
        self._engine.audience.add_gate(guard)

    def require_password(self, password: str) -> None:
        """Give the default user this password alone, or none (requirepass)."""
        rules = [b"resetpass", b">" + password.encode()] if password else [b"nopass"]
        self.users.change(DEFAULT, rules)
        self.guard()

    def set_thresholds(self) -> None:
        """Reckon `attention_ns` anew after a threshold was changed."""
        wanted = [self.slow_us] if self.slow_us >= 0 else []
        if self.latency.threshold_ms:
            wanted.append(self.latency.threshold_ms * 1000)
        self.attention_ns = 1000 * min(wanted, default=1 << 52) - 1

    def took(
        self, client: "ClientState", command: "Command", words: list[bytes], duration_us: int
    ) -> None:
        """Note a call that took longer than the slow log's threshold or the latency monitor's."""
        engine = self._engine
        if 0 <= self.slow_us <= duration_us and "skip_slowlog" not in command.facts.flags:
            self.slowlog.add(client, words, engine.now_us, duration_us)
        event = b"fast-command" if "fast" in command.facts.flags else b"command"
        self.latency.add(event, engine.now_us // 1_000_000, duration_us // 1000)

    def never_writes(self, name: str, words: list[bytes]) -> bool:
        """Whether the script or function of a call says that it does not write."""
        if name == "FCALL":
            function = self.functions.functions.get(words[1].lower())
            return function is not None and "no-writes" in function.flags
        if name == "EVAL":
            return b"no-writes" in words[1].partition(b"\n")[0] and words[1][:2] == b"#!"
        script = self.scripts.get(words[1].decode("utf-8", "replace").lower())
        return script is not None and "no-writes" in script.flags

    def check_replicas(self) -> None:
        """Refuse a write when more replicas are asked for than the none there are.

        Raises:
            NoReplicas: min-replicas-to-write is set.
        """
        if self.parameters.values["min-replicas-to-write"] != "0":
            raise NoReplicas

    def refuse_without_replicas(
        self, _ctx: "Context", command: "Command", _words: list[bytes]
    ) -> None:
        """Judge a call by `check_replicas`; a gate."""
        if command.is_write:
            self.check_replicas()

    def require_replicas(self, count: str) -> None:
        """Judge writes from now on, or no longer for 0."""
        if count == "0":
            self._engine.audience.drop_gate(self.refuse_without_replicas)
        else:
            self._engine.audience.add_gate(self.refuse_without_replicas)

    def sample(self) -> None:
        """Take note of how much is going on, for INFO."""
        engine = self._engine
        self.statistics.sample(engine.now_ns, sum(command.calls for command in self._counted))

    def save_when_due(self) -> None:
        """Save when so many changes are older than a save point asks for."""
        engine = self._engine
        changes, elapsed_us = engine.changes - self.saved_changes, engine.now_us - self.saved_us
        if any(changes >= most and elapsed_us > 1_000_000 * s for s, most in self.save_points):
            self.saved(engine)

    def saved(self, engine: "Engine") -> None:
        """Note that everything has been written out."""
        self.saved_us = engine.now_us
        self.saved_changes = engine.changes
        self.saves += 1

    def failed(self, error: "ReplyError") -> None:
        """Count an error reply."""
        if not getattr(error, "is_counted", False):
            self.statistics.count_error(error.code)
