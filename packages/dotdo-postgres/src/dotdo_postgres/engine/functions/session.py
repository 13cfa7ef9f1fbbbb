"""Session information functions (9.26), sequences and clocks: what needs the session rather than arguments."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.26")

CLOCK_FUNCTIONS: dict[str, tuple[str, int]] = {
    "now": ("now", t.TIMESTAMPTZ),
    "transaction_timestamp": ("now", t.TIMESTAMPTZ),
    "statement_timestamp": ("statement", t.TIMESTAMPTZ),
    "clock_timestamp": ("clock", t.TIMESTAMPTZ),
    "current_user": ("user", t.NAME),
    "session_user": ("session_user", t.NAME),
    "current_schema": ("schema", t.NAME),
    "current_database": ("database", t.NAME),
    "current_catalog": ("database", t.NAME),
    "version": ("version", t.TEXT),
    "lastval": ("lastval", t.INT8),
    "pg_backend_pid": ("pid", t.INT4),
}
"""Functions without arguments whose value comes with the statement: name -> (kind, type)."""


@FAMILY.function("gen_random_uuid()", returns="uuid", is_volatile=True)
def random_uuid() -> bytes:
    """Return a random uuid (version 4)."""
    data = bytearray(os.urandom(16))
    data[6] = data[6] & 0x0F | 0x40
    data[8] = data[8] & 0x3F | 0x80
    return bytes(data)


@FAMILY.function("pg_trigger_depth()", returns="integer", is_volatile=True, takes_session=True)
def trigger_depth(facts: Facts) -> int:
    """Return how deep triggers have called each other, 0 outside of them."""
    return facts.trigger_depth()


@FAMILY.function("current_setting(text)", returns="text", takes_session=True)
def current_setting(facts: Facts, name: str) -> str:
    """Return a setting.

    Raises:
        PostgresError: unknown (42704).
    """
    value = facts.settings.get(name.lower())
    if value is None:
        raise error("42704", f'unrecognized configuration parameter "{name}"')
    return value


@FAMILY.function("current_setting(text, boolean)", returns="text", takes_session=True)
def current_setting_or_null(facts: Facts, name: str, is_missing_ok: int) -> str | None:
    """Return a setting, NULL when it is unknown and that is fine."""
    return facts.settings.get(name.lower()) if is_missing_ok else current_setting(facts, name)


@FAMILY.function(
    "set_config(text, text, boolean)",
    returns="text",
    takes_session=True,
    is_volatile=True,
    is_strict=False,
)
def set_config(facts: Facts, name: str | None, value: str | None, is_local: int | None) -> str:
    """Change a setting, to the end of the transaction only if so wanted; return its new value.

    Raises:
        PostgresError: no name (22004), and what SET raises.
    """
    if name is None:
        raise error("22004", "SET requires parameter name")
    return facts.set_setting(name, value, bool(is_local))


@FAMILY.function("pg_sleep(double precision)", returns="void", is_volatile=True, takes_session=True)
def sleep(facts: Facts, seconds: float) -> str:
    """Let seconds pass."""
    facts.sleep(seconds)
    return ""


@FAMILY.function(
    "pg_notify(text, text)", returns="void", is_volatile=True, takes_session=True, is_strict=False
)
def notify(facts: Facts, channel: str | None, payload: str | None) -> str:
    """Tell a channel something when the transaction commits."""
    facts.notify(channel or "", payload or "")
    return ""


@FAMILY.function(
    "pg_cancel_backend(integer)", returns="boolean", is_volatile=True, takes_session=True
)
def cancel_backend(facts: Facts, pid: int) -> int:
    """Cancel what another session runs; false when there is no such session."""
    return int(facts.signal(pid, "cancel"))


@FAMILY.function(
    "pg_terminate_backend(integer, bigint)", returns="boolean", is_volatile=True, takes_session=True
)
def terminate_backend(facts: Facts, pid: int, timeout_ms: int = 0) -> int:
    """End another session; false when there is no such session."""
    return int(facts.signal(pid, "terminate"))


@FAMILY.function(
    "pg_blocking_pids(integer)", returns="integer[]", is_volatile=True, takes_session=True
)
def blocking_pids(facts: Facts, pid: int) -> str:
    """Return the numbers of the sessions that a session waits for."""
    return arrays.pack([*facts.blockers(pid)])


@FAMILY.function(
    "pg_isolation_test_session_is_blocked(integer, integer[])",
    returns="boolean",
    is_volatile=True,
    takes_session=True,
)
def is_session_blocked(facts: Facts, pid: int, interesting: str) -> int:
    """Whether a session waits for one of some."""
    return int(not set(arrays.unpack(interesting)).isdisjoint(facts.blockers(pid)))


@FAMILY.function("pg_is_in_recovery()", returns="boolean")
def is_in_recovery() -> int:
    """Return false."""
    return 0


@FAMILY.function("pg_client_encoding()", returns="name")
def client_encoding() -> str:
    """Return UTF8."""
    return "UTF8"
