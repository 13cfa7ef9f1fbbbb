"""What a row stands for beyond itself: its values of unique keys and the rows that it refers to, as SQL made once for each definition."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dotdo.storage import ddl
from dotdo.storage.names import quoted

if TYPE_CHECKING:
    import apsw

    from dotdo.storage.catalog import Catalog
    from dotdo.storage.images import Images
    from dotdo.storage.schema import ForeignKey, Noun

Key = tuple[str, tuple[object, ...]]
RowRef = tuple[int, int]
"""Number of a noun and row id."""


class Guards:
    """Unique keys and referenced rows of one noun's rows.

    Args:
        noun: Whose rows.
        catalog: Definitions of the nouns it refers to.
    """

    __slots__ = ("_keys", "_parents", "is_empty")

    def __init__(self, noun: "Noun", catalog: "Catalog") -> None:
        images = catalog.images(noun)
        row = _row_sql(noun, images)
        self._keys = [
            (name, f"select {_listed(noun, terms)} from {row} as {quoted(noun.table)}{where}")
            for name, terms, where in ddl.unique_terms(noun)
        ]
        self._parents = [
            (target.id, _parent_sql(fk, target, row))
            for fk in noun.foreign_keys
            if (target := catalog.by_name.get(fk.target)) is not None
        ]
        self.is_empty = not (self._keys or self._parents)

    def keys(self, connection: "apsw.Connection", image: bytes) -> Iterator[Key]:
        """Yield the values of unique keys that a row of this image has."""
        for name, sql in self._keys:
            values = connection.execute(sql, (image,)).fetchone()
            if values is not None and None not in values:
                yield name, values

    def has_other_keys(self, connection: "apsw.Connection", before: bytes, after: bytes) -> bool:
        """Two images of a row differ in a unique key."""
        return bool(self._keys) and list(self.keys(connection, before)) != list(
            self.keys(connection, after)
        )

    def parents(self, connection: "apsw.Connection", image: bytes) -> Iterator[RowRef]:
        """Yield the rows that a row of this image refers to."""
        for number, sql in self._parents:
            found = connection.execute(sql, (image,)).fetchone()
            if found is not None and found[0] is not None:
                yield number, found[0]

    def is_dangling(self, connection: "apsw.Connection", image: bytes) -> bool:
        """A reference of a row of this image leads nowhere."""
        found = (connection.execute(sql, (image,)).fetchone() for _, sql in self._parents)
        return any(row is not None and row[0] is None for row in found)


def guards_of(catalog: "Catalog", noun: "Noun") -> Guards:
    """Return the guards of a noun of the catalog, made when first asked for."""
    found = catalog.derived.get((Guards, noun.id))
    if not isinstance(found, Guards):
        found = catalog.derived[Guards, noun.id] = Guards(noun, catalog)
    return found


def _row_sql(noun: "Noun", images: "Images") -> str:
    """Return a subquery that has the columns of the row whose image is bound as ?1."""
    pairs = zip(images.decoded("?1"), images.columns, strict=True)
    row = "(select " + ", ".join(f"{value} as {quoted(column)}" for value, column in pairs) + ")"
    for column in noun.columns:
        if column.generated is not None:
            row = f"(select *, ({column.generated}) as {quoted(column.column)} from {row})"
    return row


def _listed(noun: "Noun", terms: list[str]) -> str:
    return ", ".join(ddl.even_term(noun, term) for term in terms)


def _parent_sql(fk: "ForeignKey", target: "Noun", row: str) -> str:
    """Return the statement that gives the row referred to: none when it refers to nothing, NULL when that is not there."""
    on = " and ".join(
        f"p.{quoted(there)} = c.{quoted(here)}"
        for here, there in zip(fk.columns, fk.target_columns, strict=True)
    )
    refers = " and ".join(f"c.{quoted(here)} is not null" for here in fk.columns)
    return (
        f"select p.{quoted(target.rowid)} from {row} c left join {quoted(target.table)} p on {on}"
        f" where {refers}"
    )
