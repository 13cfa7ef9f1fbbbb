"""Where the hits of a full text search come from: the index, or what stands for it in the past."""

from dotdo.storage import Catalog, Noun
from dotdo.storage.ddl import search_table
from dotdo.storage.names import quoted


def hits(catalog: Catalog, noun: Noun) -> str:
    """Return a SELECT giving (_hit, _rank) of the rows that match `?1`."""
    return str(catalog.derived.get(_key(noun)) or index_hits(quoted(search_table(noun))))


def replace_hits(catalog: Catalog, noun: Noun, select: str) -> None:
    """Let searches through this catalog take their hits from another SELECT."""
    catalog.derived[_key(noun)] = select


def index_hits(table: str, schema: str = "") -> str:
    """Return the SELECT over one full text table, its name quoted."""
    return f"select rowid as _hit, rank as _rank from {schema}{table} where {table} match ?1"


def _key(noun: Noun) -> tuple[str, int]:
    return "hits", noun.id
