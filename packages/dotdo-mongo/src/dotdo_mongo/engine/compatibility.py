"""Which of MongoDB 8.2's commands, stages and operators there are, as the registries tell it."""

from collections.abc import Iterable, Mapping

from dotdo_mongo.engine.accumulators.registry import ACCUMULATORS
from dotdo_mongo.engine.commands.registry import commands_by_name
from dotdo_mongo.engine.commands.users import REFUSED
from dotdo_mongo.engine.expressions.registry import OPERATORS as EXPRESSIONS
from dotdo_mongo.engine.match.registry import FIELDS, TOPS
from dotdo_mongo.engine.sources import SOURCES
from dotdo_mongo.engine.stages.registry import STAGES
from dotdo_mongo.engine.update.registry import OPERATORS as UPDATES
from dotdo_mongo.spec import known

_APART = {"$changeStream", "$changeStreamSplitLargeEvent"}  # read by the command itself


def declared() -> Mapping[str, Mapping[str, list[str]]]:
    """Return by title and state the names of what there is and what there is not."""
    refused = {*REFUSED, "rotateCertificates"}
    commands = {command.name for command in commands_by_name().values()} - refused
    return {
        "Commands": _states(commands, known.COMMANDS | refused),
        "Aggregation stages": _states({*STAGES, *SOURCES, *_APART}, known.STAGES),
        "Expression operators": _states(EXPRESSIONS),
        "Accumulators": _states(ACCUMULATORS),
        "Query operators": _states({*FIELDS, *TOPS}),
        "Update operators": _states({*UPDATES, "$rename"}),
    }


def _states(there: Iterable[str], named: Iterable[str] = ()) -> Mapping[str, list[str]]:
    found = {*there}
    missing = {*named} - found
    states = {"supported": sorted(found)}
    return states | ({"not supported": sorted(missing)} if missing else {})
