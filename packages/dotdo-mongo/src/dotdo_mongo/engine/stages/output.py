"""$out and $merge: their arguments checked; the command writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.context import UNBOUND
from dotdo_mongo.engine.expressions.names import check_variable_write
from dotdo_mongo.engine.fieldpath import split_path
from dotdo_mongo.engine.numbers import truncated64
from dotdo_mongo.engine.stages.declare import Family, Place, Run, check_fields, check_kind
from dotdo_mongo.engine.stages.joins import check_collection
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document

FAMILY = Family("output")
MAX_NAMESPACE_BYTES = 255
RESERVED = frozenset({"admin", "config", "local"})


def _writer(stage: str, argument: Any, place: Place) -> Run:
    context = place.context

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        context.out(stage, argument, documents)
        return iter(())

    return run


def _out_target(argument: Any, place: Place) -> dict[str, Any]:
    if type(argument) is str:
        return {"db": place.context.db, "coll": argument}
    if not isinstance(argument, Mapping):
        raise failure(
            16990,
            f"$out only supports a string or object argument, but found {type_name(argument)}",
        )
    check_fields("$out", argument, ("db", "coll", "timeseries"), ("db", "coll"))
    for name in ("db", "coll"):
        if argument[name] is None:
            raise failure(40414, f"BSON field '$out.{name}' is missing but a required field")
        check_kind("$out", name, argument[name], "string")
    if "timeseries" in argument:
        _check_timeseries(check_kind("$out", "timeseries", argument["timeseries"], "object"))
    return dict(argument)


_TEXTS = ("timeField", "metaField", "granularity")
_SPANS = ("bucketMaxSpanSeconds", "bucketRoundingSeconds")
_GRANULARITIES = frozenset({"seconds", "minutes", "hours"})
_YEAR_S = 31_536_000


def _check_timeseries(spec: Mapping[str, Any]) -> None:
    """Refuse wrong options of a time series. Codes 2, 14, 40414, 40415, 72."""
    stage = "$out.timeseries"
    check_fields(stage, spec, (*_TEXTS, *_SPANS), ("timeField",))
    for name in _TEXTS:
        if spec.get(name) is not None:
            check_kind(stage, name, spec[name], "string")
    if spec["timeField"] is None:
        raise failure(40414, f"BSON field '{stage}.timeField' is missing but a required field")
    granularity = spec.get("granularity")
    if granularity is not None and granularity not in _GRANULARITIES:
        raise failure(
            2,
            f"Enumeration value '{granularity}' for field '{stage}.granularity' is not a valid value.",
        )
    spans = [_span(stage, name, spec[name]) for name in _SPANS if spec.get(name) is not None]
    if len(spans) == 1 or len(set(spans)) > 1:
        raise failure(
            72,
            "Timeseries 'bucketMaxSpanSeconds' and 'bucketRoundingSeconds' need to be set to the same value",
        )
    if spans and granularity is not None:
        raise failure(
            72, "Timeseries 'bucketMaxSpanSeconds' cannot be set together with 'granularity'"
        )


def _span(stage: str, name: str, value: Any) -> int:
    check_kind(stage, name, value, "number")
    number = truncated64(value)
    if not 1 <= number <= _YEAR_S:
        raise failure(
            2,
            f"BSON field '{stage}.{name}' value must be >= 1 and <= {_YEAR_S}, actual value '{number}'",
        )
    return number


@FAMILY.stage("$out", is_last=True, in_facet=False)
def out(argument: Any, place: Place) -> Run:
    """Put all documents in place of a collection. Codes 16990, 31321, 17385, 40414, 40415, 73."""
    target = _out_target(argument, place)
    if target["db"] in RESERVED:
        raise failure(31321, f"Can't $out to internal database: {target['db']}")
    if target["coll"].startswith("system."):
        raise failure(17385, f"Can't $out to special collection: {target['coll']}")
    if "$" in target["coll"]:
        raise failure(20, f"Invalid $out target namespace {target['coll']}")
    if len(f"{target['db']}.{target['coll']}".encode()) > MAX_NAMESPACE_BYTES:
        raise failure(20, f"Invalid $out target namespace {target['coll']}")
    check_collection(target["coll"])
    return _writer("$out", target, place)


_MATCHED = frozenset({"replace", "merge", "keepExisting", "fail"})
_NOT_MATCHED = frozenset({"insert", "discard", "fail"})


def _into(value: Any, place: Place) -> dict[str, Any]:
    if type(value) is str:
        return {"db": place.context.db, "coll": value}
    if not isinstance(value, Mapping):
        raise failure(
            51178,
            f"$merge 'into' field  must be either a string or an object, but found {type_name(value)}",
        )
    check_fields("$merge.into", value, ("db", "coll"), ("coll",))
    for name in value:
        if name != "db" or value[name] is not None:
            check_kind("into", name, value[name], "string")
    return {"db": value.get("db") or place.context.db, "coll": value["coll"]}


def _on(value: Any) -> list[str]:
    if type(value) is str:
        split_path(value)
        return [value]
    if not isinstance(value, list):
        raise failure(
            51186,
            f"$merge 'on' field  must be either a string or an array of strings, but found {type_name(value)}",
        )
    if not value:
        raise failure(
            51187, "If explicitly specifying $merge 'on', must include at least one field"
        )
    for one in value:
        if type(one) is not str:
            raise failure(
                51134, f"$merge 'on' array elements must be strings, but found {type_name(one)}"
            )
        split_path(one)
    if len(set(value)) != len(value):
        raise failure(31465, "Found a duplicate field in the $merge.on list")
    return list(value)


def _let(spec: Mapping[str, Any], matched: Any, place: Place) -> dict[str, Any] | None:
    if spec.get("let") is None:
        return None
    let = check_kind("$merge", "let", spec["let"], "object")
    if not isinstance(matched, list):
        raise failure(
            51199, "Cannot use 'let' variables with 'whenMatched: " + str(matched) + "' mode"
        )
    for name in let:
        check_variable_write(name)
    if "new" in let and let["new"] != "$$ROOT":
        raise failure(
            51273,
            "'let' may not define a value for the reserved 'new' variable other than '$$ROOT'",
        )
    scope = place.scope()
    for value in let.values():
        scope.compile(value)
    return dict(let)


def _modes(spec: Mapping[str, Any], place: Place) -> tuple[Any, str]:
    matched = spec.get("whenMatched", "merge")
    if isinstance(matched, list):
        let = spec.get("let", {})
        names = let if isinstance(let, Mapping) else {}
        context = place.context.with_(
            features=place.context.features | {"update"},
            variables={**place.context.variables, "new": UNBOUND, **dict.fromkeys(names, UNBOUND)},
        )
        place.compile(matched, context)
    elif type(matched) is not str:
        raise failure(
            51191,
            f"$merge 'whenMatched' field  must be either a string or an array, but found {type_name(matched)}",
        )
    elif matched not in _MATCHED:
        raise failure(
            2, f"Enumeration value '{matched}' for field 'whenMatched' is not a valid value."
        )
    given = spec.get("whenNotMatched")
    otherwise = check_kind(
        "$merge", "whenNotMatched", "insert" if given is None else given, "string"
    )
    if otherwise not in _NOT_MATCHED:
        raise failure(
            2,
            f"Enumeration value '{otherwise}' for field '$merge.whenNotMatched' is not a valid value.",
        )
    return matched, otherwise


@FAMILY.stage("$merge", is_last=True, in_facet=False)
def merge(argument: Any, place: Place) -> Run:
    """Merge documents into a collection. Codes 14, 31319, 31320, 51178 to 51191, 51199, 51273."""
    if type(argument) is str:
        argument = {"into": argument}
    if not isinstance(argument, Mapping):
        raise failure(
            14, f"$merge only supports a string or object argument, not {type_name(argument)}"
        )
    check_fields(
        "$merge",
        argument,
        (
            "into",
            "on",
            "let",
            "whenMatched",
            "whenNotMatched",
            "targetCollectionVersion",
            "allowMergeOnNullishValues",
        ),
        ("into",),
    )
    target = _into(argument["into"], place)
    on = _on(argument["on"]) if "on" in argument else None
    let = _let(argument, argument.get("whenMatched", "merge"), place)
    matched, otherwise = _modes(argument, place)
    if matched in ("fail", "keepExisting") and otherwise != "insert":
        raise failure(
            51181,
            f"Combination of $merge modes 'whenMatched: {matched}' and 'whenNotMatched: {otherwise}' is not supported",
        )
    if target["db"] in RESERVED:
        raise failure(31320, f"Cannot $merge to internal database: {target['db']}")
    if target["coll"].startswith("system."):
        raise failure(31319, f"Cannot $merge to special collection: {target['coll']}")
    check_collection(target["coll"])
    parsed = {
        "into": target,
        "on": on,
        "let": let,
        "whenMatched": matched,
        "whenNotMatched": otherwise,
    }
    return _writer("$merge", {name: one for name, one in parsed.items() if one is not None}, place)
