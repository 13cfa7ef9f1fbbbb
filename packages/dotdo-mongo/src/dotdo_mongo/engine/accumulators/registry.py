"""Accumulators of $group, $bucket, $bucketAuto and windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.accumulators import ranked, states
from dotdo_mongo.engine.expressions import OPERATORS, Scope
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.accumulators.declare import Accumulation, Parse

ACCUMULATORS: dict[str, Parse] = {
    name: parse
    for family in (states.FAMILY, ranked.FAMILY)
    for name, parse in family.parses.items()
}


def parse_accumulation(name: str, spec: Any, scope: Scope) -> Accumulation:
    """Read one field of $group: `{$accumulator: argument}`.

    Raises:
        CommandFailure: a bad name (40235, 40236), no document (40234), no or several accumulators
            (40238), an unknown one (15952).
    """
    if "." in name:
        raise failure(40235, f"The field name '{name}' cannot contain '.'")
    if name[:1] == "$":
        raise failure(40236, f"The field name '{name}' cannot be an operator name")
    if not isinstance(spec, Mapping) or not spec:
        raise failure(40234, f"The field '{name}' must be an accumulator object")
    if len(spec) != 1:
        raise failure(40238, f"The field '{name}' must specify one accumulator")
    ((operator, argument),) = spec.items()
    if operator[:1] != "$":
        raise failure(40234, f"The field '{name}' must be an accumulator object")
    parse = ACCUMULATORS.get(operator)
    if parse is None:
        if operator in OPERATORS and isinstance(argument, list):
            raise failure(40237, f"The {operator} accumulator is a unary operator")
        raise failure(15952, f"unknown group operator '{operator}'")
    return parse(argument, scope)
