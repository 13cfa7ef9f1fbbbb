"""The SQLAlchemy dialect `postgresql+dotdo://`: psycopg's, over tenants in the same process; an entry point finds it."""

from dotdo_postgres.sqlalchemy.dialect import DotdoDialect

__all__ = ["DotdoDialect"]
