"""OIDs of schemas."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from dotdo_postgres.engine.relations import FIRST_OID

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.collected import Objects

NAMESPACES = {"pg_catalog": 11, "public": 2200, "information_schema": 13000}


def namespace_oid(objects: Objects, schema: str) -> int:
    """Return the OID of a schema."""
    found = NAMESPACES.get(schema)
    if found is not None:
        return found
    noun = objects.schemas.get(schema)
    if noun is not None:
        return FIRST_OID + noun.id
    return (1 << 30) | zlib.crc32(f"schema {schema}".encode()) >> 2
