"""The parts of a bound query, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.query import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.query import Query


def noun_of(entry: Entry) -> int:
    """Return the number of the noun that an entry of FROM reads, 0 when it reads none."""
    return entry.view or (entry.relation.noun.id if entry.relation is not None else 0)


def walk_query(query: Query) -> Iterator[Any]:
    """Yield every part of a bound query, not those inside views that it reads."""
    seen: set[int] = set()
    left: list[Any] = [query]
    while left:
        item = left.pop()
        if isinstance(item, (list, tuple)):
            left.extend(item)
            continue
        if not type(item).__module__.startswith("dotdo_postgres.engine") or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        if isinstance(item, Entry) and noun_of(item):
            continue
        names = getattr(type(item), "__dataclass_fields__", ())
        left.extend(getattr(item, name) for name in names if name not in {"relation", "routine"})
