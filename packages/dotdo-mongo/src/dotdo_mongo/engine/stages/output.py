"""$out and $merge: their arguments checked; the command writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.expressions.names import check_variable_write
from dotdo_mongo.engine.fieldpath import split_path
from dotdo_mongo.engine.stages.declare import Family, Place, Run, check_fields, check_kind
from dotdo_mongo.engine.stages.joins import check_collection
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document

FAMILY = Family("output")
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
        check_kind("$out", "timeseries", argument["timeseries"], "object")
    return dict(argument)


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
        check_kind("into", name, value[name], "string")
    return {"db": place.context.db, **value}


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
    if "let" not in spec:
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
        given = spec.get("let", {})
        names = given if isinstance(given, Mapping) else {}
        context = place.context.with_(
            features=place.context.features | {"update"},
            variables={**place.context.variables, "new": None, **dict.fromkeys(names)},
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
    otherwise = check_kind(
        "$merge", "whenNotMatched", spec.get("whenNotMatched", "insert"), "string"
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
            51182, f"$merge only supports a string or object argument, not {type_name(argument)}"
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
    if matched == "fail" and otherwise in {"discard", "fail"}:
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
    return _writer("$merge", parsed, place)
