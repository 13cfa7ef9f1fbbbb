"""Nouns of documents described as tables: `_id`, a column for each field, `_doc` with all of them; it refuses MongoDB's views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.graph import Shape, shape_of
from dotdo.storage import Column
from dotdo_postgres.engine.documents.kinds import FieldType, KeyType, as_owned, field_type, key_type
from dotdo_postgres.engine.relations import CANONICAL_NAMES, EXTRA
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dotdo.storage import Noun, Session
    from dotdo_postgres.engine.objects.names import Names

KEY, WHOLE = "_id", "_doc"
"""Names of the columns that every such table has."""
OBJECT_ID_START = "object_id"
"""The session's value that ids made for a statement begin with: 18 hexadecimal digits; six of the row id follow."""
FIELD_PREFIX = "$."
"""Begins the physical name of a field's column, which is no column of the file."""
MAX_FIELDS = 1_000
_MAX_NAME_BYTES = 63
_EMPTY = Shape(frozenset(), {})


def is_documents(noun: Noun) -> bool:
    """Tell whether a noun holds documents."""
    return noun.layout == "document"


def is_table(noun: Noun) -> bool:
    """Tell whether a noun of documents can be read as a table: MongoDB's views and time series cannot."""
    kind: str = noun.extra.get("mongo", {}).get("kind", "collection")
    return kind == "collection"


class Documents:
    """The nouns of documents as one session sees them, each described anew when a value of a new kind was seen.

    Args:
        session: The kernel's session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.used: dict[int, tuple[Noun, Shape]] = {}

    def describe(self, names: Names, noun: Noun) -> Noun:
        """Return a noun with the columns that it has as a table, and note that a plan depends on them."""
        own = names.catalog.by_id.get(noun.id, noun)
        shape = shape_of(self._session, own)
        self.used[noun.id] = own, shape
        return _kept(names, own, shape)

    def describe_all(self, names: Names) -> None:
        """Describe every noun of documents: the relations of the catalog are about to be read."""
        for key, noun in names.objects.relations.items():
            if is_documents(noun):
                own = names.catalog.by_id[noun.id]
                found = _kept(names, own, shape_of(self._session, own))
                if found is not noun:
                    names.objects.relations[key] = found
                    _forget_rows(names)

    def are_as(self, used: Iterable[tuple[Noun, Shape]]) -> bool:
        """Tell whether nothing of a new kind has been written to the nouns that a plan depends on."""
        return all(_is_same(shape_of(self._session, noun), shape) for noun, shape in used)


def _is_same(one: Shape, other: Shape) -> bool:
    return one is other or one == other


def _kept(names: Names, noun: Noun, shape: Shape) -> Noun:
    """Describe a noun; made once for each shape."""
    known = names.objects.described.get(noun.id)
    if known is None or not _is_same(known[0], shape):
        known = names.objects.described[noun.id] = shape, described(noun, shape)
    return known[1]


def _forget_rows(names: Names) -> None:
    derived = names.catalog.derived
    for key in [key for key in derived if isinstance(key, tuple) and key[0] == "rows"]:
        del derived[key]


def described(noun: Noun, shape: Shape = _EMPTY) -> Noun:
    """Return a noun of documents with its columns."""
    if is_described(noun):
        return noun
    if noun.owner:
        fields = {name: as_owned(kinds) for name, kinds in shape.fields.items()}
        shape = Shape(as_owned(shape.identity), fields)
    key = key_type(shape.identity, is_collection=is_collection(noun))
    columns = [_column(KEY, "id", key.oid, is_nullable=False, kinds=shape.identity)]
    for name, kinds in shape.fields.items():
        is_shown = 0 < len(name.encode()) <= _MAX_NAME_BYTES
        is_shown = is_shown and not name.startswith("$") and name.isprintable()
        if is_shown and name not in {KEY, WHOLE} and len(columns) <= MAX_FIELDS:
            columns.append(_column(name, FIELD_PREFIX + name, field_type(kinds).oid, kinds=kinds))
    inner = [KEY] if KEY in shape.fields else []
    columns.append(_column(WHOLE, "data", t.JSONB, is_nullable=False, kinds=inner))
    return msgspec.structs.replace(
        noun, columns=tuple(columns), key=("id",), key_name=f"{noun.name}_pkey"
    )


def _column(
    name: str, physical: str, oid: int, *, is_nullable: bool = True, kinds: Any = ()
) -> Column:
    facts = {"oid": oid, "kinds": sorted(kinds)}
    return Column(
        name, CANONICAL_NAMES[oid], physical, is_nullable=is_nullable, extra={EXTRA: facts}
    )


def key_of(noun: Noun) -> KeyType:
    """Return how the ids of a noun that `described` gave look in SQL."""
    kinds = frozenset(noun.columns[0].extra[EXTRA]["kinds"])
    return key_type(kinds, is_collection=is_collection(noun))


def field_of(noun: Noun, name: str) -> FieldType:
    """Return how a field of a noun that `described` gave looks in SQL."""
    column = noun.column(name)
    assert column is not None  # it is one of its columns
    return field_type(frozenset(column.extra[EXTRA]["kinds"]))


def is_collection(noun: Noun) -> bool:
    """Tell whether MongoDB's clients made the noun."""
    return "mongo" in noun.extra


def is_described(noun: Noun) -> bool:
    """Tell whether a noun is as `described` gives it."""
    return bool(noun.columns) and noun.columns[-1].name == WHOLE


def has_inner_id(noun: Noun) -> bool:
    """Tell whether some documents of a noun that `described` gave have an exact form of their id inside."""
    return bool(noun.columns[-1].extra[EXTRA]["kinds"])


def undescribed(noun: Noun) -> Noun:
    """Return a noun as it is kept: one of documents has its key column only."""
    if not is_documents(noun):
        return noun
    own = Column("id", "any", "id", is_nullable=False)
    return msgspec.structs.replace(noun, columns=(own,), key_name="")
