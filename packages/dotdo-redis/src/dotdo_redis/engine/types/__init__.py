"""Values of keys: their structures and the encodings Redis would give them; it refuses commands."""

from typing import Protocol, TypeAlias

from dotdo_redis.engine.arguments import is_integer as _is_integer

__all__ = ["Collection", "Value", "string_encoding", "type_name"]


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

_LONGEST_INTEGER = 20
_EMBEDDED_BYTES = 44
"""The longest string that Redis keeps beside its object."""


def type_name(value: Value) -> bytes:
    """As TYPE says it."""
    return b"string" if isinstance(value, bytes | bytearray) else value.type_name


def string_encoding(value: bytes | bytearray) -> bytes:
    """As OBJECT ENCODING says it of a string."""
    if isinstance(value, bytearray):
        return b"raw"
    if len(value) <= _LONGEST_INTEGER and _is_integer(value):
        return b"int"
    return b"embstr" if len(value) <= _EMBEDDED_BYTES else b"raw"
