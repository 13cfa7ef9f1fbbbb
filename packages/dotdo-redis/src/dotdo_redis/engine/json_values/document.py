"""A JSON document as the value of a key; it refuses paths and commands."""

from copy import deepcopy

from dotdo_redis.engine.json_values.texts import Json


class Document:
    """One document; what lies in it is plain Python."""

    type_name = b"ReJSON-RL"
    __slots__ = ("root",)

    def __init__(self, root: Json) -> None:
        self.root = root

    def __len__(self) -> int:
        return 1

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "Document":
        """Give a document that shares nothing that can change."""
        return Document(deepcopy(self.root))
