"""arrayFilters: named queries on members of arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context

Test = Callable[[Any], bool]
RESTRICTED = {
    name: (2, f"{name} is not allowed in this context")
    for name in ("$text", "$where", "$near", "$nearSphere", "$geoNear")
}
_NAME = re.compile(r"[a-z][a-zA-Z0-9]*")


def _names(query: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for name, value in query.items():
        if name in {"$and", "$or", "$nor"} and isinstance(value, list):
            for clause in value:
                if isinstance(clause, Mapping):
                    found |= _names(clause)
        elif name[:1] != "$":
            found.add(name.partition(".")[0])
    return found


def parse_filters(filters: Sequence[Any], context: Context) -> dict[str, Test]:
    """Return name -> test of a member.

    Raises:
        CommandFailure: no document (14), no or several names (9), a bad name (2), a name twice (9).
    """
    found: dict[str, Test] = {}
    for one in filters:
        if not isinstance(one, Mapping):
            raise failure(
                14,
                f"BSON field 'arrayFilters' is the wrong type '{type_name(one)}', expected type 'object'",
            )
        names = _names(one)
        for name in one:
            if name in RESTRICTED:
                raise failure(*RESTRICTED[name])
        if not names:
            raise failure(
                9, "Cannot use an expression without a top-level field name in arrayFilters"
            )
        if len(names) > 1:
            first, second = sorted(names)[:2]
            raise failure(
                9,
                f"Error parsing array filter :: caused by :: Expected a single top-level field name, found '{first}' and '{second}'",
            )
        (name,) = names
        if not _NAME.fullmatch(name):
            raise failure(
                2,
                f"Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '{name}'",
            )
        if name in found:
            raise failure(
                9, f"Found multiple array filters with the same top-level field name {name}"
            )
        found[name] = _test(name, dict(one), context)
    return found


def _test(name: str, query: dict[str, Any], context: Context) -> Test:
    matches = compile_match(query, context, RESTRICTED)
    return lambda member: matches({name: member})
