"""The column that somebody may have meant: the nearest name by PostgreSQL's measure and its rules for ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.bind.scope import Scope
    from dotdo_postgres.errors import PostgresError

MAX_DISTANCE = 3


def unknown_column(scope: Scope, name: str, table: str | None, location: int) -> PostgresError:
    """Make the error for a column that no FROM item has (42703).

    Args:
        scope: Where it was looked for.
        name: The column.
        table: The name before the dot, None when there is none.
        location: Where it is written.
    """
    shown = f'"{name}"' if table is None else f"{table}.{name}"
    found = [f'the column "{item}.{column}"' for item, column in nearest(scope, name, table)]
    hint = f"Perhaps you meant to reference {' or '.join(found)}." if found else None
    return error("42703", f"column {shown} does not exist", hint=hint, position=location)


def nearest(scope: Scope, name: str, table: str | None) -> list[tuple[str, str]]:
    """Return the one or two columns nearest to a name; three at the same distance say nothing."""
    best, found = MAX_DISTANCE + 1, list[tuple[str, str]]()
    for item, column in candidates(scope):
        penalty = 0 if table is None else distance(table, item)
        apart = distance(column, name)
        if penalty > best or apart > len(name) // 2:
            continue
        apart += penalty
        if apart < best:
            best, found = apart, [(item, column)]
        elif apart == best and apart <= MAX_DISTANCE:
            found = [] if len(found) == 2 else [*found, (item, column)]
    return found


def candidates(scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield name and column of every table of FROM, this level first."""
    level: Scope | None = scope
    while level is not None:
        for entry in level.entries:
            for column in entry.columns:
                yield entry.name, column.name
        level = level.parent


def distance(one: str, other: str) -> int:
    """Return how many insertions, deletions and replacements turn one word into the other."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        above, row[0] = row[0], at
        for to, wanted in enumerate(other, start=1):
            above, row[to] = (
                row[to],
                min(row[to] + 1, row[to - 1] + 1, above + (letter != wanted)),
            )
    return row[-1]
