"""A dictionary of suggestions as the value of a key: texts with scores and payloads; it refuses commands."""

from collections.abc import Iterator
from math import exp, sqrt
from struct import pack, unpack

from dotdo_redis.engine.search.words import distance

EXACT = 2147483648.0
"""What the text itself scores."""


class Suggestions:
    """Texts, each with a score and perhaps a payload."""

    type_name = b"trietype0"
    __slots__ = ("payloads", "scores")

    def __init__(self) -> None:
        self.scores: dict[str, float] = {}
        self.payloads: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self.scores)

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "Suggestions":
        """Give a dictionary that shares nothing that can change."""
        twin = Suggestions()
        twin.scores, twin.payloads = dict(self.scores), dict(self.payloads)
        return twin

    def add(self, text: str, score: float, payload: bytes | None, *, adds_up: bool) -> None:
        """Set a text's score, or add to it."""
        self.scores[text] = score + (self.scores.get(text, 0.0) if adds_up else 0.0)
        if payload:
            self.payloads[text] = payload

    def remove(self, text: str) -> bool:
        """Remove a text; whether it was there."""
        self.payloads.pop(text, None)
        return self.scores.pop(text, None) is not None

    def complete(self, prefix: str, most: int, *, is_fuzzy: bool) -> list[tuple[str, float]]:
        """The best texts that begin so, or nearly so."""
        wanted = prefix.casefold()
        found: list[tuple[str, float]] = []
        for text, score in self.scores.items():
            low = text.casefold()
            far = 0 if low.startswith(wanted) else 2
            if far and is_fuzzy:
                starts = (low[: len(wanted) + more] for more in (-1, 0, 1))
                far = min(distance(wanted, start, 1) for start in starts)
            if far > 1 or (far and not is_fuzzy):
                continue
            found.append((text, _short(_weighed(wanted, low, score, far))))
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:most]

    def items(self) -> Iterator[int | float | bytes]:
        """What a payload of DUMP holds."""
        yield len(self.scores)
        for text, score in self.scores.items():
            yield from (text.encode() + b"\0", score, self.payloads.get(text, b"") + b"\0")

    @classmethod
    def from_items(
        cls, items: Iterator[int | float | bytes], _config: object = None
    ) -> "Suggestions":
        """Read what a payload of DUMP holds.

        Raises:
            ValueError: it makes no sense.
        """
        made = cls()
        for _ in range(int(next(items))):
            text, score, payload = next(items), next(items), next(items)
            if not isinstance(text, bytes) or not isinstance(payload, bytes):
                raise ValueError("no text")  # noqa: TRY004 - a broken payload, not a wrong call
            made.add(text[:-1].decode(), float(score), payload[:-1], adds_up=False)
        return made


def _weighed(wanted: str, text: str, score: float, far: int) -> float:
    if text == wanted:
        return EXACT
    score /= sqrt(1 + max(len(text) - len(wanted), 0))
    return score * exp(-2 * far) if far else score


def _short(number: float) -> float:
    """A number as four bytes hold it."""
    (value,) = unpack("<f", pack("<f", number))
    return float(value)
