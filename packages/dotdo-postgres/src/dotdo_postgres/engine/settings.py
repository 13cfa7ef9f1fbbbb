"""Settings of a session: SET, RESET and SHOW of those that are known; others are PostgreSQL's error."""

from __future__ import annotations

from dotdo_postgres.errors import error

_DEFAULTS = {
    "application_name": "", "client_encoding": "UTF8", "client_min_messages": "notice", "datestyle": "ISO, MDY",
    "default_transaction_isolation": "read committed", "default_transaction_read_only": "off", "extra_float_digits": "1",
    "integer_datetimes": "on", "intervalstyle": "postgres", "lc_collate": "C", "lc_ctype": "C.UTF-8", "lc_messages": "C",
    "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C", "lock_timeout": "0", "max_connections": "100", "search_path": '"$user", public',
    "server_encoding": "UTF8", "server_version": "15.18", "server_version_num": "150018", "session_authorization": "postgres",
    "standard_conforming_strings": "on", "statement_timeout": "0", "synchronous_commit": "on", "timezone": "UTC",
    "transaction_isolation": "read committed", "transaction_read_only": "off", "is_superuser": "on", "bytea_output": "hex",
    "default_transaction_deferrable": "off", "transaction_deferrable": "off", "in_hot_standby": "off", "row_security": "on",
    "idle_in_transaction_session_timeout": "0", "work_mem": "4MB", "max_identifier_length": "63", "check_function_bodies": "on",
    "default_table_access_method": "heap", "default_tablespace": "", "xmloption": "content", "escape_string_warning": "on",
    "backslash_quote": "safe_encoding", "array_nulls": "on", "role": "none",
}  # fmt: skip
_REPORTED = {
    "application_name": "application_name", "client_encoding": "client_encoding", "datestyle": "DateStyle",
    "default_transaction_read_only": "default_transaction_read_only", "in_hot_standby": "in_hot_standby",
    "integer_datetimes": "integer_datetimes", "intervalstyle": "IntervalStyle", "is_superuser": "is_superuser",
    "server_encoding": "server_encoding", "server_version": "server_version", "session_authorization": "session_authorization",
    "standard_conforming_strings": "standard_conforming_strings", "timezone": "TimeZone",
}  # fmt: skip
_SHOWN = {"datestyle": "DateStyle", "timezone": "TimeZone", "intervalstyle": "IntervalStyle"}
_READ_ONLY = frozenset({
    "server_version", "server_version_num", "server_encoding", "integer_datetimes", "lc_collate", "lc_ctype", "max_connections",
    "is_superuser", "max_identifier_length", "in_hot_standby",
})  # fmt: skip
_FIXED = {
    "client_encoding": {"utf8", "utf-8", "unicode"}, "datestyle": {"iso", "iso, mdy", "iso,mdy"}, "intervalstyle": {"postgres"},
    "standard_conforming_strings": {"on", "true"}, "bytea_output": {"hex"},
}  # fmt: skip
_WITHOUT_EFFECT = {  # values that change nothing here; any other would be accepted and ignored
    "default_transaction_read_only": {"off"}, "extra_float_digits": {"1", "2", "3"}, "idle_in_transaction_session_timeout": {"0"},
}  # fmt: skip
_BOOLEANS = frozenset(
    {"default_transaction_read_only", "transaction_read_only", "synchronous_commit", "row_security"}
)


class Settings:
    """The settings of one session.

    Args:
        user: Name of the user.
        application_name: What the client calls itself.
    """

    def __init__(self, user: str, application_name: str) -> None:
        self.defaults = _DEFAULTS | {
            "session_authorization": user,
            "application_name": application_name,
        }
        self.values = dict(self.defaults)
        self.saved: dict[str, str] = {}
        self.local: dict[str, str | None] = {}  # what the transaction's end puts back

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
        return _SHOWN.get(key, key), self.values[key]

    def set(self, name: str, value: str | None) -> str:
        """Change a setting; None puts its default back.

        Returns:
            The new value.

        Raises:
            PostgresError: unknown (42704), not to be changed (55P02), a value that is not covered (0A000).
        """
        key = name.lower()
        if key not in self.defaults and "." not in key:
            raise error("42704", f'unrecognized configuration parameter "{name}"')
        if key in _READ_ONLY:
            raise error("55P02", f'parameter "{name}" cannot be changed')
        if value is None:
            value = self.defaults.get(key, "")
        allowed = _FIXED.get(key)
        if allowed is not None and value.lower() not in allowed and value != self.defaults[key]:
            raise error("0A000", f'{name} = "{value}" is not supported')
        if key in _FIXED:
            value = self.defaults[key]
        if key in _BOOLEANS:
            value = {"true": "on", "false": "off", "1": "on", "0": "off"}.get(
                value.lower(), value.lower()
            )
        if key == "session_authorization" and value not in {self.defaults[key], "default"}:
            raise error("0A000", f'{name} = "{value}" is not supported')
        if key in _WITHOUT_EFFECT and value not in _WITHOUT_EFFECT[key]:
            raise error("0A000", f'{name} = "{value}" is not supported')
        self.values[key] = value
        return value

    def keep_until_commit(self, name: str) -> None:
        """Let the transaction's end put the present value of a setting back."""
        key = name.lower()
        self.local.setdefault(key, self.values.get(key))

    def snapshot(self) -> dict[str, str]:
        """Return a copy of all values, for a transaction to put back."""
        return dict(self.values)
