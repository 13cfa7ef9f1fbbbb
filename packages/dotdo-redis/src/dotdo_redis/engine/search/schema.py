"""What an index takes from which keys; it refuses to read the keys."""

from dataclasses import dataclass, field
from typing import Any

from dotdo_redis.engine.json_values import Path, PathError, parse_path

STOP_WORDS = frozenset({
    "a", "is", "the", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "it", "no", "not",
    "of", "on", "or", "such", "that", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
})  # fmt: skip


@dataclass(slots=True)
class Field:
    """One attribute of an index."""

    identifier: str
    """A field of a hash, or a path into a document."""
    name: str
    kind: str
    """TEXT, TAG, NUMERIC, GEO, GEOSHAPE or VECTOR."""
    weight: float = 1.0
    is_sortable: bool = False
    is_unnormalized: bool = False
    is_stemmed: bool = True
    is_indexed: bool = True
    is_phonetic: str = ""
    separator: str = ","
    is_case_sensitive: bool = False
    has_suffixes: bool = False
    indexes_empty: bool = False
    indexes_missing: bool = False
    algorithm: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    """Of vectors and shapes."""
    path: Path | None = None

    def bind(self, *, is_json: bool) -> None:
        """Prepare the path of a document's field."""
        if is_json:
            try:
                self.path = parse_path(self.identifier.encode())
            except PathError:
                self.path = parse_path(f"$[{self.identifier!r}]".encode())


@dataclass(slots=True)
class Definition:
    """One index: its keys, its fields, its language."""

    name: str
    is_json: bool = False
    prefixes: list[str] = field(default_factory=lambda: [""])
    filter: str = ""
    language: str = "english"
    language_field: str = ""
    score: float = 1.0
    score_field: str = ""
    payload_field: str = ""
    stop_words: frozenset[str] = STOP_WORDS
    has_own_stop_words: bool = False
    options: list[str] = field(default_factory=list)
    """MAXTEXTFIELDS, NOOFFSETS, NOHL, NOFIELDS, NOFREQS as they were given."""
    skips_scan: bool = False
    fields: list[Field] = field(default_factory=list)
    words: list[bytes] = field(default_factory=list)
    """The calls that made it, to be made again."""

    def find(self, name: str) -> Field | None:
        """The field of a name, by its own name or its identifier."""
        return next((one for one in self.fields if name in {one.name, one.identifier}), None)

    def text_fields(self) -> list[Field]:
        """The fields of words."""
        return [one for one in self.fields if one.kind == "TEXT"]

    def takes(self, key: bytes) -> bool:
        """Whether a key has one of the prefixes."""
        text = key.decode("utf-8", "surrogateescape")
        return any(text.startswith(prefix) for prefix in self.prefixes)


Attributes = dict[str, Any]
