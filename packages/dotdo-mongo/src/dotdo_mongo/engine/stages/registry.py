"""Aggregation stages."""

from dotdo_mongo.engine.stages import (
    densify,
    flow,
    fusion,
    geonear,
    group,
    joins,
    output,
    search,
    shape,
    windows,
)
from dotdo_mongo.engine.stages.declare import Stage

STAGES: dict[str, Stage] = {
    stage.name: stage
    for family in (
        fusion.FAMILY,
        geonear.FAMILY,
        densify.FAMILY,
        flow.FAMILY,
        group.FAMILY,
        joins.FAMILY,
        output.FAMILY,
        search.FAMILY,
        shape.FAMILY,
        windows.FAMILY,
    )
    for stage in family.stages
}
