"""Tables that statements name: found, or PostgreSQL's error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def find_table(
    session: Session,
    planner: Planner,
    node: Node,
    is_missing_ok: bool,
    *,
    may_hold_documents: bool = False,
) -> Noun | None:
    """Return the noun of a table or view.

    Raises:
        PostgresError: no such relation (42P01, 3F000), or not one that has columns (42809); it holds documents, which
            have no columns of their own to be changed (0A000).
    """
    name, schema = node["relname"], node.get("schemaname")
    noun = planner.names.table(node)
    if noun is not None:
        if is_documents(noun) and not may_hold_documents:
            raise not_supported(f'this change of "{name}", which holds documents,')
        return noun
    if schema is not None and not planner.names.has_schema(schema):
        if not is_missing_ok:
            raise error("3F000", f'schema "{schema}" does not exist')
    elif planner.names.find(schema, name) is not None:
        raise error("42809", f'"{name}" is not a table')
    shown = name if schema is None else f"{schema}.{name}"
    if not is_missing_ok:
        raise error("42P01", f'relation "{shown}" does not exist')
    session.notice("NOTICE", "00000", f'relation "{name}" does not exist, skipping')
    return None
