"""One document on its way through an aggregation: what was loaded, and what can be; it refuses to change the document."""

from typing import Any

from dotdo_redis.engine.json_values import Document, compact
from dotdo_redis.engine.search.index import Index
from dotdo_redis.engine.search.schema import Field
from dotdo_redis.engine.search.values import raw_values, shown_json, sort_value, text_of
from dotdo_redis.engine.types import Value
from dotdo_redis.engine.types.hashes import Hash

Item = float | str | list[Any] | None


class Row:
    """Names and values; what an index knows is read when it is asked for."""

    __slots__ = ("index", "key", "value", "values")

    def __init__(self, index: Index | None, value: Value | None, key: bytes = b"") -> None:
        self.index = index
        self.value = value
        self.key = key
        self.values: dict[str, Item] = {}

    def get(self, name: str) -> Item:
        """The value of a name, loaded if need be; None without."""
        if name in self.values:
            return self.values[name]
        found = self.read(name)
        if found is not None:
            self.values[name] = found
        return found

    def read(self, name: str) -> Item:
        """The value of a field of the index or of the document, which is not kept."""
        if name == "__key":
            return text_of(self.key)
        if self.value is None or self.index is None:
            return None
        one = self.index.definition.find(name)
        if one is None:
            one = Field(name, name, "TAG")
            one.bind(is_json=self.index.definition.is_json)
        values = raw_values(self.value, one)
        if values is None:
            return None
        if isinstance(self.value, Document) and one.kind != "NUMERIC":
            return text_of(shown_json(values, is_multiple=False))
        found: Item = sort_value(one, values)
        return found

    def load_all(self) -> None:
        """Load every field of the document."""
        if isinstance(self.value, Hash):
            for name, text in self.value.pairs():
                self.values[text_of(name)] = text_of(text)
        elif isinstance(self.value, Document):
            self.values["$"] = text_of(compact(self.value.root))


def shown(item: Item) -> Any:
    """A value as a reply tells it: numbers with twelve digits."""
    if isinstance(item, list):
        return [shown(one) for one in item]
    if isinstance(item, float | int):
        return number_text(float(item)).encode()
    return None if item is None else item.encode("utf-8", "surrogateescape")


def number_text(number: float) -> str:
    """A number with twelve digits, whole ones without a fraction."""
    if number != number:
        return "nan"
    if abs(number) == float("inf"):
        return "inf" if number > 0 else "-inf"
    if number == int(number) and abs(number) < 1 << 63:
        return str(int(number))
    return f"{number:.12g}"


def as_number(item: Item) -> float | None:
    """A value as a number; None when it is none."""
    if isinstance(item, float | int):
        return float(item)
    if isinstance(item, str):
        try:
            return float(item)
        except ValueError:
            return None
    return None


def as_text(item: Item) -> str:
    """A value as a text."""
    if item is None:
        return ""
    return (
        item
        if isinstance(item, str)
        else number_text(item)
        if isinstance(item, float | int)
        else ""
    )
