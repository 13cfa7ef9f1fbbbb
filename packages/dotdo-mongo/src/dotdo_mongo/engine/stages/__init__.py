"""Aggregation stages."""

from dotdo_mongo.engine.stages import flow, group, joins, output, shape
from dotdo_mongo.engine.stages.declare import Stage

STAGES: dict[str, Stage] = {
    stage.name: stage
    for family in (flow.FAMILY, group.FAMILY, joins.FAMILY, output.FAMILY, shape.FAMILY)
    for stage in family.stages
}
