"""What the kernel knows, as JSON documents with stable keys; values in the kernel's own JSON encoding."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dotdo.graph import Thing
from dotdo.storage import Column
from dotdo.values import tagged
from dotdo_cli.output import iso

if TYPE_CHECKING:
    from dotdo.history import Conflict, Difference, Transaction, Version

Document = dict[str, Any]


def plain(value: object) -> Any:
    """Return a value as JSON knows it."""
    if isinstance(value, Thing):
        return plain(value.fields)
    if isinstance(value, Column):
        return {"name": value.name, "type": value.type}
    return tagged(value)


def thing_document(thing: Thing) -> Document:
    """Return a thing."""
    return {
        "noun": thing.noun,
        "id": plain(thing.id),
        "visibility": thing.visibility,
        "fields": plain(thing.fields),
    }


def transaction_document(transaction: "Transaction") -> Document:
    """Return a transaction; `entries` counts what it wrote."""
    return {
        "version": transaction.last,
        "time": iso(transaction.time_us),
        "actor": transaction.actor,
        "action": transaction.action,
        "api": transaction.api,
        "entries": transaction.last - transaction.first,
    }


def version_document(version: "Version", before: "Version | None") -> Document:
    """Return a version of a thing.

    Args:
        version: The version.
        before: The one before it, or None.
    """
    then = before.state.fields if before is not None and before.state is not None else {}
    now = version.state.fields if version.state is not None else {}
    return {
        "version": version.seq,
        "time": iso(version.time_us),
        "verb": version.verb,
        "actor": version.actor,
        "action": version.action,
        "api": version.api,
        "fields": _changed(then, now),
        "state": plain(now) if version.state is not None else None,
    }


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    missing = object()
    names = dict.fromkeys([*before, *after])
    return [name for name in names if before.get(name, missing) != after.get(name, missing)]


def difference_document(difference: "Difference") -> Document:
    """Return how a thing differs."""
    return {
        "noun": difference.noun,
        "id": plain(difference.id),
        "verb": difference.verb,
        "fields": difference.fields,
        "before": plain(difference.before),
        "after": plain(difference.after),
    }


def conflict_document(conflict: "Conflict") -> Document:
    """Return a conflict."""
    return {
        "noun": conflict.noun,
        "id": plain(conflict.id),
        "field": conflict.field,
        "base": plain(conflict.base),
        "ours": plain(conflict.ours),
        "theirs": plain(conflict.theirs),
    }
