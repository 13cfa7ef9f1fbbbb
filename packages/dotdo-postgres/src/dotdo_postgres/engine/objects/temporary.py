"""Temporary relations: those of a schema of the session's own, which go with it, and what a commit does to some of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Noun

ALIAS = "pg_temp"
PREFIX = "pg_temp_"
DELETE_ROWS, DROP = "ONCOMMIT_DELETE_ROWS", "ONCOMMIT_DROP"


def schema_name(pid: int) -> str:
    """Return the name of the schema of a session's temporary relations: unique among the processes of a machine."""
    return f"{PREFIX}{os.getpid()}_{pid}"


def is_temporary(schema: str) -> bool:
    """Tell whether a schema is one of temporary relations."""
    return schema.startswith(PREFIX)


def schema_of(noun: Noun) -> str:
    """Return the schema of a table or of an object without one."""
    if noun.layout == "definition":
        return split_definition(noun.name)[1]
    return split_name(noun.name)[0]


def on_commit_of(node: dict[str, object]) -> str | None:
    """Read ON COMMIT of a new table.

    Raises:
        PostgresError: the table is not temporary (42P16).
    """
    told = str(node.get("oncommit", node.get("onCommit", "ONCOMMIT_NOOP")))
    relation = node.get("relation") or node.get("rel")
    assert isinstance(relation, dict)
    if told != "ONCOMMIT_NOOP" and relation.get("relpersistence") != "t":
        raise error("42P16", "ON COMMIT can only be used on temporary tables")
    return told if told in {DELETE_ROWS, DROP} else None
