"""The difference of two documents as a change stream's updateDescription tells it."""

from typing import Any

from dotdo_mongo.mapping.keys import identity_equals

Document = dict[str, Any]


def update_description(before: Document, after: Document) -> Document:
    """Return updatedFields, removedFields and truncatedArrays between two states of a document."""
    found: Document = {"updatedFields": {}, "removedFields": [], "truncatedArrays": []}
    _documents(before, after, "", found)
    return found


def _documents(before: Document, after: Document, prefix: str, found: Document) -> None:
    for name in before:
        if name not in after:
            found["removedFields"].append(prefix + name)
    for name, value in after.items():
        path = prefix + name
        if name not in before:
            found["updatedFields"][path] = value
        else:
            _values(before[name], value, path, found)


def _values(before: Any, after: Any, path: str, found: Document) -> None:
    if identity_equals(before, after):
        return
    if (
        isinstance(before, dict)
        and isinstance(after, dict)
        and after
        and _keeps_order(before, after)
    ):
        _documents(before, after, f"{path}.", found)
    elif isinstance(before, list) and isinstance(after, list) and after and before:
        _arrays(before, after, path, found)
    else:
        found["updatedFields"][path] = after


def _keeps_order(before: Document, after: Document) -> bool:
    common = [name for name in before if name in after]
    return common == [name for name in after if name in before] and bool(common)


def _arrays(before: list[Any], after: list[Any], path: str, found: Document) -> None:
    changed = sum(not identity_equals(a, b) for a, b in zip(before, after, strict=False))
    if changed > len(after) // 2 and changed:
        found["updatedFields"][path] = after
        return
    for i, value in enumerate(after):
        if i >= len(before):
            found["updatedFields"][f"{path}.{i}"] = value
        else:
            _values(before[i], value, f"{path}.{i}", found)
    if len(after) < len(before):
        found["truncatedArrays"].append({"field": path, "newSize": len(after)})
