"""What only find projects: $slice of arrays, $elemMatch, and the positional `$`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dotdo_mongo.engine.context import Context, Document
from dotdo_mongo.engine.expressions import expression
from dotdo_mongo.engine.fieldpath import as_document, split_path
from dotdo_mongo.engine.match import compile_match, compile_value_match
from dotdo_mongo.engine.match.arrays import is_operators
from dotdo_mongo.engine.match.positional import matched_index
from dotdo_mongo.engine.numbers import truncated64
from dotdo_mongo.engine.projection.parse import Reader
from dotdo_mongo.engine.projection.tree import KEEP
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import CommandFailure, failure

Change = Callable[[Document, Document], Document]
"""From what is projected so far and the document as it was, to what is projected."""

_RESTRICTED = {
    name: (code, text)
    for name, code, text in (
        ("$jsonSchema", 224, "$jsonSchema is not allowed in this context"),
        ("$where", 224, "$where is not allowed in this context"),
        ("$text", 2, "$text is not allowed in this context"),
        ("$expr", 2, "$expr can only be applied to the top-level document"),
        ("$near", 5626500, "$geoNear, $near, and $nearSphere are not allowed in this context"),
        (
            "$nearSphere",
            5626500,
            "$geoNear, $near, and $nearSphere are not allowed in this context",
        ),
        ("$geoNear", 5626500, "$geoNear, $near, and $nearSphere are not allowed in this context"),
    )
}


@dataclass(slots=True)
class Extras:
    """What is done after the plain projection."""

    changes: list[Change] = field(default_factory=list)
    is_positional: bool = False
    has_elem_match: bool = False


class FindReader(Reader):
    """Reads a find projection."""

    def __init__(self, context: Context, query: Document | None) -> None:
        super().__init__(context, is_find=True)
        self.query = query
        self.extras = Extras()

    def read_find(self, spec: Mapping[str, Any]) -> None:
        """Read all fields."""
        for name, value in spec.items():
            if name.endswith(".$"):
                self._positional(name[:-2], value)
            elif ".$." in name or name == "$":
                split_path_positional(name)
            else:
                self.member(split_path(name), value)
        self._settle_id()

    def operation(self, names: tuple[str, ...], value: Mapping[str, Any]) -> None:
        """Read $slice and $elemMatch here, all others as expressions."""
        ((name, argument), *rest) = value.items()
        if not rest and name == "$slice":
            self._slice(names, argument, value)
        elif not rest and name == "$elemMatch":
            self._elem_match(names, argument)
        else:
            super().operation(names, value)

    def _positional(self, path: str, value: Any) -> None:
        if self.extras.is_positional:
            raise failure(31276, "Cannot specify more than one positional proj. per query.")
        if self.extras.has_elem_match:
            raise failure(31255, "Cannot specify positional operator and $elemMatch.")
        if not (isinstance(value, bool) or type(value) in NUMBERS):
            raise failure(
                31308,
                f"positional projection cannot be used with a literal or an expression: {value}",
            )
        if not _is_true(value):
            raise failure(31395, "positional projection cannot be used with exclusion")
        names = split_path(path)
        self.flag(names, True)
        self.extras.is_positional = True
        query = self.query or {}
        if "$expr" in query:
            raise failure(224, "$expr is not supported with a positional projection")
        index_of = matched_index(query, self.context)
        self.extras.changes.append(
            lambda found, document: _position(found, names, lambda: index_of(document))
        )

    def _slice(self, names: tuple[str, ...], argument: Any, value: Mapping[str, Any]) -> None:
        if isinstance(argument, list):
            bounds = _bounds(argument)
            if bounds is None:
                self.compute(names, expression(value, self.context))
                return
            skip, count = bounds
        elif type(argument) in NUMBERS:
            number = _slice_number(argument)
            skip, count = (number, -number) if number < 0 else (0, number)
        else:
            raise _no_slice(value)
        try:
            self.parsed.tree.put(names, KEEP)
        except CommandFailure as error:
            if self.extras.is_positional:
                raise _no_slice(value) from error
            raise
        self.extras.changes.append(
            lambda found, document: _sliced(found, names, skip, count)  # noqa: ARG005
        )

    def _elem_match(self, names: tuple[str, ...], argument: Any) -> None:
        if not isinstance(argument, Mapping):
            raise failure(
                31274,
                f"elemMatch: Invalid argument, object required, but got {type_name(argument)}",
            )
        if self.extras.is_positional:
            raise failure(31255, "Cannot specify positional operator and $elemMatch.")
        if len(names) > 1:
            raise failure(31275, "Cannot use $elemMatch projection on a nested field.")
        self.extras.has_elem_match = True
        test = member_test(dict(argument), self.context)
        (name,) = names
        self.parsed.tree.put(names, KEEP)
        self.extras.changes.append(
            lambda found, document: _first_member(
                found, document.get(name), name, test, in_place=bool(self.parsed.is_exclusion)
            )
        )

    def _settle_id(self) -> None:
        if self.parsed.is_exclusion is None and self.extras.has_elem_match:
            self.parsed.is_exclusion = False
        super()._settle_id()


def _no_slice(value: Any) -> CommandFailure:
    return failure(
        28667,
        f"Invalid $slice syntax. The given syntax {value} did not match the find() syntax because :: Location31273: $slice only supports numbers and [skip, limit] arrays :: The given syntax did not match the expression $slice syntax. :: caused by :: Expression $slice takes at least 2 arguments, and at most 3, but 1 were passed in.",
    )


def split_path_positional(name: str) -> None:
    """Refuse `$` elsewhere than at the end. Code 31394."""
    raise failure(
        31394,
        f"As of 4.4, it's illegal to specify positional operator in the middle of a path. Positional projection may only be used at the end, for example: a.b.$. If the query previously used a form like a.b.$.d, remove the parts following the '$' and the results will be equivalent. Path: {name}",
    )


def _is_true(value: Any) -> bool:
    return bool(value.to_decimal() if hasattr(value, "to_decimal") else value)


def _bounds(argument: list[Any]) -> tuple[int, int] | None:
    """Return skip and limit; None when the list is no pair of such numbers."""
    if len(argument) != 2 or any(type(one) not in NUMBERS for one in argument):
        return None
    skip, count = (_slice_number(one) for one in argument)
    return (skip, count) if count > 0 else None


def _slice_number(value: Any) -> int:
    return max(-(2**31), min(2**31 - 1, truncated64(value)))


def member_test(argument: Document, context: Context) -> Callable[[Any], bool]:
    """Return the test that $elemMatch makes of an array's member."""
    if is_operators(argument) and next(iter(argument)) not in {"$and", "$or", "$nor", *_RESTRICTED}:
        return compile_value_match(argument, context)
    matches = compile_match(
        argument, context.with_(features=context.features | {"no-near"}), _RESTRICTED
    )

    def test(member: Any) -> bool:
        if isinstance(member, list):
            return matches({str(index): one for index, one in enumerate(member)})
        document = as_document(member)
        return document is not None and matches(dict(document))

    return test


def _sliced(value: Any, names: tuple[str, ...], skip: int, count: int) -> Any:
    if isinstance(value, list):
        return [_sliced(member, names, skip, count) for member in value]
    if not isinstance(value, dict) or names[0] not in value:
        return value
    inner = value[names[0]]
    if len(names) > 1:
        return {**value, names[0]: _sliced(inner, names[1:], skip, count)}
    if not isinstance(inner, list):
        return value
    start = max(len(inner) + skip, 0) if skip < 0 else skip
    return {**value, names[0]: inner[start : start + count]}


def _first_member(
    found: Document, value: Any, name: str, test: Callable[[Any], bool], *, in_place: bool
) -> Document:
    chosen = [member for member in value if test(member)][:1] if isinstance(value, list) else []
    if chosen and in_place:
        return {**found, name: chosen}
    result = {key: one for key, one in found.items() if key != name}
    if chosen:
        result[name] = chosen
    return result


def _position(value: Any, names: tuple[str, ...], index_of: Callable[[], int | None]) -> Any:
    if not isinstance(value, dict) or names[0] not in value:
        return value
    inner = value[names[0]]
    if isinstance(inner, list):
        index = index_of()
        if index is None:
            raise failure(
                51246,
                "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
            )
        if index >= len(inner):
            raise failure(
                51247,
                "Executor error during find command :: caused by :: positional operator '.$' element mismatch",
            )
        return {**value, names[0]: [inner[index]]}
    if len(names) == 1:
        return value
    return {**value, names[0]: _position(inner, names[1:], index_of)}
