"""A Thing: one instance of a Noun, as it was read."""

from collections.abc import Iterator, Mapping
from typing import Literal

from dotdo.errors import InvalidValue
from dotdo.values import Canonical, shown

Visibility = Literal["public", "unlisted", "org", "user"]
"""Who may see a thing: everybody | everybody who knows its id | the organisation | its user only (the default)."""


class Thing(Mapping[str, Canonical]):
    """A row or document; its fields are attributes and items.

    Args:
        noun: Name of its noun.
        id: Its identity: primary key, `_id`; a tuple when the key has several columns.
        row: Number of its row within the noun.
        fields: Its fields by name.
        visibility: Who may see it.
    """

    __slots__ = ("fields", "id", "noun", "row", "visibility")

    def __init__(
        self,
        noun: str,
        id: Canonical,  # noqa: A002  (the field's own name)
        row: int,
        fields: dict[str, Canonical],
        visibility: Visibility | None = None,
    ) -> None:
        self.noun = noun
        self.id = id
        self.row = row
        self.fields = fields
        self.visibility: Visibility = visibility or "user"

    def __getattr__(self, name: str) -> Canonical:
        try:
            return self.fields[name]
        except KeyError:
            msg = f"{self.noun} {self.id!r} has no field {name!r}"
            raise AttributeError(msg) from None

    def __getitem__(self, name: str) -> Canonical:
        return self.fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __bool__(self) -> bool:
        return True  # it is there, also without fields

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Thing):
            return NotImplemented
        return (self.noun, self.id, self.fields) == (other.noun, other.id, other.fields)

    def __hash__(self) -> int:
        return hash((self.noun, self.id))

    def __repr__(self) -> str:
        return f"Thing({self.noun}, {self.id!r}, {self.fields!r})"


def address(thing: object) -> tuple[str, Canonical]:
    """Return the noun's name and the id of a thing, or of what names one: (noun, id).

    Raises:
        InvalidValue: It is neither.
    """
    match thing:
        case Thing(noun=noun, id=identity) | (str() as noun, identity):
            return noun, identity
        case _:
            msg = f"give a thing or (noun, id), not {shown(thing)}"
            raise InvalidValue(msg)
