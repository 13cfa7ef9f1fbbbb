"""The server and sizes of objects (9.26.1, 9.27): what is fixed here, and what clients ask at the start."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.descent import ancestors_of, bound_of, is_partitioned
from dotdo_postgres.engine.objects.namespaces import namespace_oid
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.engine.routines.declare import Family

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.27")
PAGE_BYTES = 8192


@FAMILY.function("pg_my_temp_schema()", returns="oid", takes_session=True)
def my_temp_schema(facts: Facts) -> int:
    """Return the schema of the session's temporary relations, zero while it has none."""
    names = facts.names
    if names.temporary not in names.objects.schemas:
        return 0
    return namespace_oid(names.objects, names.temporary)


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


@FAMILY.function("getdatabaseencoding()", returns="name")
def database_encoding() -> str:
    """Return UTF8."""
    return "UTF8"


@FAMILY.function(
    "pg_relation_size(regclass)",
    "pg_table_size(regclass)",
    "pg_total_relation_size(regclass)",
    "pg_indexes_size(regclass)",
    returns="bigint",
    takes_session=True,
    is_volatile=True,
)
def relation_size(facts: Facts, oid: int) -> int | None:
    """Return the bytes of the pages that a table or index takes in the file."""
    found: int | None = facts.catalog.ask("size_of", oid)
    return found


@FAMILY.function(
    "pg_database_size(name)",
    "pg_database_size(oid)",
    "pg_tablespace_size(name)",
    "pg_tablespace_size(oid)",
    returns="bigint",
    takes_session=True,
    is_volatile=True,
)
def database_size(facts: Facts, database: object) -> int:
    """Return the bytes of the file."""
    found: int = facts.catalog.ask("size_of", 0)
    return found


@FAMILY.function(
    "pg_relation_is_updatable(regclass, boolean)", returns="integer", takes_session=True
)
def is_relation_updatable(facts: Facts, oid: int, with_triggers: int) -> int:
    """Return which statements can write to a relation."""
    found: int = facts.catalog.ask("is_relation_updatable", oid)
    return found


@FAMILY.function(
    "pg_column_is_updatable(regclass, smallint, boolean)", returns="boolean", takes_session=True
)
def is_column_updatable(facts: Facts, oid: int, number: int, with_triggers: int) -> int:
    """Tell whether a column of a relation can be written."""
    found: int = facts.catalog.ask("is_column_updatable", oid, number)
    return found


@FAMILY.series("pg_partition_ancestors(regclass)", returns="regclass", takes_session=True)
def partition_ancestors(facts: Facts, oid: int) -> list[int]:
    """Return a partition and what it is a part of, nothing for any other table."""
    catalog = facts.names.catalog
    noun = catalog.by_id.get(oid - FIRST_OID)
    if noun is None or (bound_of(noun) is None and not is_partitioned(noun)):
        return []
    return [oid, *(FIRST_OID + one.id for one in ancestors_of(catalog, noun))]


@FAMILY.function("pg_partition_root(regclass)", returns="regclass", takes_session=True)
def partition_root(facts: Facts, oid: int) -> int | None:
    """Return the table that a partition is in the end a part of."""
    found = partition_ancestors(facts, oid)
    return found[-1] if found else None


_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
_UNIT_LIMIT = 10 * 1024


@FAMILY.function("pg_size_pretty(bigint)", returns="text")
def size_pretty(size: int) -> str:
    """Write a number of bytes with a unit, rounded half away from zero."""
    value, unit = size, 0
    while (
        abs(value) >= (_UNIT_LIMIT if unit == 0 else 2 * _UNIT_LIMIT - 1) and unit < len(_UNITS) - 1
    ):
        value = _halved(value, first=unit == 0)
        unit += 1
    if unit:
        value = (abs(value) + 1) // 2 * (1 if value >= 0 else -1)
    return f"{value} {_UNITS[unit]}"


def _halved(value: int, *, first: bool) -> int:
    """Divide by 1024, keeping one bit more for the rounding."""
    shifted = abs(value) >> (9 if first else 10)
    return shifted if value >= 0 else -shifted
