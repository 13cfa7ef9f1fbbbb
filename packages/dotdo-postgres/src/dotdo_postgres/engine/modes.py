"""Modes of a transaction as BEGIN and SET TRANSACTION give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotdo.storage import Isolation
    from dotdo_postgres.engine.parse import Node

#: What the kernel calls PostgreSQL's levels; READ UNCOMMITTED is READ COMMITTED, as there.
ISOLATIONS: dict[str, Isolation] = {
    "read uncommitted": "committed",
    "read committed": "committed",
    "repeatable read": "snapshot",
    "serializable": "serializable",
}


def modes(options: list[Node]) -> dict[str, str]:
    """Read transaction modes: isolation level, read only, deferrable."""
    found: dict[str, str] = {}
    for option in options:
        element = option["DefElem"]
        constant = element["arg"]["A_Const"]
        if "sval" in constant:
            found[element["defname"]] = constant["sval"]["sval"]
        else:
            found[element["defname"]] = "on" if constant.get("ival", {}).get("ival", 0) else "off"
    return found
