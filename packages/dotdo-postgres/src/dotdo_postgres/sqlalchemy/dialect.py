"""SQLAlchemy's dialect of psycopg with connections to tenants in the same process."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types import TypeInfo
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

import dotdo_postgres


class DotdoDialect(PGDialect_psycopg):
    """`create_engine("postgresql+dotdo:///shop")`: the database is the tenant, host, user and password are accepted and ignored."""

    driver = "dotdo"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """Return what stands for psycopg, of the version of the client that it is made from."""
        module = ModuleType("dotdo_postgres", dotdo_postgres.__doc__)
        module.__dict__.update(vars(dotdo_postgres), __version__=psycopg.__version__)
        return module

    def _type_info_fetch(self, connection: Any, name: str) -> TypeInfo | None:
        """Ask for a type as psycopg does, by a cursor over the tenant."""
        driver = connection.connection.driver_connection
        with driver.transaction(), dotdo_postgres.Cursor(driver, row_factory=dict_row) as cursor:
            cursor.execute(TypeInfo._get_info_query(driver), {"name": name})  # noqa: SLF001 -- psycopg's own query
            rows: Any = cursor.fetchall()
            return TypeInfo._from_records(name, rows)  # noqa: SLF001 -- as above
