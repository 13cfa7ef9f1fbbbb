"""What this package keeps with a noun of the kernel, and the OIDs that follow from it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.relations import EXTRA

if TYPE_CHECKING:
    from dotdo.storage import Noun

HIDDEN = "$"
"""Checks whose name begins with it belong to something else than a check constraint."""
MATCH_FULL = HIDDEN + "match full "
PARTITION = HIDDEN + "partition"
_DERIVED = 1 << 30  # OIDs of what belongs to a noun lie above


def facts_of(noun: Noun) -> dict[str, Any]:
    """Return what this package keeps with a noun."""
    found: dict[str, Any] = noun.extra.get(EXTRA, {})
    return found


def kind_of(noun: Noun) -> str:
    """Return `relkind` of a noun that is a relation."""
    kind: str = facts_of(noun).get("kind", "r")
    return kind


def derived_oid(noun: Noun, kind: str, name: str) -> int:
    """Return the OID of something that belongs to a noun: the same for as long as it keeps its name.

    Args:
        noun: What it belongs to.
        kind: What it is: `i`ndex, `c`onstraint, row `t`ype, `a`rray type, `d`efault, `S`equence.
        name: Its name there.
    """
    return _DERIVED | zlib.crc32(f"{noun.id} {kind} {name}".encode()) >> 2
