"""psycopg's COPY objects with their functions in Python."""

from typing import Any

import psycopg

from dotdo_postgres.client import seam


class Copy(psycopg.Copy):
    """psycopg's COPY."""

    __module__ = "dotdo_postgres"

    def __init__(self, cursor: Any, *, binary: bool | None = None, writer: Any = None) -> None:
        super().__init__(cursor, binary=binary, writer=writer)
        seam.format_in_python(self)


class AsyncCopy(psycopg.AsyncCopy):
    """psycopg's asynchronous COPY."""

    __module__ = "dotdo_postgres"

    def __init__(self, cursor: Any, *, binary: bool | None = None, writer: Any = None) -> None:
        super().__init__(cursor, binary=binary, writer=writer)
        seam.format_in_python(self)
