"""The engine's errors; every other name is psycopg's, for this is what applications import as `psycopg.errors`."""

from typing import Any

from psycopg import errors as _psycopg_errors

from dotdo_postgres.errors.postgres import CLASSES, Notice, PostgresError, error, not_supported

__all__ = ["CLASSES", "Notice", "PostgresError", "error", "not_supported"]


def __getattr__(name: str) -> Any:
    return getattr(_psycopg_errors, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_psycopg_errors)})
