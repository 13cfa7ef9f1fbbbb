"""All query operators there are."""

from dotdo_mongo.engine.match import arrays, comparison, logical, regex
from dotdo_mongo.engine.match.geo import operators as geo
from dotdo_mongo.engine.match.schema import keywords as schema

FAMILIES = tuple(part.FAMILY for part in (arrays, comparison, geo, logical, regex, schema))
FIELDS = {name: parse for family in FAMILIES for name, parse in family.fields.items()}
TOPS = {name: parse for family in FAMILIES for name, parse in family.tops.items()}
