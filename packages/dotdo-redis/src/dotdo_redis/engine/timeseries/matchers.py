"""What FILTER asks of labels; it refuses patterns."""

from collections.abc import Sequence
from dataclasses import dataclass


class BadMatcher(ValueError):
    """A matcher that cannot be read."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label that has, or has not, one of some values; no values: that is there, or not."""

    label: bytes
    values: frozenset[bytes]
    is_equal: bool

    def matches(self, labels: dict[bytes, bytes]) -> bool:
        """Whether labels are as asked."""
        found = labels.get(self.label)
        if not self.values:
            return (found is None) is self.is_equal
        return (found in self.values) is self.is_equal

    @property
    def selects(self) -> bool:
        """Whether it asks for values, so that it can stand alone."""
        return self.is_equal and bool(self.values)


def parse_matcher(word: bytes) -> Matcher:
    """Read `label=value`, `label!=value`, `label=(a,b)`, `label!=(a,b)`, `label=` or `label!=`.

    Raises:
        BadMatcher: it is none of these.
    """
    label, mark, value = word.partition(b"=")
    if not mark or not label:
        raise BadMatcher
    is_equal = not label.endswith(b"!")
    label = label if is_equal else label[:-1]
    if value.startswith(b"("):
        if not value.endswith(b")"):
            raise BadMatcher
        parts = [part.strip() for part in value[1:-1].split(b",")]
    else:
        parts = [value]
    return Matcher(label, frozenset(part for part in parts if part), is_equal)


def parse_matchers(words: Sequence[bytes]) -> list[Matcher]:
    """Read matchers.

    Raises:
        BadMatcher: one of them cannot be read.
    """
    return [parse_matcher(word) for word in words]
