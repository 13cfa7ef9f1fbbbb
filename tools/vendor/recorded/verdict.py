"""Whether an answer is the recorded one; types, codes, NaN and the sign of zero count, the order of keys where told."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from bson import Decimal128, Int64, ObjectId

from tools.vendor.recorded.values import AnyId

Reply = Mapping[str, Any]
NUMBERS = (int, float, Int64, Decimal128)
GOSSIP = frozenset({"$clusterTime", "operationTime", "electionId", "opTime"})


def same(wanted: Any, given: Any, *, ordered: bool = False) -> bool:
    """Whether two values are the same."""
    if isinstance(wanted, AnyId):
        return isinstance(given, ObjectId)
    if isinstance(wanted, dict) and isinstance(given, dict):
        if ordered and list(wanted) != list(given):
            return False
        return wanted.keys() == given.keys() and all(
            same(value, given[name], ordered=ordered) for name, value in wanted.items()
        )
    if isinstance(wanted, list) and isinstance(given, list):
        return len(wanted) == len(given) and all(
            same(a, b, ordered=ordered) for a, b in zip(wanted, given, strict=True)
        )
    return _same_scalar(wanted, given)


def _same_scalar(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(given, bool):
        return wanted is given
    if (
        isinstance(wanted, NUMBERS)
        and isinstance(given, NUMBERS)
        and type(wanted) is not type(given)
    ):
        return False
    if isinstance(wanted, float) and isinstance(given, float):
        if math.isnan(wanted) or math.isnan(given):
            return math.isnan(wanted) and math.isnan(given)
        return wanted == given and math.copysign(1, wanted) == math.copysign(1, given)
    if isinstance(wanted, Decimal128) and isinstance(given, Decimal128):
        if wanted.to_decimal().is_nan():
            return bool(given.to_decimal().is_nan())
        return str(wanted) == str(given)
    return bool(wanted == given)


def code_of(reply: Reply) -> int | None:
    """Return the code with which a command, or its first write, failed."""
    if not reply.get("ok"):
        return int(reply["code"])
    errors = reply.get("writeErrors")
    if errors:
        return int(errors[0]["code"])
    batch = reply.get("cursor", {})
    if isinstance(batch, Mapping) and reply.get("nErrors"):
        failed = [one for one in batch.get("firstBatch", ()) if not one.get("ok", 1)]
        return int(failed[0]["code"]) if failed else None
    return None


def _by_text(value: Any) -> tuple[str, str]:
    return type(value).__name__, repr(value)


def _part(wanted: Any, given: Any) -> Any:
    if isinstance(wanted, dict) and isinstance(given, dict):
        return {name: _part(value, given[name]) for name, value in wanted.items() if name in given}
    if isinstance(wanted, list) and isinstance(given, list) and len(wanted) == len(given):
        return [_part(a, b) for a, b in zip(wanted, given, strict=True)]
    return given


def _sorted_in(value: Any, names: list[str]) -> Any:
    if isinstance(value, dict):
        return {
            name: sorted(one, key=_by_text) if name in names and isinstance(one, list) else one
            for name, one in value.items()
        }
    return [_sorted_in(one, names) for one in value]


def _content(expectation: Mapping[str, Any], reply: Reply) -> Any:
    if expectation.get("raw"):
        return {name: value for name, value in reply.items() if name not in GOSSIP}
    return reply["cursor"]["firstBatch"]


def _success(expectation: Mapping[str, Any], reply: Reply) -> bool:
    wanted = expectation["expected"]
    try:
        given = _content(expectation, reply)
    except (KeyError, TypeError):
        return False
    if expectation.get("raw") and isinstance(wanted, dict):
        wanted = {name: value for name, value in wanted.items() if name not in GOSSIP}
    names = expectation.get("sortIn")
    if names:
        wanted, given = _sorted_in(wanted, names), _sorted_in(given, names)
    if expectation.get("anyOrder") and isinstance(wanted, list):
        wanted, given = sorted(wanted, key=_by_text), sorted(given, key=_by_text)
    return same(wanted, given)


class _Absent:
    pass


_ABSENT = _Absent()


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(name, _ABSENT)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _ABSENT
    return value


def _alias(value: Any) -> str:
    from dotdo_mongo.engine.values import type_name

    return type_name(value)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (list, dict, str, bytes)) else -1


_CHECKS: dict[str, Callable[[Mapping[str, Any], Any], bool]] = {
    "Eq": lambda check, value: same(check["expected"], value),
    "Ne": lambda check, value: not same(check["rejected"], value),
    "Exists": lambda _, value: value is not _ABSENT,
    "NotExists": lambda _, value: value is _ABSENT,
    "IsType": lambda check, value: value is not _ABSENT and _alias(value) == check["bson_type"],
    "Len": lambda check, value: _length(value) == check["expected"],
    "LenGt": lambda check, value: _length(value) > check["minimum"],
    "LenLte": lambda check, value: 0 <= _length(value) <= check["maximum"],
    "Contains": lambda check, value: (
        isinstance(value, list)
        and any(
            isinstance(one, dict) and same(check["value"], one.get(check["key"])) for one in value
        )
    ),
    "NotContains": lambda check, value: (
        isinstance(value, list)
        and not any(
            isinstance(one, dict) and same(check["value"], one.get(check["key"])) for one in value
        )
    ),
    "HasKey": lambda check, value: isinstance(value, dict) and check["key"] in value,
    "ContainsElement": lambda check, value: isinstance(value, list) and check["element"] in value,
    "Gt": lambda check, value: value is not _ABSENT and value > check["minimum"],
    "Gte": lambda check, value: value is not _ABSENT and value >= check["minimum"],
    "Lte": lambda check, value: value is not _ABSENT and value <= check["maximum"],
    "NonEmptyStr": lambda _, value: isinstance(value, str) and bool(value),
    "ByteLen": lambda check, value: (
        isinstance(value, (bytes, str))
        and len(value if isinstance(value, bytes) else value.encode()) == check["expected"]
    ),
    "OrderedKeys": lambda check, value: (
        isinstance(value, dict) and list(value) == check["expected"]
    ),
}


def _holds(checks: Mapping[str, Any], document: Any) -> bool:
    return all(
        _answers(found, document if path in {"", "$"} else _at(document, path))
        for path, found in checks.items()
    )


def _answers(found: Any, value: Any) -> bool:
    if isinstance(found, list):
        return all(_answers(check, value) for check in found)
    check = found.get("check")
    if isinstance(check, str):
        return _CHECKS[check](found, value)
    return value is not _ABSENT and _holds(found, value)


def _properties(expectation: Mapping[str, Any], reply: Reply) -> bool:
    wanted = expectation["expected"]
    if expectation.get("raw"):
        return _holds(wanted, reply)
    try:
        batch = reply["cursor"]["firstBatch"]
    except (KeyError, TypeError):
        return False
    each = wanted.get("perDoc") if isinstance(wanted, dict) else wanted
    if isinstance(each, list):
        return len(each) == len(batch) and all(map(_holds, each, batch))
    return bool(batch) and all(_holds(wanted, document) for document in batch)


def judged(expectation: Mapping[str, Any], reply: Reply) -> str:
    """Return "" when a reply is the recorded answer, else the cause of the difference."""
    kind, code = expectation["kind"], code_of(reply)
    if kind in {"code", "codemsg"}:
        wanted = expectation["expected"]
        number = wanted if kind == "code" else wanted["code"]
        if code == number:
            return ""
        return f"no error, wanted {number}" if code is None else f"code {code}, wanted {number}"
    if not reply.get("ok"):
        return f"error {code}: {reply.get('errmsg', '')[:80]}"
    if kind == "ok":
        return ""
    if kind == "partial":
        return (
            ""
            if same(expectation["expected"], _part(expectation["expected"], reply))
            else "differs"
        )
    if kind == "properties":
        return "" if _properties(expectation, reply) else "property"
    return "" if _success(expectation, reply) else "differs"
