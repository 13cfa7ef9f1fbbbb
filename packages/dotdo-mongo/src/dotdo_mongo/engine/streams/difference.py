"""The difference of two documents as a change stream's updateDescription tells it."""

from typing import Any

from dotdo_mongo.mapping.keys import identity_equals

Document = dict[str, Any]


Path = tuple[str | int, ...]


class _Difference:
    """What has been found to differ; a path is of names and, in arrays, of numbers."""

    def __init__(self) -> None:
        self.updated: Document = {}
        self.removed: list[str] = []
        self.truncated: list[Document] = []
        self.ambiguous: dict[str, list[str | int]] = {}

    def named(self, path: Path) -> str:
        """Return the dotted text of a path, noting those whose text could be read otherwise."""
        text = ".".join(map(str, path))
        if any(isinstance(part, str) and ("." in part or part.isdecimal()) for part in path):
            self.ambiguous[text] = list(path)
        return text

    def update(self, path: Path, value: Any) -> None:
        """Note a new value."""
        self.updated[self.named(path)] = value


def update_description(before: Document, after: Document, *, is_expanded: bool = False) -> Document:
    """Return updatedFields, removedFields and truncatedArrays between two states of a document.

    Args:
        before: The state before.
        after: The state after.
        is_expanded: disambiguatedPaths are told too.
    """
    found = _Difference()
    _documents(before, after, (), found)
    told: Document = {
        "updatedFields": found.updated,
        "removedFields": found.removed,
        "truncatedArrays": found.truncated,
    }
    if is_expanded:
        told["disambiguatedPaths"] = found.ambiguous
    return told


def _documents(before: Document, after: Document, prefix: Path, found: _Difference) -> None:
    for name in before:
        if name not in after:
            found.removed.append(found.named((*prefix, name)))
    for name, value in after.items():
        path = (*prefix, name)
        if name not in before:
            found.update(path, value)
        else:
            _values(before[name], value, path, found)


def _values(before: Any, after: Any, path: Path, found: _Difference) -> None:
    if identity_equals(before, after):
        return
    if (
        isinstance(before, dict)
        and isinstance(after, dict)
        and after
        and _keeps_order(before, after)
    ):
        _documents(before, after, path, found)
    elif isinstance(before, list) and isinstance(after, list) and after and before:
        _arrays(before, after, path, found)
    else:
        found.update(path, after)


def _keeps_order(before: Document, after: Document) -> bool:
    common = [name for name in before if name in after]
    return common == [name for name in after if name in before] and bool(common)


def _is_kin(before: Any, after: Any) -> bool:
    """Tell whether both are documents, the one rather an altered than another."""
    return isinstance(before, dict) and isinstance(after, dict) and _keeps_order(before, after)


def _arrays(before: list[Any], after: list[Any], path: Path, found: _Difference) -> None:
    changed = sum(
        not identity_equals(a, b) and not _is_kin(a, b) for a, b in zip(before, after, strict=False)
    )
    if changed > len(after) // 2 and changed:
        found.update(path, after)
        return
    for i, value in enumerate(after):
        if i >= len(before):
            found.update((*path, i), value)
        else:
            _values(before[i], value, (*path, i), found)
    if len(after) < len(before):
        found.truncated.append({"field": found.named(path), "newSize": len(after)})
