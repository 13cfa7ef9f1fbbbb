"""$changeStreamSplitLargeEvent: an event over 16 MB as fragments that each fit; others stay whole."""

from typing import Any

from dotdo_mongo.engine.streams.tokens import Place, token
from dotdo_mongo.errors import failure
from dotdo_mongo.mapping.codec import MAX_DOCUMENT_BYTES, encode

Document = dict[str, Any]
STAGE = "$changeStreamSplitLargeEvent"
_MAX_FRAGMENTS = 127
_FRAME_BYTES = 16


def check_stage(stages: list[Document]) -> bool:
    """Return whether large events are to be split.

    Raises:
        CommandFailure: The stage has an argument (code 7182800), or is not the last (code 7182802).
    """
    for at, stage in enumerate(stages):
        if STAGE not in stage:
            continue
        if stage[STAGE] != {}:
            raise failure(7182800, f"{STAGE} stage specification must be an empty object")
        if at != len(stages) - 1:
            raise failure(7182802, f"{STAGE} must be the last stage in the pipeline")
        return True
    return False


def fragments(place: Place, event: Document) -> list[tuple[Place, Document]]:
    """Return an event as it fits into replies: whole, or its fields spread over several.

    Raises:
        CommandFailure: One of its fields alone does not fit (code 7182500).
    """
    if len(encode(event)) <= MAX_DOCUMENT_BYTES:
        return [(place, event)]
    sizes = {name: len(encode({name: value})) for name, value in event.items() if name != "_id"}
    room = MAX_DOCUMENT_BYTES - len(encode({"_id": event["_id"]})) - 64 - _FRAME_BYTES
    parts: list[Document] = [{}]
    filled = 0
    for name in sorted(sizes, key=lambda name: (sizes[name], name)):
        if sizes[name] > room:
            raise failure(7182500, f"Splitting change event failed: field '{name}' is too large")
        if filled + sizes[name] > room:
            parts.append({})
            filled = 0
        parts[-1][name] = event[name]
        filled += sizes[name]
    if len(parts) > _MAX_FRAGMENTS:
        raise failure(7182500, "Splitting change event failed: too many fragments")
    found = []
    for number, fields in enumerate(parts, 1):
        here = place._replace(fragment=number)
        about = {"fragment": number, "of": len(parts)}
        found.append((here, {"_id": token(here), "splitEvent": about, **fields}))
    return found


def after_fragment(place: Place, after: Place | None) -> bool:
    """Tell whether a fragment has not been given before a stream was resumed."""
    if after is None or not after.fragment or (place.db, place.seq) != (after.db, after.seq):
        return True
    return place.fragment > after.fragment
