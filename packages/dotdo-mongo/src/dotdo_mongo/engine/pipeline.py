"""Pipelines: stages compiled in order to one function over documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.stages import STAGES
from dotdo_mongo.engine.stages.declare import Place, Run, Stage
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document, Pipeline

MAX_STAGES = 1000
_SPECIAL = frozenset({"$changeStream", "$collStats", "$indexStats", "$currentOp", "$geoNear", "$documents", "$listSessions", "$listLocalSessions", "$planCacheStats", "$listClusterCatalog", "$querySettings", "$queryStats", "$listSampledQueries", "$listCatalog", "$changeStreamSplitLargeEvent"})  # fmt: skip
_PREFIX = frozenset({"$match", "$sort", "$group", "$lookup", "$limit", "$skip"})


def _stage_of(spec: Any, context: Context) -> tuple[str, Any, Stage | None]:
    if not isinstance(spec, Mapping):
        raise failure(14, "Each element of the 'pipeline' array must be an object")
    if len(spec) != 1:
        raise failure(
            40323, "A pipeline stage specification object must contain exactly one field."
        )
    ((name, argument),) = spec.items()
    stage = STAGES.get(name)
    if stage is None and name not in context.sources and name not in _SPECIAL:
        raise failure(40324, f"Unrecognized pipeline stage name: '{name}'")
    return name, argument, stage


def _check_place(name: str, stage: Stage | None, index: int, count: int, context: Context) -> None:
    """Refuse a stage where it may not stand. Codes 31441, 40600 to 40603, 51047, 72."""
    is_first = stage.is_first if stage else True
    features = context.features
    if "update" in features and not (stage and stage.in_update):
        raise failure(72, f"{name} is not allowed to be used within an update")
    if stage and stage.is_last:
        _check_last(name, index, count, features)
    if "facet" in features and (is_first or (stage and not stage.in_facet)):
        raise failure(40600, f"{name} is not allowed to be used within a $facet stage")
    if name == "$changeStream":
        _check_stream(features)
    if is_first and index:
        code = 40603 if name == "$geoNear" else 40602
        raise failure(code, f"{name} is only valid as the first stage in a pipeline.")


def _check_stream(features: frozenset[str]) -> None:
    if "union" in features:
        raise failure(31441, "$changeStream is not allowed within a $unionWith's sub-pipeline")
    if "lookup" in features:
        raise failure(51047, "$changeStream is not allowed within a $lookup's sub-pipeline")


def _check_last(name: str, index: int, count: int, features: frozenset[str]) -> None:
    if "union" in features:
        raise failure(31441, f"{name} is not allowed within a $unionWith's sub-pipeline")
    if "lookup" in features:
        raise failure(51047, f"{name} is not allowed within a $lookup's sub-pipeline")
    if index != count - 1 and "facet" not in features:
        raise failure(40601, f"{name} can only be the final stage in the pipeline")


def _metadata_of(name: str, argument: Any) -> frozenset[str]:
    """Return what a stage tells of its documents beside their fields."""
    if name == "$match" and isinstance(argument, Mapping) and "$text" in argument:
        return frozenset({"textScore"})
    if name == "$rankFusion" and isinstance(argument, Mapping):
        return frozenset({"score", "scoreDetails"} if argument.get("scoreDetails") else {"score"})
    return frozenset({"geoNearDistance"}) if name == "$geoNear" else frozenset()


def _source(name: str, argument: Any, context: Context) -> Run:
    open_source = context.sources[name]
    found = open_source(argument, context)
    return lambda _: iter(found)


def compile_pipeline(
    stages: list[Any], context: Context, *, after: list[Any] | None = None
) -> Pipeline:
    """Return a function that streams documents through the stages.

    Args:
        stages: as `aggregate` takes them.
        context: the command's.
        after: checked stages that were done before, whose metadata these may ask for.

    Raises:
        CommandFailure: an unknown stage (40324), one in the wrong place (40600 to 40603), or a wrong
            argument; all are checked before any document flows.
    """
    if len(stages) > MAX_STAGES:
        raise failure(7749501, f"Pipeline length must be no longer than {MAX_STAGES} stages.")
    runs: list[Run] = []
    named = [_stage_of(spec, context) for spec in stages]
    is_prefix = not context.depth
    features = context.features
    for spec in after or ():
        features = features | _metadata_of(*next(iter(spec.items())))
    for index, (name, argument, stage) in enumerate(named):
        _check_place(name, stage, index, len(named), context)
        is_prefix = is_prefix and name in _PREFIX
        here = context.with_(features=features | {"prefix"} if is_prefix else features)
        if stage is None and name not in context.sources:
            raise failure(40324, f"Unrecognized pipeline stage name: '{name}'")
        if name in context.sources:
            runs.append(_source(name, argument, here))
        elif stage is not None:
            runs.append(
                stage.parse(
                    argument,
                    Place(
                        context=here,
                        compile=compile_pipeline,
                        index=index,
                        is_last=index == len(named) - 1,
                    ),
                )
            )
        features = features | _metadata_of(name, argument)
    return lambda documents: _flow(documents, runs)


def _flow(documents: Iterable[Document], runs: list[Run]) -> Iterator[Document]:
    return reduce(lambda flow, run: run(flow), runs, iter(documents))
