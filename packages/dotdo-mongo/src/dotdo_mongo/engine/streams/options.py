"""Options of $changeStream, checked as MongoDB checks them."""

from dataclasses import dataclass
from typing import Any

from bson import Timestamp

from dotdo_mongo.engine.streams.tokens import Place, place_of, time_of
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_FULL = ("default", "updateLookup", "whenAvailable", "required")
_BEFORE = ("off", "whenAvailable", "required")
_BOOLS = (
    "allChangesForCluster",
    "showExpandedEvents",
    "showMigrationEvents",
    "showSystemEvents",
    "allowToRunOnSystemNS",
    "allowToRunOnConfigDB",
)


@dataclass(slots=True)
class StreamOptions:
    """What a change stream shows, and where it begins."""

    full_document: str = "default"
    before: str = "off"
    after: Place | None = None
    from_us: int | None = None
    is_start_after: bool = False
    is_for_cluster: bool = False
    is_expanded: bool = False
    splits: bool = False


def stream_options(given: Any) -> StreamOptions:
    """Read the argument of $changeStream.

    Raises:
        CommandFailure: It is malformed (codes 14, 2, 40415, 40674, 50865 ...).
    """
    if not isinstance(given, dict):
        raise failure(
            6188500, f"$changeStream must take a nested object but found: $changeStream: {given}"
        )
    options = StreamOptions()
    for name, value in given.items():
        _read(options, name, value)
    starts = [
        n for n in ("resumeAfter", "startAfter", "startAtOperationTime") if given.get(n) is not None
    ]
    if len(starts) > 1:
        code = 50865 if "resumeAfter" in starts and "startAfter" in starts else 40674
        raise failure(
            code, f"Do not specify both '{starts[0]}' and '{starts[1]}' in a $changeStream stage"
        )
    if "resumeAfter" in starts and options.after is not None and options.after.is_invalidate:
        raise failure(
            260,
            "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate notification.",
        )
    return options


def _read(options: StreamOptions, name: str, value: Any) -> None:
    if name == "fullDocument":
        options.full_document = _one_of(name, value, _FULL)
    elif name == "fullDocumentBeforeChange":
        options.before = _one_of(name, value, _BEFORE)
    elif name in {"resumeAfter", "startAfter"}:
        if value is not None:
            options.after = place_of(value)
            options.is_start_after = name == "startAfter"
    elif name == "startAtOperationTime":
        if value is not None:
            if not isinstance(value, Timestamp):
                raise failure(
                    14,
                    "BSON field '$changeStream.startAtOperationTime' is the wrong type, expected type 'timestamp'",
                )
            options.from_us = time_of(value)
    elif name in _BOOLS:
        _read_bool(options, name, value)
    else:
        raise failure(40415, f"BSON field '$changeStream.{name}' is an unknown field.")


def _read_bool(options: StreamOptions, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise failure(
            14, f"BSON field '$changeStream.{name}' is the wrong type, expected type 'bool'"
        )
    if name == "allChangesForCluster":
        options.is_for_cluster = value
    elif name == "showExpandedEvents":
        options.is_expanded = value


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    if type(value) is not str:
        raise failure(
            14, f"BSON field '$changeStream.{name}' is the wrong type, expected type 'string'"
        )
    if value not in allowed:
        raise failure(
            2, f"Enumeration value '{value}' for field '$changeStream.{name}' is not a valid value."
        )
    return value
