"""Keys by which strings order under a collation: Unicode's weights, level by level."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.collation.locales import TAILORED

if TYPE_CHECKING:
    from collections.abc import Callable

Element = tuple[float, int, int]
"""Primary, secondary and tertiary weight."""
_UPPER = 8


@dataclass(slots=True, frozen=True, kw_only=True)
class Options:
    """How strings compare.

    Args:
        language: whose letters.
        strength: how many levels count, 1 to 5.
        has_case_level: whether case counts before the third level.
        case_first: "upper", "lower" or "off".
        is_numeric: whether digits compare as numbers.
        is_shifted: whether variable characters count on the fourth level only.
        shifts_punctuation: whether punctuation is variable, not spaces alone.
        is_backwards: whether accents compare from the end.
    """

    language: str
    strength: int = 3
    has_case_level: bool = False
    case_first: str = "off"
    is_numeric: bool = False
    is_shifted: bool = False
    shifts_punctuation: bool = True
    is_backwards: bool = False


@lru_cache(maxsize=1)
def _weights() -> Callable[[str], list[tuple[int, int, int]]]:
    from pyuca import Collator

    collator = Collator()

    def of(text: str) -> list[tuple[int, int, int]]:
        return [tuple(element[:3]) for element in collator.collation_elements(text)]

    return of


@lru_cache(maxsize=64)
def _tailoring(language: str) -> dict[str, Element]:
    found: dict[str, Element] = {}
    weights = _weights()
    for after, letters in TAILORED.get(language, TAILORED.get(language.partition("_")[0], ())):
        base = float(weights(after)[0][0])
        for place, letter in enumerate(letters):
            primary = base + (place + 1) / 100
            found[unicodedata.normalize("NFC", letter)] = (primary, 32, 2)
            found[unicodedata.normalize("NFC", letter.upper())] = (primary, 32, _UPPER)
            if len(letter) > 1:
                found[letter.title()] = (primary, 32, _UPPER)
    return found


def _is_variable(char: str, options: Options) -> bool:
    category = unicodedata.category(char)
    return (
        category[0] == "Z"
        or char in "\t\n\r\f\v"
        or (category[0] == "P" and options.shifts_punctuation)
    )


@dataclass(slots=True)
class _Weighed:
    """The weights of a text, level by level."""

    elements: list[Element]
    quaternary: list[float]


def _number(digits: str) -> Element:
    value = digits.lstrip("0") or "0"
    scale = len(value) / 1000
    fraction = int(value) / 10 ** (len(value) + 3) if len(value) < 300 else 0
    return (_weights()("0")[0][0] + scale + fraction, 32, 2)


def _weigh(text: str, options: Options) -> _Weighed:
    tailored = _tailoring(options.language)
    weights = _weights()
    composed = unicodedata.normalize("NFC", text)
    found: list[Element] = []
    quaternary: list[float] = []
    index = 0
    while index < len(composed):
        char = composed[index]
        pair = composed[index : index + 2]
        step = 1
        if pair in tailored and len(pair) > 1:
            elements: list[Element] = [tailored[pair]]
            step = 2
        elif char in tailored:
            elements = [tailored[char]]
        elif options.is_numeric and char.isdecimal():
            end = index
            while end < len(composed) and composed[end].isdecimal():
                end += 1
            elements = [
                _number("".join(str(unicodedata.decimal(one)) for one in composed[index:end]))
            ]
            step = end - index
        else:
            elements = list(weights(unicodedata.normalize("NFD", char)))
        if options.is_shifted and _is_variable(char, options):
            quaternary += [element[0] for element in elements if element[0]]
        else:
            found += elements
            quaternary += [0xFFFF for element in elements if element[0]]
        index += step
    return _Weighed(found, quaternary)


def _case(tertiary: int, options: Options) -> int:
    is_upper = tertiary >= _UPPER and tertiary <= 0xC
    if options.case_first == "upper":
        return 0 if is_upper else 1
    return 1 if is_upper else 0


def key_maker(options: Options) -> Callable[[str], Any]:
    """Return the function from a string to what orders as the options ask; equal keys are equal strings."""

    @lru_cache(maxsize=4096)
    def key(text: str) -> tuple[Any, ...]:
        weighed = _weigh(text, options)
        elements = weighed.elements
        levels: list[Any] = [tuple(p for p, _, _ in elements if p)]
        if options.strength > 1:
            seconds = [s for _, s, _ in elements if s]
            levels.append(tuple(reversed(seconds) if options.is_backwards else seconds))
        if options.has_case_level:
            levels.append(tuple(_case(t, options) for p, _, t in elements if p))
        if options.strength > 2:
            thirds = [t for _, _, t in elements if t]
            if options.case_first != "off":
                levels.append(tuple(_case(t, options) for p, _, t in elements if p))
            levels.append(tuple(thirds))
        if options.strength > 3 and options.is_shifted:
            levels.append(tuple(weighed.quaternary))
        if options.strength > 4:
            levels.append(unicodedata.normalize("NFD", text))
        return tuple(levels)

    return key
