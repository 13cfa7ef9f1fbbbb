"""All aggregation operators there are."""

from dotdo_mongo.engine.expressions import (
    accumulate,
    arithmetic,
    arrays,
    dateparts,
    dates,
    dateshifts,
    datetexts,
    iteration,
    logic,
    objects,
    pairs,
    powers,
    regexes,
    rounding,
    sets,
    strings,
    trigonometry,
    types,
)
from dotdo_mongo.engine.expressions.declare import Family, Operator

FAMILIES: tuple[Family, ...] = tuple(
    chapter.FAMILY for chapter in (accumulate, arithmetic, arrays, dateparts, dates, dateshifts, datetexts, iteration, logic,
    objects, pairs, powers, regexes, rounding, sets, strings, trigonometry, types)
)  # fmt: skip
OPERATORS: dict[str, Operator] = {
    operator.name: operator for family in FAMILIES for operator in family.operators
}
