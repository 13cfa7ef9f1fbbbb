"""One set of permissions of a user: commands, keys, channels; it refuses passwords."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dotdo_redis.engine.declaration import Command
from dotdo_redis.engine.glob import matches
from dotdo_redis.engine.keyfinding import NoKeys, find_keys

CATEGORIES = (
    "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo",
    "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
)  # fmt: skip
CHANNELS_OF = {
    "PUBLISH": slice(1, 2),
    "SPUBLISH": slice(1, 2),
    "SUBSCRIBE": slice(1, None),
    "SSUBSCRIBE": slice(1, None),
}
PATTERNS_OF = {"PSUBSCRIBE": slice(1, None)}


_NO_FIT = (-(1 << 30), 0)


class InvalidRule(ValueError):
    """A rule that makes no sense; the text is Redis' own."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a call is not allowed: `command`, `key` or `channel`, and which one."""

    reason: str
    object: bytes


_RANK = {"command": 0, "key": 1, "channel": 2}


class Commands:
    """All commands and subcommands by lower-case name (`config|get`), and their categories.

    Args:
        table: the commands.
        keeps_rules: rules of commands are shown as they were given (7.2), not worked out from what is allowed.
    """

    def __init__(self, table: dict[bytes, Command], *, keeps_rules: bool = True) -> None:
        self.keeps_rules = keeps_rules
        self.known: dict[str, Command] = {}
        self.by_category: dict[str, set[str]] = {name: set() for name in CATEGORIES}
        for command in table.values():
            for one in (command, *command.subcommands.values()):
                self.known[one.shown_name] = one
                for category in one.facts.categories:
                    self.by_category.setdefault(category.lstrip("@"), set()).add(one.shown_name)

    def family(self, name: str) -> set[str]:
        """A command with its subcommands.

        Raises:
            InvalidRule: there is none of that name.
        """
        command = self.known.get(name)
        if command is None:
            raise InvalidRule("Unknown command or category name in ACL")
        return {name, *(child.shown_name for child in command.subcommands.values())}


@dataclass(slots=True)
class Selector:
    """What its calls may be."""

    commands: Commands
    allowed: set[str] = field(default_factory=set)
    first_arguments: dict[str, list[bytes]] = field(default_factory=dict)
    """Command -> the first arguments with which it is allowed although it is not in `allowed`."""
    allows_future: bool = False
    keys: list[tuple[bool, bool, bytes]] = field(default_factory=list)
    """Whether it may read, whether it may write, and the pattern."""
    channels: list[bytes] = field(default_factory=list)
    has_all_keys: bool = False
    has_all_channels: bool = False
    rules: list[str] = field(default_factory=lambda: ["-@all"])
    """The rules of commands, as they were given."""

    def copy(self) -> "Selector":
        """Give one that shares nothing that can change."""
        return Selector(
            self.commands,
            set(self.allowed),
            {name: list(words) for name, words in self.first_arguments.items()},
            self.allows_future,
            list(self.keys),
            list(self.channels),
            self.has_all_keys,
            self.has_all_channels,
            list(self.rules),
        )

    @property
    def is_unrestricted(self) -> bool:
        """Whether it allows everything."""
        return (
            self.has_all_keys
            and self.has_all_channels
            and self.allows_future
            and len(self.allowed) == len(self.commands.known)
        )

    # -- rules

    def apply(self, rule: bytes) -> None:
        """Change by one rule.

        Raises:
            InvalidRule: it makes no sense.
        """
        word = rule.lower()
        if word in _WORDS:
            getattr(self, _WORDS[word])()
        elif rule[:1] in {b"~", b"%"}:
            self._add_key(rule)
        elif rule[:1] == b"&":
            self._add_channel(rule[1:])
        elif rule[:2] in {b"+@", b"-@"}:
            self._apply_category(rule)
        elif rule[:1] in {b"+", b"-"} and len(rule) > 1:
            self._apply_command(rule)
        else:
            raise InvalidRule("Syntax error")

    def allow_all_commands(self) -> None:
        """Allow every command, also those to come."""
        self.allowed = set(self.commands.known)
        self.first_arguments.clear()
        self.allows_future = True
        self.rules = ["+@all"]

    def allow_no_commands(self) -> None:
        """Allow no command."""
        self.allowed = set()
        self.first_arguments.clear()
        self.allows_future = False
        self.rules = ["-@all"]

    def allow_all_keys(self) -> None:
        """Allow every key."""
        self.has_all_keys, self.keys = True, []

    def allow_no_keys(self) -> None:
        """Allow no key."""
        self.has_all_keys, self.keys = False, []

    def allow_all_channels(self) -> None:
        """Allow every channel."""
        self.has_all_channels, self.channels = True, []

    def allow_no_channels(self) -> None:
        """Allow no channel."""
        self.has_all_channels, self.channels = False, []

    def _add_key(self, rule: bytes) -> None:
        reads = writes = True
        pattern = rule[1:]
        if rule[:1] == b"%":
            letters, tilde, pattern = rule[1:].partition(b"~")
            reads, writes = b"R" in letters.upper(), b"W" in letters.upper()
            if not tilde or not letters or letters.upper().strip(b"RW"):
                raise InvalidRule("Syntax error")
        if self.has_all_keys:
            raise InvalidRule(
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any "
                "effect. Try 'resetkeys' to start with an empty list of patterns"
            )
        if b" " in pattern or b"\0" in pattern:
            raise InvalidRule("Syntax error")
        for at, (old_reads, old_writes, old) in enumerate(self.keys):
            if old == pattern:
                self.keys[at] = (reads or old_reads, writes or old_writes, pattern)
                return
        self.keys.append((reads, writes, pattern))

    def _add_channel(self, pattern: bytes) -> None:
        if self.has_all_channels:
            raise InvalidRule(
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any "
                "effect. Try 'resetchannels' to start with an empty list of channels"
            )
        if b" " in pattern or b"\0" in pattern:
            raise InvalidRule("Syntax error")
        if pattern not in self.channels:
            self.channels.append(pattern)

    def _apply_category(self, rule: bytes) -> None:
        name = rule[2:].decode("utf-8", "replace").lower()
        names = self.commands.by_category.get(name)
        if names is None:
            raise InvalidRule("Unknown command or category name in ACL")
        whole = set(names)
        for one in names:
            self.first_arguments.pop(one, None)
        self.allowed = self.allowed | whole if rule[:1] == b"+" else self.allowed - whole
        self._keep(rule[:1], f"@{name}")

    def _apply_command(self, rule: bytes) -> None:
        name = rule[1:].decode("utf-8", "replace").lower()
        is_allowed = rule[:1] == b"+"
        if name not in self.commands.known and "|" in name:
            self._apply_first_argument(name, is_allowed=is_allowed)
            return
        names = self.commands.family(name)
        self._keep(rule[:1], name)
        for one in names:
            self.first_arguments.pop(one, None)
        if is_allowed:
            self.allowed |= names
        else:
            self.allowed -= names
            self.allows_future = False

    def _apply_first_argument(self, name: str, *, is_allowed: bool) -> None:
        command, _, argument = name.rpartition("|")
        known = self.commands.known.get(command)
        if known is None or not is_allowed:
            raise InvalidRule("Unknown command or category name in ACL")
        if "|" in command:
            raise InvalidRule("Allowing first-arg of a subcommand is not supported")
        if known.subcommands:
            raise InvalidRule("Unknown command or category name in ACL")
        if not argument:
            raise InvalidRule("Syntax error")
        if command not in self.allowed:
            words = self.first_arguments.setdefault(command, [])
            if argument.encode() not in words:
                words.append(argument.encode())
                self._keep(b"+", name)

    def _keep(self, sign: bytes, name: str) -> None:
        """Remember a rule in place of those it makes void."""
        kept = [
            rule for rule in self.rules if rule[1:] != name and not rule[1:].startswith(f"{name}|")
        ]
        self.rules = [*kept, f"{sign.decode()}{name}"]

    # -- decisions

    def denial(self, command: Command, words: list[bytes]) -> Denial | None:
        """Why a call is not allowed, None when it is."""
        name = command.shown_name
        if name not in self.allowed and "no_auth" not in command.facts.flags:
            given = words[1].lower() if len(words) > 1 else None
            if given not in [word.lower() for word in self.first_arguments.get(name, ())]:
                return Denial("command", name.encode())
        return self._denied_key(command, words) or self._denied_channel(command, words)

    def _denied_key(self, command: Command, words: list[bytes]) -> Denial | None:
        if self.has_all_keys:
            return None
        try:
            found = find_keys(command.facts, words)
        except NoKeys:
            return None
        for one in found:
            if not self.allows_key(one.key, reads=one.is_read, writes=one.is_written):
                return Denial("key", one.key)
        return None

    def allows_key(self, key: bytes, *, reads: bool, writes: bool) -> bool:
        """Whether a key may be used so."""
        return self.has_all_keys or any(
            (may_read or not reads) and (may_write or not writes) and matches(pattern, key)
            for may_read, may_write, pattern in self.keys
        )

    def _denied_channel(self, command: Command, words: list[bytes]) -> Denial | None:
        if self.has_all_channels:
            return None
        for channel in words[CHANNELS_OF.get(command.name, slice(0, 0))]:
            if not self.allows_channel(channel):
                return Denial("channel", channel)
        for pattern in words[PATTERNS_OF.get(command.name, slice(0, 0))]:
            if pattern not in self.channels:
                return Denial("channel", pattern)
        return None

    def allows_channel(self, channel: bytes) -> bool:
        """Whether a channel may be used."""
        return self.has_all_channels or any(matches(pattern, channel) for pattern in self.channels)

    # -- descriptions

    def shown_commands(self) -> str:
        """Rules that allow the same commands: whole categories first, then the commands that still differ."""
        if self.commands.keeps_rules:
            return " ".join(self.rules)
        is_additive = not self.allows_future
        rest = Selector(self.commands)
        if not is_additive:
            rest.allow_all_commands()
        rules = ["-@all" if is_additive else "+@all"]
        left, untold = list(CATEGORIES), set(self.allowed)
        while left:
            fits = {name: self._fit(name, untold, is_additive=is_additive) for name in left}
            best = max(left, key=lambda name: fits[name])
            if fits[best] == _NO_FIT:
                break
            rule = f"{'+' if is_additive else '-'}@{best}"
            rules.append(rule)
            rest.apply(rule.encode())
            names = self.commands.by_category[best]
            untold = untold - names if is_additive else untold | names
            left.remove(best)
        return " ".join([*rules, *self._single_rules(rest)])

    def _fit(self, category: str, untold: set[str], *, is_additive: bool) -> tuple[int, int]:
        """How few commands of a category are otherwise (negative), then how many are as wanted."""
        names = self.commands.by_category[category]
        allowed = len(names & untold)
        denied = len(names) - allowed
        same, differing = (allowed, denied) if is_additive else (denied, allowed)
        return (-differing, same) if same > differing else _NO_FIT

    def _single_rules(self, rest: "Selector") -> Iterable[str]:
        for name in sorted(self.commands.known):
            if "|" not in name:
                yield from self._rules_of(name, rest)

    def _rules_of(self, name: str, rest: "Selector") -> Iterable[str]:
        family = sorted(self.commands.family(name))
        if (name in self.allowed) != (name in rest.allowed):
            yield f"{'+' if name in self.allowed else '-'}{name}"
            changed = set(family)
            rest.allowed = (
                rest.allowed | changed if name in self.allowed else rest.allowed - changed
            )
        for child in family[1:]:
            if (child in self.allowed) != (child in rest.allowed):
                yield f"{'+' if child in self.allowed else '-'}{child}"
        for argument in self.first_arguments.get(name, ()):
            yield f"+{name}|{argument.decode('utf-8', 'replace')}"

    def shown_keys(self) -> str:
        """The key patterns as rules."""
        if self.has_all_keys:
            return "~*"
        return " ".join(
            f"{'~' if reads and writes else '%R~' if reads else '%W~'}{pattern.decode('utf-8', 'surrogateescape')}"
            for reads, writes, pattern in self.keys
        )

    def shown_channels(self) -> str:
        """The channel patterns as rules."""
        if self.has_all_channels:
            return "&*"
        return " ".join(
            f"&{pattern.decode('utf-8', 'surrogateescape')}" for pattern in self.channels
        )

    def shown(self) -> str:
        """All rules, as ACL LIST shows them."""
        channels = self.shown_channels()
        words = [
            self.shown_keys(),
            channels if self.has_all_channels else f"resetchannels {channels}".rstrip(),
            self.shown_commands(),
        ]
        return " ".join(word for word in words if word)


_WORDS = {
    b"allcommands": "allow_all_commands",
    b"+@all": "allow_all_commands",
    b"nocommands": "allow_no_commands",
    b"-@all": "allow_no_commands",
    b"allkeys": "allow_all_keys",
    b"~*": "allow_all_keys",
    b"resetkeys": "allow_no_keys",
    b"allchannels": "allow_all_channels",
    b"&*": "allow_all_channels",
    b"resetchannels": "allow_no_channels",
}
