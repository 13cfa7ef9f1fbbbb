"""Tables that inherit from others or are partitions of them: who descends from whom, and how partitions are bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.collected import objects_of
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.objects.temporary import is_temporary

if TYPE_CHECKING:
    from dotdo.storage import Catalog, Noun

Bound = dict[str, Any]
DEFAULT, LIST, RANGE, HASH = "default", "list", "range", "hash"


def children_of(catalog: Catalog, noun: Noun) -> list[Noun]:
    """Return the tables that inherit directly from a table, or are its partitions."""
    return objects_of(catalog).children.get(noun.id, [])


def parents_of(catalog: Catalog, noun: Noun) -> list[Noun]:
    """Return the tables that a table inherits from."""
    numbers = facts_of(noun).get("inherits", ())
    return [catalog.by_id[number] for number in numbers if number in catalog.by_id]


def family_of(catalog: Catalog, noun: Noun) -> list[Noun]:
    """Return a table and all that descend from it, each once, parents before children."""
    found: dict[int, Noun] = {}
    left = [noun]
    while left:
        one = left.pop(0)
        if one.id not in found:
            found[one.id] = one
            left += children_of(catalog, one)
    return list(found.values())


def keepers_of(catalog: Catalog, noun: Noun, temporary: str) -> list[Noun]:
    """Return the tables of a family that keep rows for a session: partitioned ones keep none, other sessions' temporary ones others'."""
    return [one for one in members_of(catalog, noun, temporary) if not is_partitioned(one)]


def members_of(catalog: Catalog, noun: Noun, temporary: str) -> list[Noun]:
    """Return a table and its descendants but for other sessions' temporary ones."""
    return [
        one
        for one in family_of(catalog, noun)
        if not is_temporary(split_name(one.name)[0]) or split_name(one.name)[0] == temporary
    ]


def ancestors_of(catalog: Catalog, noun: Noun) -> list[Noun]:
    """Return all tables that a table descends from."""
    found: dict[int, Noun] = {}
    left = parents_of(catalog, noun)
    while left:
        one = left.pop(0)
        if one.id not in found:
            found[one.id] = one
            left += parents_of(catalog, one)
    return list(found.values())


def is_partitioned(noun: Noun) -> bool:
    """Tell whether a table is divided into partitions."""
    return "partition" in facts_of(noun)


def bound_of(noun: Noun) -> Bound | None:
    """Return the bound of a partition, None of any other table."""
    found: Bound | None = facts_of(noun).get("bound")
    return found


def has_children(catalog: Catalog, noun: Noun) -> bool:
    """Tell whether any table descends from one."""
    return bool(objects_of(catalog).children.get(noun.id))
