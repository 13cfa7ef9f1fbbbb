"""Paths of update operators: positions resolved, and a changed copy made along them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.values import MISSING, type_name
from dotdo_mongo.errors import failure

Change = Callable[[Any], Any]
"""From a value (MISSING when absent) to its new one (MISSING to remove, the same object to leave)."""
MAX_FILL = 1_500_000


@dataclass(slots=True, frozen=True)
class Positions:
    """What positional names stand for.

    Args:
        index: the member that the query matched, for `$`.
        filters: name -> test of a member, for `$[name]`.
    """

    index: int | None = None
    filters: Mapping[str, Callable[[Any], bool]] | None = None


def check_path(path: str, *, may_have_dollar: bool = False) -> tuple[str, ...]:
    """Return the names of a path. Codes 2, 52, 56."""
    if not path:
        raise failure(56, "An empty update path is not valid.")
    names = tuple(path.split("."))
    for index, name in enumerate(names):
        if not name:
            raise failure(
                56, f"The update path '{path}' contains an empty field name, which is not allowed."
            )
        is_plain = index == 0 and not may_have_dollar
        if is_plain and name[0] == "$" and name != "$" and not name.startswith("$["):
            raise failure(
                52,
                f"The dollar ($) prefixed field '{name}' in '{path}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.",
            )
    if names[0] == "$" or names[0].startswith("$["):
        raise failure(
            2, f"Cannot have positional (i.e. '$') element in the first position in path '{path}'"
        )
    if names.count("$") > 1:
        raise failure(2, f"Too many positional (i.e. '$') elements found in path '{path}'")
    return names


def check_way(document: Any, names: tuple[str, ...]) -> None:
    """Refuse a way through a value that holds no fields. Code 28."""
    value = document
    for name, following in pairwise(names):
        if not isinstance(value, Mapping) or name not in value:
            return
        value = value[name]
        if not isinstance(value, (Mapping, list)):
            raise failure(28, f"Cannot create field '{following}' in element {{{name}: {value}}}")


def _compare_names(left: str, right: str) -> int:
    if left.isdigit() and right.isdigit():
        a, b = int(left), int(right)
        if a != b:
            return -1 if a < b else 1
    return (left > right) - (left < right)


def _compare(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    for a, b in zip(left, right, strict=False):
        found = _compare_names(a, b)
        if found:
            return found
    return len(left) - len(right)


ORDER = cmp_to_key(_compare)
"""The order in which MongoDB sets fields: by name, numbers by size."""


def is_prefix(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether one path is another or leads to it."""
    return long[: len(short)] == short


def check_conflicts(paths: list[tuple[str, ...]]) -> None:
    """Refuse paths of which one is another or leads to it. Code 40."""
    ends: set[tuple[str, ...]] = set()
    inner: set[tuple[str, ...]] = set()
    for path in paths:
        hit = next((path[:size] for size in range(1, len(path) + 1) if path[:size] in ends), None)
        if hit is None and path in inner:
            hit = path
        if hit is not None:
            raise failure(
                40,
                f"Updating the path '{'.'.join(path)}' would create a conflict at '{'.'.join(hit)}'",
            )
        ends.add(path)
        inner.update(path[:size] for size in range(1, len(path)))


def changed(
    container: Any, names: tuple[str, ...], change: Change, positions: Positions, *, creates: bool
) -> Any:
    """Return a container with the value at a path changed; the same object when nothing is.

    Args:
        container: a document or array.
        names: the path below it.
        change: of the value.
        positions: what `$` and `$[name]` stand for.
        creates: whether an absent way is made.
    """
    name = names[0]
    if name == "$":
        if positions.index is None:
            raise failure(
                2, "The positional operator did not find the match needed from the query."
            )
        return changed(
            container, (str(positions.index), *names[1:]), change, positions, creates=creates
        )
    if name.startswith("$["):
        return _changed_members(container, names, change, positions, creates)
    if isinstance(container, list):
        return _changed_list(container, names, change, positions, creates)
    return _changed_document(container, names, change, positions, creates)


def _inner(
    value: Any, names: tuple[str, ...], change: Change, positions: Positions, creates: bool
) -> Any:
    """Return the new value below the first name."""
    if len(names) == 1:
        return change(value)
    if value is MISSING:
        if not creates:
            return MISSING
        made = changed({}, names[1:], change, positions, creates=True)
        return made or MISSING
    if isinstance(value, list):
        return changed(value, names[1:], change, positions, creates=creates)
    document = as_document(value)
    if document is None:
        if not creates and names[1][:1] != "$":
            return value
        if names[1].startswith("$["):
            raise failure(2, f"Cannot apply array updates to non-array element {names[0]}: {value}")
        raise failure(28, f"Cannot create field '{names[1]}' in element {{{names[0]}: {value}}}")
    return changed(document, names[1:], change, positions, creates=creates)


def _changed_document(
    container: Any, names: tuple[str, ...], change: Change, positions: Positions, creates: bool
) -> Any:
    old = container.get(names[0], MISSING)
    if old is MISSING and len(names) > 1 and names[1].startswith("$["):
        raise failure(
            2, f"The path '{names[0]}' must exist in the document in order to apply array updates."
        )
    new = _inner(old, names, change, positions, creates)
    if new is old:
        return container
    found = dict(container)
    if new is MISSING:
        found.pop(names[0], None)
    else:
        found[names[0]] = new
    return found


def _changed_list(
    container: list[Any],
    names: tuple[str, ...],
    change: Change,
    positions: Positions,
    creates: bool,
) -> Any:
    name = names[0]
    if not name.isdigit() or (len(name) > 1 and name[0] == "0"):
        if not creates:
            return container
        raise failure(28, f"Cannot create field '{name}' in element {{array: {container}}}")
    index = int(name)
    old = container[index] if index < len(container) else MISSING
    new = _inner(old, names, change, positions, creates)
    if new is old:
        return container
    found = list(container)
    if index < len(found):
        found[index] = None if new is MISSING else new
        return found
    if index - len(found) > MAX_FILL:
        raise failure(2, f"can't backfill more than {MAX_FILL} elements")
    found += [None] * (index - len(found))
    found.append(new)
    return found


def _changed_members(
    container: Any, names: tuple[str, ...], change: Change, positions: Positions, creates: bool
) -> Any:
    if not isinstance(container, list):
        raise failure(
            2, f"Cannot apply array updates to non-array element of type {type_name(container)}"
        )
    label = names[0][2:-1]
    test = (positions.filters or {})[label] if label else None
    found = []
    for member in container:
        if test is None or test(member):
            new = _inner(member, names, change, positions, creates)
            found.append(None if new is MISSING else new)
        else:
            found.append(member)
    if all(new is old for new, old in zip(found, container, strict=True)):
        return container
    return found
