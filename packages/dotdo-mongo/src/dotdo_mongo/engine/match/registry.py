"""All query operators there are."""

from collections.abc import Callable
from typing import Any

from dotdo_mongo.engine.context import Matcher
from dotdo_mongo.engine.match import arrays, comparison, logical, regex
from dotdo_mongo.engine.match.declare import Question, Scope
from dotdo_mongo.engine.match.geo import operators as geo
from dotdo_mongo.engine.match.schema import keywords as schema

FAMILIES = tuple(part.FAMILY for part in (arrays, comparison, geo, logical, regex, schema))
FIELDS: dict[str, Callable[..., Question | None]] = {
    name: parse for family in FAMILIES for name, parse in family.fields.items()
}
TOPS: dict[str, Callable[[Any, Scope], Matcher]] = {
    name: parse for family in FAMILIES for name, parse in family.tops.items()
}
