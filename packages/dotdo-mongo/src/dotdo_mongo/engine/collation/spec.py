"""A collation's specification: its fields, their bounds and MongoDB's errors for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.collation.keys import Options, key_maker
from dotdo_mongo.engine.collation.locales import BACKWARDS, LOCALES, UPPER_FIRST
from dotdo_mongo.engine.numbers import whole32
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION = "57.1"


@dataclass(slots=True, frozen=True)
class Collation:
    """A checked collation.

    Args:
        spec: all fields as listCollections shows them.
        key: makes of a string what compares as the collation orders.
    """

    spec: dict[str, Any] = field(default_factory=dict)
    key: Callable[[str], Any] = str


_BOOLS = frozenset({"caseLevel", "numericOrdering", "normalization", "backwards"})
_CHOICES = {
    "caseFirst": frozenset({"upper", "lower", "off"}),
    "alternate": frozenset({"non-ignorable", "shifted"}),
    "maxVariable": frozenset({"punct", "space"}),
}
_NAMES = (
    "locale", "caseLevel", "caseFirst", "strength", "numericOrdering", "alternate", "maxVariable",
    "normalization", "backwards", "version",
)  # fmt: skip


def _checked(name: str, value: Any) -> Any:
    if name in _BOOLS:
        if not isinstance(value, bool):
            raise _wrong(name, value, "bool")
        return value
    if name == "strength":
        return _strength(value)
    if type(value) is not str:
        raise _wrong(name, value, "string")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise failure(
            2, f"Enumeration value '{value}' for field 'collation.{name}' is not a valid value."
        )
    if name == "version" and value != VERSION:
        raise failure(
            161, f"Requested collation version '{value}' is not the one that is there, '{VERSION}'"
        )
    return value


def _wrong(name: str, value: Any, expected: str) -> Exception:
    return failure(
        14,
        f"BSON field 'collation.{name}' is the wrong type '{type_name(value)}', expected type '{expected}'",
    )


def _strength(value: Any) -> int:
    if type(value) not in NUMBERS:
        raise _wrong("strength", value, "int")
    number = whole32(value)
    if number is None:
        raise failure(
            2, f"Enumeration value '{value}' for field 'collation.strength' is not a valid value."
        )
    if not 1 <= number <= 5:
        raise failure(
            2, f"Enumeration value '{number}' for field 'collation.strength' is not a valid value."
        )
    return number


def _language(locale: str) -> str:
    return locale.partition("@")[0].replace("-", "_")


def parse_collation(spec: Mapping[str, Any]) -> Collation | None:
    """Read a `collation` argument; None for `{locale: "simple"}`.

    Raises:
        CommandFailure: an unknown field (40415), no locale (40414), a wrong type (14) or value (2).
    """
    for name in spec:
        if name not in _NAMES:
            raise failure(40415, f"BSON field 'collation.{name}' is an unknown field.")
    given = {
        name: _checked(name, value)
        for name, value in spec.items()
        if value is not None or name == "locale"
    }
    if "locale" not in given:
        raise failure(40414, "BSON field 'collation.locale' is missing but a required field")
    locale = given["locale"]
    if locale == "simple":
        return None  # the other fields are checked, and of no use
    language = _language(locale)
    if language not in LOCALES or "\0" in locale:
        raise failure(2, f"Field 'locale' is invalid in: {spec}")
    whole = {
        "locale": locale,
        "caseLevel": False,
        "caseFirst": "upper" if language in UPPER_FIRST else "off",
        "strength": 3,
        "numericOrdering": False,
        "alternate": "non-ignorable",
        "maxVariable": "punct",
        "normalization": False,
        "backwards": language in BACKWARDS,
        "version": VERSION,
        **{name: value for name, value in given.items() if name != "locale"},
    }
    if whole["backwards"] and whole["strength"] == 1:
        raise failure(2, f"'backwards' is invalid with 'strength' of 1 in: {spec}")
    options = Options(
        language=language,
        strength=whole["strength"],
        has_case_level=whole["caseLevel"],
        case_first=whole["caseFirst"],
        is_numeric=whole["numericOrdering"],
        is_shifted=whole["alternate"] == "shifted",
        shifts_punctuation=whole["maxVariable"] == "punct",
        is_backwards=whole["backwards"],
    )
    return Collation(whole, key_maker(options))
