"""The plain values of rows, read by SQL: how they are ordered and what they are in BSON; what is not plain is for Python."""

from typing import Any

import orjson

from dotdo_mongo.engine.pushdown.truth import DATE_TAG, OID_TAG, Place
from dotdo_mongo.mapping.tags import untagged

ODD = 99
"""Rank of what SQL cannot order."""


def rank_text(place: Place) -> str:
    """Return the expression of the place of a value's type in BSON's order, `ODD` of what is not plain."""
    value = place.value
    nothing = f"iif({place.through}, {ODD}, 1)" if place.through else "1"
    return (
        f"case {place.kind} when 'integer' then 2 when 'real' then 2 when 'text' then 3 when 'null' then 1"
        f" when 'true' then 8 when 'false' then 8 when 'array' then {ODD} when 'object' then"
        f" case when {value} glob '{OID_TAG}' then 7 when {value} glob '{DATE_TAG}' then 9 else {ODD} end"
        f" else {nothing} end"
    )


def plain_value(kind: str | None, value: Any) -> Any:
    """Return what a plain value is in BSON.

    Args:
        kind: Its JSON type, None where there is no value.
        value: As SQL gives it.
    """
    if kind == "object":
        return untagged(orjson.loads(value))
    if kind in {"true", "false"}:
        return kind == "true"
    return untagged(value)
