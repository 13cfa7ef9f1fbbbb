"""The server and sizes of objects (9.26.1, 9.27): what is fixed here, and what clients ask at the start."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.27")
PAGE_BYTES = 8192


@FAMILY.function("pg_my_temp_schema()", returns="oid")
def my_temp_schema() -> int:
    """Return zero: the session has no temporary schema."""
    return 0


@FAMILY.function("pg_is_other_temp_schema(oid)", "pg_is_wal_replay_paused()", returns="boolean")
def is_other_temp_schema(*_: int) -> int:
    """Return false."""
    return 0


@FAMILY.function("pg_relation_is_publishable(regclass)", returns="boolean")
def is_publishable(oid: int) -> int:
    """Return true: any table would be."""
    return 1


@FAMILY.function("pg_tablespace_location(oid)", returns="text")
def tablespace_location(oid: int) -> str:
    """Return the empty path of the default tablespace."""
    return ""


@FAMILY.function(
    "pg_postmaster_start_time()", "pg_conf_load_time()", returns="timestamptz", takes_session=True
)
def start_time(facts: Facts) -> int:
    """Return when the session began, before which nothing ran for it."""
    return facts.transaction_us


@FAMILY.function("pg_jit_available()", returns="boolean")
def is_jit_available() -> int:
    """Return false."""
    return 0
