"""Facts of PostgreSQL 15's own catalogue: the columns of its relations, and the rows that a fresh database has; read when first asked for."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

_FOLDER = Path(__file__).parent / "data"


@cache
def relations() -> dict[str, tuple[int, str, list[tuple[str, int, int]]]]:
    """Return, for each relation by qualified name, its OID, kind and columns (name, type OID, type modifier)."""
    found: dict[str, Any] = orjson.loads((_FOLDER / "relations.json").read_bytes())
    return {
        name: (oid, kind, [tuple(column) for column in columns])
        for name, (oid, kind, columns) in found.items()
    }


@cache
def static_rows(relation: str) -> list[tuple[Any, ...]]:
    """Return the rows of a relation of pg_catalog in a fresh database; lists are arrays."""
    path = _FOLDER / f"{relation}.json"
    return [tuple(row) for row in orjson.loads(path.read_bytes())] if path.exists() else []
