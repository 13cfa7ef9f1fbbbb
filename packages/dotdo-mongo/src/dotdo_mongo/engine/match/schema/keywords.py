"""$jsonSchema as a query operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.match.declare import Family, Scope
from dotdo_mongo.engine.match.schema.parser import subschema
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Matcher

FAMILY = Family("schema")


@FAMILY.top("$jsonSchema")
def json_schema(argument: Any, scope: Scope) -> Matcher:
    """Match what satisfies a schema. Codes 2, 9, 14, 51091."""
    del scope
    if not isinstance(argument, Mapping):
        raise failure(14, f"$jsonSchema must be an object, not {type_name(argument)}")
    return subschema(dict(argument)).test
