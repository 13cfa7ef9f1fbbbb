"""All update operators on one path; $rename, which has two, is the compiler's."""

from dotdo_mongo.engine.update import arrays, fields
from dotdo_mongo.engine.update.declare import Operator

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for family in (fields.FAMILY, arrays.FAMILY)
    for operator in family.operators
}
