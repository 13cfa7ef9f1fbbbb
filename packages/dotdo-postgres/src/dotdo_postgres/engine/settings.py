"""Settings of a session: SET, RESET and SHOW of those that are known; others are PostgreSQL's error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo_postgres.engine.setting_values import refuse_fixed, shown_value
from dotdo_postgres.errors import error
from dotdo_postgres.mapping.encodings import encoding_named
from dotdo_postgres.mapping.styles import read_date_style
from dotdo_postgres.spec.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

# What is said of this server rather than of the one whose settings are generated.
_OWN = {
    "lc_collate": "C", "lc_ctype": "C.UTF-8", "lc_messages": "C", "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C",
    "server_encoding": "UTF8", "server_version": "15.18", "session_authorization": "postgres", "is_superuser": "on",
    "log_timezone": "UTC", "role": "none",
}  # fmt: skip
_DEFAULTS: dict[str, str] = {name: spec[4] for name, spec in SETTINGS.items()} | _OWN
_REPORTED = {
    "application_name": "application_name", "client_encoding": "client_encoding", "datestyle": "DateStyle",
    "default_transaction_read_only": "default_transaction_read_only", "in_hot_standby": "in_hot_standby",
    "integer_datetimes": "integer_datetimes", "intervalstyle": "IntervalStyle", "is_superuser": "is_superuser",
    "server_encoding": "server_encoding", "server_version": "server_version", "session_authorization": "session_authorization",
    "standard_conforming_strings": "standard_conforming_strings", "timezone": "TimeZone",
}  # fmt: skip
_FIXED = {
    "standard_conforming_strings": {"on", "true"}, "bytea_output": {"hex"},
}  # fmt: skip
_WITHOUT_EFFECT = {  # values that change nothing here; any other would be accepted and ignored
    "extra_float_digits": {"1", "2", "3"}, "idle_in_transaction_session_timeout": {"0"},
}  # fmt: skip


def _encoding(name: str, value: str) -> str:
    found = encoding_named(value)
    if found is None:
        raise error("22023", f'invalid value for parameter "{name}": "{value}"')
    return found.name


def _date_style(value: str, present: str) -> str:
    found = read_date_style(value, present)
    if found is None:
        raise error("22023", f'invalid value for parameter "DateStyle": "{value}"')
    return found


@dataclass(slots=True)
class _Mark:
    """A transaction's begin or a savepoint: what was changed since, as it was before."""

    name: str
    before: dict[str, str | None]
    local: dict[str, str]


def shown_name(key: str) -> str:
    """Return a setting's name in PostgreSQL's letters."""
    return SETTINGS[key][0] if key in SETTINGS else key


class Settings:
    """The settings of one session.

    Args:
        user: Name of the user.
        application_name: What the client calls itself.

    Attributes:
        values: The present values by name in lower case.
        revision: Counts changes, so that they need not be looked for.
    """

    def __init__(self, user: str, application_name: str) -> None:
        self.defaults = _DEFAULTS | {
            "session_authorization": user,
            "application_name": application_name,
        }
        self.values = dict(self.defaults)
        self.revision = 0
        self._local: dict[str, str] = {}  # what SET LOCAL has hidden
        self._marks: list[_Mark] = []  # the transaction's begin, then its savepoints

    # --- transactions ------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """How many savepoints are open."""
        return max(len(self._marks) - 1, 0)

    def begin(self) -> None:
        """A transaction begins: what it changes is put back when it fails."""
        self._marks = [_Mark("", {}, {})]
        self._local = {}

    def savepoint(self, name: str) -> None:
        """A savepoint is set."""
        self._marks.append(_Mark(name, {}, dict(self._local)))

    def release(self, name: str) -> int:
        """A savepoint is forgotten; return its depth, the outermost being 1."""
        depth = self._depth_of(name)
        while len(self._marks) > depth:
            mark = self._marks.pop()
            self._marks[-1].before = mark.before | self._marks[-1].before
        return depth

    def rollback_to(self, name: str) -> int:
        """Put back what was changed since a savepoint, which stays; return its depth."""
        depth = self._depth_of(name)
        while len(self._marks) > depth:
            mark = self._marks.pop()
            self._put_back(mark.before)
            self._local = mark.local
        self._marks.append(_Mark(name, {}, dict(self._local)))
        return depth

    def _depth_of(self, name: str) -> int:
        found = [depth for depth, mark in enumerate(self._marks) if mark.name == name and depth]
        return found[-1] if found else len(self._marks)

    def end(self, *, is_committed: bool) -> bool:
        """The transaction is over; return whether values have changed by that."""
        marks, self._marks = self._marks, []
        local, self._local = self._local, {}
        before = self.revision
        if is_committed:
            self._put_back(local)
        else:
            for mark in reversed(marks):
                self._put_back(mark.before)
        return before != self.revision

    def _put_back(self, before: Mapping[str, str | None]) -> None:
        for key, value in before.items():
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value
        self.revision += bool(before)

    # --- values ------------------------------------------------------------------------------

    def reported(self) -> dict[str, str]:
        """Return what ParameterStatus reports."""
        return {shown: self.values[name] for name, shown in _REPORTED.items()}

    def show(self, name: str) -> tuple[str, str]:
        """Return a setting's name as shown, and its value.

        Raises:
            PostgresError: unknown (42704).
        """
        key = name.lower()
        if key not in self.values:
            raise error("42704", f'unrecognized configuration parameter "{name}"')
        return shown_name(key), self.values[key]

    def listed(self) -> list[tuple[str, str, str]]:
        """Return name, value and description of every setting that PostgreSQL has."""
        return [(spec[0], self.values[name], spec[8]) for name, spec in SETTINGS.items()]

    def set(self, name: str, value: str | None, *, is_local: bool = False) -> str:
        """Change a setting, to the end of the transaction only if `is_local`; None puts its default back.

        Returns:
            The new value.

        Raises:
            PostgresError: unknown (42704), not to be changed (55P02), a value that is not covered (0A000).
        """
        key = name.lower()
        if key not in self.defaults and "." not in key:
            raise error("42704", f'unrecognized configuration parameter "{name}"')
        refuse_fixed(key)
        if value is None:
            value = self.defaults.get(key, "")
        if key == "client_encoding":
            value = _encoding(name, value)
        if key == "datestyle":
            value = _date_style(value, self.values[key])
        allowed = _FIXED.get(key)
        if allowed is not None and value.lower() not in allowed and value != self.defaults[key]:
            raise error("0A000", f'{name} = "{value}" is not supported')
        if key in _FIXED:
            value = self.defaults[key]
        else:
            value = shown_value(key, value)
        if key in _WITHOUT_EFFECT and value not in _WITHOUT_EFFECT[key]:
            raise error("0A000", f'{name} = "{value}" is not supported')
        self.keep(key, value, is_local=is_local)
        return value

    def keep(self, key: str, value: str, *, is_local: bool = False) -> None:
        """Enter a value that has been found valid."""
        if self._marks:
            self._marks[-1].before.setdefault(key, self.values.get(key))
        if is_local:
            self._local.setdefault(key, self.values.get(key, ""))
        else:
            self._local.pop(key, None)
        self.values[key] = value
        self.revision += 1
