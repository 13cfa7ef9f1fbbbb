"""COPY between a table or a query and the client, in text, CSV and binary; files of the server are refused."""

from dotdo_postgres.engine.copy.incoming import CopyIn
from dotdo_postgres.engine.copy.outgoing import CopyOut
from dotdo_postgres.engine.copy.planning import plan_copy

__all__ = ["CopyIn", "CopyOut", "plan_copy"]
