"""All aggregation operators there are."""

from dotdo_mongo.engine.expressions import (
    accumulate,
    arithmetic,
    arrays,
    dates,
    logic,
    objects,
    regexes,
    sets,
    strings,
    trigonometry,
    types,
)
from dotdo_mongo.engine.expressions.declare import Family, Operator

FAMILIES: tuple[Family, ...] = tuple(
    chapter.FAMILY
    for chapter in (
        accumulate,
        arithmetic,
        arrays,
        dates,
        logic,
        objects,
        regexes,
        sets,
        strings,
        trigonometry,
        types,
    )
)
OPERATORS: dict[str, Operator] = {
    operator.name: operator for family in FAMILIES for operator in family.operators
}
