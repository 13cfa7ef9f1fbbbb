"""The users of one keyspace: passwords, flags, selectors; it refuses to keep a password in clear."""

import hmac
from collections.abc import Iterator
from hashlib import sha256

from dotdo_redis.engine.declaration import Command
from dotdo_redis.engine.selectors import Commands, Denial, InvalidRule, Selector

DEFAULT = b"default"
_HASH_DIGITS = frozenset(b"0123456789abcdef")
_RANK = {"command": 0, "key": 1, "channel": 2}


class User:
    """One user."""

    def __init__(self, name: bytes, commands: Commands, *, has_all_channels: bool = False) -> None:
        self.name = name
        self._commands = commands
        self._channels_default = has_all_channels
        self.reset()

    def reset(self) -> None:
        """Be off, without passwords, keys, channels and commands."""
        self.is_on = False
        self.needs_no_password = False
        self.skips_sanitizing = False
        self.passwords: list[str] = []
        self.root = Selector(self._commands, has_all_channels=self._channels_default)
        self.selectors: list[Selector] = []

    def copy(self) -> "User":
        """Give one that shares nothing that can change."""
        twin = User(self.name, self._commands)
        twin.is_on, twin.needs_no_password = self.is_on, self.needs_no_password
        twin.skips_sanitizing = self.skips_sanitizing
        twin.passwords = list(self.passwords)
        twin.root = self.root.copy()
        twin.selectors = [selector.copy() for selector in self.selectors]
        return twin

    @property
    def is_open(self) -> bool:
        """Whether anybody may be this user."""
        return self.needs_no_password

    @property
    def lets_in_anybody(self) -> bool:
        """Whether new connections are this user at once."""
        return self.needs_no_password and self.is_on

    @property
    def is_unrestricted(self) -> bool:
        """Whether it may do everything."""
        return self.root.is_unrestricted

    def has_password(self, password: bytes) -> bool:
        """Whether a password is one of its own; takes the same time whatever it is."""
        digest = sha256(password).hexdigest()
        matching = [hmac.compare_digest(digest, known) for known in self.passwords]
        return any(matching)

    def apply(self, rule: bytes) -> None:
        """Change by one rule.

        Raises:
            InvalidRule: it makes no sense.
        """
        word = rule.lower()
        if word in _FLAGS:
            attribute, value = _FLAGS[word]
            setattr(self, attribute, value)
            if word == b"nopass":
                self.passwords.clear()
        elif word == b"reset":
            self.reset()
        elif word == b"resetpass":
            self.passwords.clear()
            self.needs_no_password = False
        elif word == b"clearselectors":
            self.selectors.clear()
        elif rule[:1] in {b">", b"#", b"<", b"!"}:
            self._apply_password(rule)
        elif rule[:1] == b"(" and rule[-1:] == b")":
            self._add_selector(rule[1:-1])
        else:
            self.root.apply(rule)

    def _apply_password(self, rule: bytes) -> None:
        kind, text = rule[:1], rule[1:]
        if kind in {b"#", b"!"}:
            if len(text) != 64 or not _HASH_DIGITS.issuperset(text):
                raise InvalidRule(
                    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
                )
            digest = text.decode()
        else:
            digest = sha256(text).hexdigest()
        if kind in {b">", b"#"}:
            if digest not in self.passwords:
                self.passwords.append(digest)
            self.needs_no_password = False
        elif digest in self.passwords:
            self.passwords.remove(digest)
        else:
            raise InvalidRule("The password you are trying to remove from the user does not exist")

    def _add_selector(self, rules: bytes) -> None:
        selector = Selector(self._commands, has_all_channels=self._channels_default)
        for rule in rules.split():
            selector.apply(rule)
        self.selectors.append(selector)

    def denial(self, command: Command, words: list[bytes]) -> Denial | None:
        """Why a call is not allowed, None when one of the selectors allows it."""
        worst: Denial | None = None
        for selector in (self.root, *self.selectors):
            found = selector.denial(command, words)
            if found is None:
                return None
            if worst is None or _RANK[found.reason] > _RANK[worst.reason]:
                worst = found
        return worst

    def flags(self, *, is_newer: bool) -> list[bytes]:
        """The flags as ACL GETUSER shows them; since 7.2 (`is_newer`) also that payloads are checked."""
        shown = [b"on" if self.is_on else b"off"]
        if self.needs_no_password:
            shown.append(b"nopass")
        if self.skips_sanitizing:
            shown.append(b"skip-sanitize-payload")
        elif is_newer:
            shown.append(b"sanitize-payload")
        return shown

    def shown(self, *, is_newer: bool) -> str:
        """The line of ACL LIST."""
        words = ["user", self.name.decode("utf-8", "surrogateescape")]
        words += [flag.decode() for flag in self.flags(is_newer=is_newer)]
        words += [f"#{digest}" for digest in self.passwords]
        words.append(self.root.shown())
        words += [f"({selector.shown()})" for selector in self.selectors]
        return " ".join(words)


_FLAGS = {
    b"on": ("is_on", True),
    b"off": ("is_on", False),
    b"nopass": ("needs_no_password", True),
    b"skip-sanitize-payload": ("skips_sanitizing", True),
    b"sanitize-payload": ("skips_sanitizing", False),
}


class Users:
    """All users by name; the default one is always there."""

    def __init__(self, table: dict[bytes, Command], *, keeps_rules: bool = True) -> None:
        self.commands = Commands(table, keeps_rules=keeps_rules)
        self.has_all_channels = False
        """What a new user may do with channels (acl-pubsub-default)."""
        self.default = User(DEFAULT, self.commands)
        for rule in (b"on", b"nopass", b"+@all", b"~*", b"&*"):
            self.default.apply(rule)
        self._users: dict[bytes, User] = {DEFAULT: self.default}

    def __contains__(self, name: object) -> bool:
        return name in self._users

    def __iter__(self) -> Iterator[User]:
        return iter([self._users[name] for name in sorted(self._users)])

    def get(self, name: bytes) -> User | None:
        """A user, or None."""
        return self._users.get(name)

    def admits(self, name: bytes, password: bytes) -> bool:
        """Whether the password makes somebody the user."""
        user = self._users.get(name)
        if user is None or not user.is_on:
            return False
        return user.needs_no_password or user.has_password(password)

    def change(self, name: bytes, rules: list[bytes]) -> None:
        """Create or change a user by all the rules or none.

        Raises:
            InvalidRule: a rule makes no sense; `args[1]` is the rule.
        """
        known = self._users.get(name)
        user = (
            known.copy()
            if known
            else User(name, self.commands, has_all_channels=self.has_all_channels)
        )
        for rule in rules:
            try:
                user.apply(rule)
            except InvalidRule as error:
                raise InvalidRule(str(error), rule) from None
        self._users[name] = user
        if name == DEFAULT:
            self.default = user

    def remove(self, name: bytes) -> bool:
        """Remove a user; whether it was there."""
        return self._users.pop(name, None) is not None
