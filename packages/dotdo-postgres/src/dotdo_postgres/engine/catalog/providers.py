"""Which relations of the catalog are computed, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dotdo_postgres.engine.session import Session

Row = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Provider:
    """How the rows of one relation are computed.

    Args:
        relation: Qualified name.
        rows: Gives rows of values by column; what a row leaves out is zero, false or empty where `has_blanks`, else NULL.
        needs_session: Rows differ between sessions.
        is_whole: Rows of a fresh database are among those given.
        has_blanks: It is a table of pg_catalog, whose columns are not NULL as a rule.
    """

    relation: str
    rows: Callable[[Session], Iterable[Row]]
    needs_session: bool = False
    is_whole: bool = False
    has_blanks: bool = True


def empty(session: Session) -> Iterable[Row]:  # noqa: ARG001 -- called as every provider
    """Nothing of this kind can be there."""
    return ()
