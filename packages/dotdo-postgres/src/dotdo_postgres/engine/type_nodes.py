"""Parse nodes of type names, for statements that the engine makes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.parse import Node
    from dotdo_postgres.mapping.types import PgType


def type_name(pg_type: PgType) -> Node:
    """Return the node that names a type of the catalogue."""
    is_array = bool(pg_type.element) and pg_type.category == "A"
    name = t.BY_OID[pg_type.element].name if is_array else pg_type.name
    found: Node = {"names": [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": name}}]}
    found["typemod"] = -1
    if is_array:
        found["arrayBounds"] = [{"Integer": {"ival": -1}}]
    return found
