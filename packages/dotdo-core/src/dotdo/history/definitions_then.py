"""Definitions as they were: the versions of nouns that `_schema` keeps."""

from collections.abc import Iterable

from dotdo.storage import Noun, Session, decode_noun
from dotdo.storage.images import Images
from dotdo.storage.kernel_nouns import KERNEL_NOUNS


def definitions_at(session: Session, seq: int) -> list[Noun]:
    """Return the nouns as of a log position, the kernel's own included."""
    rows = session.execute(
        "select def from main._schema as s where seq = (select max(seq) from main._schema where noun = s.noun and seq <= ?)"
        " and def is not null order by noun",
        (seq,),
    )
    return [*KERNEL_NOUNS, *(decode_noun(text) for (text,) in rows)]


def has_same_shape(then: Iterable[Noun], now: Iterable[Noun]) -> bool:
    """Rows of the nouns as they were can be read from the tables as they are, and from every image logged between."""
    present = {noun.id: noun for noun in now}
    return all(
        noun.id in present and _is_prefix(noun, present[noun.id]) for noun in then if noun.has_table
    )


def _is_prefix(then: Noun, now: Noun) -> bool:
    return (
        then.table == now.table
        and then.rowid == now.rowid
        and then.search == now.search
        and Images(then).is_prefix_of(Images(now))
        and all(c.generated is None or c in now.columns for c in then.columns)
    )
