"""Read and write concerns of a command: checked as MongoDB checks them; a deployment of one node grants all that one node can."""

from decimal import Decimal
from typing import Any

from bson import Decimal128, Timestamp

from dotdo_mongo.engine.kinds import INT32_MAX, as_long, is_number, wrong_type
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import code_name, failure

Document = dict[str, Any]
_LEVELS = ("local", "majority", "linearizable", "available", "snapshot")
_PLAIN = frozenset({"local", "majority"})
_WRITE_FIELDS = frozenset({"w", "j", "wtimeout", "fsync", "provenance", "getLastError"})
_MAX_NODES = 50
_PROVENANCES = (
    "clientSupplied",
    "implicitDefault",
    "customDefault",
    "getLastErrorDefaults",
    "internalWriteDefault",
)


def read_concern(value: Any, command: str, *, takes_levels: bool, in_transaction: bool) -> Document:
    """Return the read concern of a command.

    Raises:
        CommandFailure: It is malformed (14, 2, 40415), or this command takes no such level (72).
    """
    if value is None:
        return {}
    where = "readConcern"
    if type(value) is not dict:
        raise wrong_type(f"{command}.readConcern" if command else where, value, "object")
    for name, item in value.items():
        _check_read_field(name, item, where)
    level = value.get("level")
    if "atClusterTime" in value and level != "snapshot":
        raise failure(
            72, "readConcern.atClusterTime is allowed only if readConcern.level is snapshot"
        )
    if level in {None, "local"} or in_transaction:
        return dict(value)
    if not takes_levels:
        raise failure(
            72, f'Command {command} does not support {{ readConcern: {{ level: "{level}" }} }}'
        )
    return dict(value)


def _check_read_field(name: str, item: Any, where: str) -> None:
    if name == "level":
        if item is not None and type(item) is not str:
            raise wrong_type("readConcern.level", item, "string")
        if item is not None and item not in _LEVELS:
            raise failure(
                2, f"Enumeration value '{item}' for field 'readConcern.level' is not a valid value."
            )
    elif name in {"afterClusterTime", "atClusterTime"}:
        if not isinstance(item, Timestamp):
            raise wrong_type(f"{where}.{name}", item, "timestamp")
    elif name == "provenance":
        _check_provenance(item, where)
    elif name not in {
        "afterOpTime",
        "$wallClock",
        "allowTransactionTableSnapshot",
        "waitLastStableRecoveryTimestamp",
    }:
        raise failure(40415, f"BSON field '{where}.{name}' is an unknown field.")


def _check_provenance(item: Any, where: str) -> None:
    if item is None:
        return
    if type(item) is not str:
        raise wrong_type(f"{where}.provenance", item, "string")
    if item not in _PROVENANCES:
        raise failure(
            2, f"Enumeration value '{item}' for field '{where}.provenance' is not a valid value."
        )


def write_concern(value: Any, command: str, *, takes: bool) -> Document:
    """Return the write concern of a command.

    Raises:
        CommandFailure: It is malformed (14, 9, 40415), asks for more nodes than there are (2), or the command takes none (72).
    """
    if value is None:
        return {}
    if type(value) is not dict:
        raise wrong_type("writeConcern", value, "object")
    if not takes:
        raise failure(72, f"Command {command} does not support writeConcern")
    for name, item in value.items():
        if name not in _WRITE_FIELDS:
            raise failure(40415, f"BSON field 'writeConcern.{name}' is an unknown field.")
        if name == "provenance":
            _check_provenance(item, "writeConcern")
    _check_journal(value)
    _check_timeout(value.get("wtimeout"))
    if "w" in value:
        _check_nodes(value["w"])
    return dict(value)


def unmet(concern: Document) -> Document | None:
    """Return the `writeConcernError` of a concern that one node cannot meet, None for others."""
    nodes = concern.get("w", 1)
    if type(nodes) is str and nodes != "majority":
        code, text = 79, f"No write concern mode named '{nodes}' found in replica set configuration"
    elif is_number(nodes) and (_count(nodes) or 0) > 1:
        code, text = 100, "Not enough data-bearing nodes"
    else:
        return None
    shown = {"w": nodes, "wtimeout": concern.get("wtimeout", 0), "provenance": "clientSupplied"}
    return {
        "code": code,
        "codeName": code_name(code),
        "errmsg": text,
        "errInfo": {"writeConcern": shown},
    }


def _check_journal(value: Document) -> None:
    for name in ("j", "fsync"):
        item = value.get(name)
        if item is not None and not isinstance(item, bool) and not is_number(item):
            raise wrong_type(f"writeConcern.{name}", item, "bool, long, int, decimal, double")


def _check_timeout(item: Any) -> None:
    if is_number(item) and as_long(item) > INT32_MAX:
        raise failure(9, f"wtimeout must be less than or equal to {INT32_MAX}")


def _check_nodes(item: Any) -> None:
    if isinstance(item, dict):
        if not item:
            raise failure(9, "tagged write concern requires tags")
        for name, tag in item.items():
            if not is_number(tag):
                raise failure(
                    9,
                    f"tags must be a single level document with only number values: {name} is {type_name(tag)}",
                )
        return
    if type(item) is str:
        if not item:
            raise failure(
                2,
                "cannot use non-majority 'w' mode \"\" when a host is not a member of a replica set",
            )
        return
    if item is None:
        raise failure(
            2, "cannot use non-majority 'w' mode null when a host is not a member of a replica set"
        )
    if not is_number(item):
        raise failure(9, "w has to be a number, string, or object")
    nodes = _count(item)
    if nodes is None or not 0 <= nodes <= _MAX_NODES:
        raise failure(9, "w has to be a non-negative number and not greater than 50")


def _count(item: Any) -> int | None:
    if isinstance(item, Decimal128):
        number = item.to_decimal()
        return (
            None
            if not number.is_finite()
            else int(number.quantize(Decimal(1)) if abs(number) < 1000 else 1000)
        )
    if item != item or item in {float("inf"), float("-inf")}:
        return None
    return int(item)
