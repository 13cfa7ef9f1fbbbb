"""pg_inherits and pg_partitioned_table: which table descends from which, and how partitioned ones are divided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog.providers import Provider, Row
from dotdo_postgres.engine.objects.columns import type_facts
from dotdo_postgres.engine.objects.descent import (
    DEFAULT,
    bound_of,
    children_of,
    has_children,
    is_partitioned,
)
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.objects.tables import IndexEntry, index_entries
from dotdo_postgres.engine.partitioning import bound_text, keys_of, strategy_of
from dotdo_postgres.engine.relations import FIRST_OID, relation_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo.storage import Noun
    from dotdo_postgres.engine.session import Session


def class_facts(session: Session, noun: Noun) -> Row:
    """Return what `pg_class` says of descent."""
    catalog = session.names.catalog
    found: Row = {
        "relispartition": int(bound_of(noun) is not None),
        "relhassubclass": int(has_children(catalog, noun)),
    }
    if is_partitioned(noun):
        found |= {"relkind": "p", "relam": 0, "relfilenode": 0}
    bound = bound_of(noun)
    parent = catalog.by_id.get(facts_of(noun)["inherits"][0]) if bound is not None else None
    if bound is not None and parent is not None:
        found["relpartbound"] = bound_text(bound, keys_of(parent))
    return found


def column_facts(noun: Noun, name: str) -> Row:
    """Return what `pg_attribute` says of descent."""
    column = noun.column(name)
    told = {} if column is None else column.extra.get("postgres", {})
    count = told.get("inherited", 0)
    kept = {
        key: told[name]
        for key, name in (("attstattarget", "statistics"), ("attstorage", "storage"))
        if name in told
    }
    return kept | {
        "attinhcount": count,
        "attislocal": int(told.get("is_local", True) if count else True),
    }


def parent_index(session: Session, noun: Noun, index: IndexEntry) -> int:
    """Return the OID of the index of the partitioned table that one of a partition belongs to, 0 without."""
    if bound_of(noun) is None:
        return 0
    parent = session.names.catalog.by_id.get(facts_of(noun)["inherits"][0])
    if parent is None:
        return 0
    wanted = index_terms(noun, index)
    return next((one.oid for one in index_entries(parent) if index_terms(parent, one) == wanted), 0)


def index_terms(noun: Noun, entry: IndexEntry) -> tuple[object, ...]:
    """Return what tells an index from others, by names that a partition shares with its parent."""
    names = {column.column: column.name for column in noun.columns}
    keys = [(names.get(key.physical or ""), key.text, key.options) for key in entry.keys]
    return entry.is_unique, entry.method, entry.where, tuple(keys)


def _inherits(session: Session) -> Iterator[Row]:
    for noun in session.names.objects.relations.values():
        for number, parent in enumerate(facts_of(noun).get("inherits", ()), start=1):
            yield {
                "inhrelid": FIRST_OID + noun.id,
                "inhparent": FIRST_OID + parent,
                "inhseqno": number,
                "inhdetachpending": 0,
            }
        for index in index_entries(noun) if bound_of(noun) is not None else ():
            parent = parent_index(session, noun, index)
            if parent:
                yield {"inhrelid": index.oid, "inhparent": parent, "inhseqno": 1, "inhdetachpending": 0}  # fmt: skip


def _partitioned(session: Session) -> Iterator[Row]:
    catalog = session.names.catalog
    for noun in session.names.objects.relations.values():
        if not is_partitioned(noun):
            continue
        keys = keys_of(noun)
        numbers = {column.name: column.number for column in relation_of(noun).columns}
        default = next(
            (c for c in children_of(catalog, noun) if (bound_of(c) or {}).get("kind") == DEFAULT),
            None,
        )
        exprs = ", ".join(key.text for key in keys if key.column is None)
        yield {
            "partrelid": FIRST_OID + noun.id,
            "partstrat": strategy_of(noun)[0],
            "partnatts": len(keys),
            "partdefid": 0 if default is None else FIRST_OID + default.id,
            "partattrs": [numbers.get(key.column or "", 0) for key in keys],
            "partclass": [0 for _ in keys],
            "partcollation": [type_facts(key.type).collation for key in keys],
            "partexprs": exprs or None,
        }


PROVIDERS = (
    Provider("pg_catalog.pg_inherits", _inherits),
    Provider("pg_catalog.pg_partitioned_table", _partitioned),
)

__all__ = ["PROVIDERS", "class_facts", "column_facts", "index_terms", "parent_index"]
