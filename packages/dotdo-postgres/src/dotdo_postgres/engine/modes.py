"""Modes of a transaction as BEGIN and SET TRANSACTION give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotdo_postgres.engine.parse import Node


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
