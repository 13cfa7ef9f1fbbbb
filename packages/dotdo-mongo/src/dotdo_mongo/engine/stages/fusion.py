"""$rankFusion: several rankings of the same documents made one, by reciprocal ranks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.fieldpath import check_name
from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.engine.stages.declare import Family, Place, Run, check_fields, check_kind
from dotdo_mongo.engine.values import NUMBERS, Key, sort_key, type_name
from dotdo_mongo.errors import CommandFailure, failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document, Pipeline

FAMILY = Family("fusion")
_MISPLACED = frozenset({40602, 40603})
_CONSTANT = 60
_RANKED = frozenset(
    {"$sort", "$search", "$vectorSearch", "$geoNear", "$rankFusion", "$scoreFusion"}
)
_SELECTING = frozenset(
    {"$match", "$sort", "$limit", "$skip", "$sample", "$search", "$vectorSearch", "$geoNear"}
)
_HYBRID = frozenset({"$rankFusion", "$scoreFusion"})


def _check_pipeline(name: str, stages: Any) -> list[Any]:
    if not isinstance(stages, list):
        raise failure(
            14,
            f"BSON field '$rankFusion.input.pipelines.{name}' is the wrong type '{type_name(stages)}', expected type 'array'",
        )
    for stage in stages:
        if not isinstance(stage, Mapping):
            raise failure(14, "Each element of the 'pipeline' array must be an object")
    if not stages:
        raise failure(9834300, "$rankFusion input pipelines must not be empty")
    names = [next(iter(stage), "") for stage in stages]
    if names[0] in _HYBRID:
        raise failure(10473002, f"$rankFusion input pipelines may not contain {names[0]}")
    if any(one in _HYBRID for one in names):
        raise failure(10170100, "$rankFusion is only valid as the first stage in a pipeline")
    return stages


def _check_ranked(name: str, stages: list[Any]) -> None:
    names = [next(iter(stage), "") for stage in stages]
    for one in names:
        if one not in _SELECTING:
            raise failure(
                9191103,
                f"$rankFusion input pipeline '{name}' must only select documents, but has {one}",
            )
    if not any(one in _RANKED for one in names):
        raise failure(9191100, f"$rankFusion input pipeline '{name}' must be ranked")


def _weights(spec: Any, names: Iterable[str]) -> dict[str, float]:
    found = dict.fromkeys(names, 1.0)
    if spec is None:
        return found
    check_fields("$rankFusion.combination", spec, ("weights",), ("weights",))
    weights = check_kind("$rankFusion.combination", "weights", spec["weights"], "object")
    if len(weights) > len(found):
        raise failure(9460301, "$rankFusion has more weights than pipelines")
    for name, value in weights.items():
        if name not in found:
            raise failure(9967500, f"$rankFusion has a weight for '{name}', which is no pipeline")
        if type(value) not in NUMBERS:
            raise failure(
                13118, f"$rankFusion weight of '{name}' must be a number, found {type_name(value)}"
            )
        number = to_double(value)
        if not number >= 0:
            raise failure(
                9460300, f"$rankFusion weight of '{name}' must be non-negative, found {value}"
            )
        found[name] = abs(number)
    return found


class _RankFusion:
    """A checked $rankFusion."""

    def __init__(self, spec: Mapping[str, Any], place: Place) -> None:
        context = place.context
        self.metadata = context.metadata
        self.has_details = bool(spec.get("scoreDetails"))
        given = spec["input"]["pipelines"]
        checked = {name: _check_pipeline(name, stages) for name, stages in given.items()}
        inner = context.with_(depth=context.depth + 1)
        self.pipelines: dict[str, Pipeline] = {}
        for name, stages in checked.items():
            try:
                pipeline = place.compile(stages, inner)
            except CommandFailure as error:
                if error.code in _MISPLACED:
                    _check_ranked(name, stages)
                raise
            _check_ranked(name, stages)
            self.pipelines[name] = pipeline
        self.weights = _weights(spec.get("combination"), self.pipelines)

    def run(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield documents by their joint rank."""
        kept = list(documents)
        scores: dict[Key, float] = {}
        ranks: dict[Key, list[Document]] = {}
        found: dict[Key, Document] = {}
        for name, pipeline in self.pipelines.items():
            for rank, document in enumerate(pipeline(kept), 1):
                key = sort_key(document.get("_id"))
                found.setdefault(key, document)
                weight = self.weights[name]
                scores[key] = scores.get(key, 0.0) + weight / (_CONSTANT + rank)
                ranks.setdefault(key, []).append(
                    {"inputPipelineName": name, "rank": rank, "weight": weight}
                )
        for key in sorted(found, key=lambda one: (-scores[one], one)):
            document = dict(found[key])
            self.metadata.put(document, "score", scores[key])
            if self.has_details:
                details = {
                    "value": scores[key],
                    "description": "value output by reciprocal rank fusion algorithm, computed as sum of (weight * (1 / (60 + rank))) across input pipelines from which this document is output, from:",
                    "details": ranks[key],
                }
                self.metadata.put(document, "scoreDetails", details)
            yield document


@FAMILY.stage("$rankFusion")
def rank_fusion(argument: Any, place: Place) -> Run:
    """Join rankings. Codes 9, 14, 40414, 40415, 10170100, 9191100, 9191103, 9460300 and others."""
    if not isinstance(argument, Mapping):
        raise failure(
            9, f"the $rankFusion stage specification must be an object, found {type_name(argument)}"
        )
    spec = {name: one for name, one in argument.items() if one is not None}
    check_fields("$rankFusion", spec, ("input", "combination", "scoreDetails"), ("input",))
    check_kind("$rankFusion", "input", spec["input"], "object")
    check_fields("$rankFusion.input", spec["input"], ("pipelines",), ("pipelines",))
    check_kind("$rankFusion.input", "pipelines", spec["input"]["pipelines"], "object")
    if "combination" in spec:
        check_kind("$rankFusion", "combination", spec["combination"], "object")
    if "scoreDetails" in spec:
        check_kind("$rankFusion", "scoreDetails", spec["scoreDetails"], "bool")
    if not spec["input"]["pipelines"]:
        raise failure(2, "$rankFusion requires at least one input pipeline")
    for name in spec["input"]["pipelines"]:
        check_name(name)
    if place.index:
        raise failure(10170100, "$rankFusion is only valid as the first stage in a pipeline")
    if not place.context.collection:
        raise failure(73, "$rankFusion is not valid on a database")
    return _RankFusion(spec, place).run
