"""Values of keys: their structures and the encodings Redis would give them; it refuses commands."""

from typing import Protocol, TypeAlias

__all__ = ["Collection", "Value"]


class Collection(Protocol):
    """What every value but a string has."""

    type_name: bytes
    """As TYPE says it."""

    def __len__(self) -> int:
        """Elements."""
        ...

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        ...

    def copy(self) -> "Collection":
        """Give a value that shares nothing that can change."""
        ...


Value: TypeAlias = bytes | bytearray | Collection
