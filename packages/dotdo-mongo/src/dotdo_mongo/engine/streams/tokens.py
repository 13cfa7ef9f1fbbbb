"""Resume tokens: a place in the log of one database, as text that sorts by time."""

from typing import Any, NamedTuple

from bson import Timestamp

from dotdo_mongo.errors import failure

_MARK = "82"
_DIGITS = 16
_AFTER = "FF"  # the token stands behind the whole transaction


class Place(NamedTuple):
    """A place in the log.

    Args:
        time_us: When the transaction there was committed.
        seq: Log position of the event.
        db: Whose log.
        is_invalidate: The event made its stream invalid.
        fragment: Number of the event's part, from 1; 0 for the whole.
    """

    time_us: int
    seq: int
    db: str
    is_invalidate: bool = False
    fragment: int = 0


def token(place: Place) -> dict[str, str]:
    """Return the resume token of a place."""
    marks = place.is_invalidate | place.fragment << 1
    text = f"{_MARK}{place.time_us:0{_DIGITS}X}{place.seq:0{_DIGITS}X}{marks:02X}"
    return {"_data": text + place.db.encode().hex().upper()}


def place_of(given: Any) -> Place:
    """Read a resume token.

    Raises:
        CommandFailure: It is none (codes 14, 40647, 50811).
    """
    if not isinstance(given, dict):
        raise failure(14, "a resume token must be an object")
    text = given.get("_data")
    if type(text) is not str:
        raise failure(40647, f"Bad resume token: _data of missing or of wrong type {given}")
    if not text.startswith(_MARK):
        raise failure(50811, "Bad resume token: cannot be decoded")
    try:
        time_us, seq = int(text[2:18], 16), int(text[18:34], 16)
        marks, db = int(text[34:36], 16), bytes.fromhex(text[36:]).decode()
        return Place(time_us, seq, db, is_invalidate=bool(marks & 1), fragment=marks >> 1)
    except ValueError:
        raise failure(50811, "Bad resume token: cannot be decoded") from None


def timestamp_of(time_us: int) -> Timestamp:
    """Return the cluster time of a moment."""
    return Timestamp(time_us // 1_000_000, time_us % 1_000_000 + 1)


def time_of(timestamp: Timestamp) -> int:
    """Return the moment of a cluster time, in microseconds."""
    return timestamp.time * 1_000_000 + max(0, timestamp.inc - 1)
