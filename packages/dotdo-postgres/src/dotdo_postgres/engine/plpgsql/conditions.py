"""Names of conditions, as EXCEPTION and RAISE write them, and the SQLSTATEs they stand for."""

from __future__ import annotations

from dotdo_postgres.errors.sqlstates import SQLSTATES


def _conditions() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code, name in SQLSTATES.items():
        found.setdefault(name, []).append(code)
    return {name: tuple(codes) for name, codes in found.items()}


CONDITIONS = _conditions()
"""SQLSTATEs by condition name; a name may stand for several."""


def stands_for(condition: str, sqlstate: str) -> bool:
    """Tell whether a handler's condition takes an error; a class ends in `000`, `others` leaves cancels and failed assertions."""
    if condition == "others":
        return sqlstate not in {"57014", "P0004"}
    return condition == sqlstate or (condition.endswith("000") and condition[:2] == sqlstate[:2])
