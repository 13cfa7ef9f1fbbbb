"""Documents made ready to be stored: as they would be if they were decoded first."""

from datetime import UTC, datetime, timedelta, timezone

import bson
import orjson
import pytest
from bson import Binary, Code, Decimal128, Int64, ObjectId, Regex, Timestamp
from bson.son import SON

from dotdo_mongo.engine.arrivals import Unready, arrivals
from dotdo_mongo.mapping.codec import encode
from dotdo_mongo.mapping.tags import from_json, to_json

LATE = datetime(2024, 2, 29, 12, 30, 0, 123999, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    "value",
    [
        1, 2**40, Int64(5), -0.0, 1.5, float("nan"), float("inf"), "a", "é\0", True, None, b"\1", Binary(b"x", 5),
        Binary(b"\1" * 16, 4), ObjectId("5" * 24), Decimal128("1.10"), LATE.replace(tzinfo=None), LATE,
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), (1, 2), {"b": [{"c": LATE}]}, {"$x": 1}, SON([("b", 1), ("a", 2)]),
        Regex("a"), Code("f", {"x": LATE}), {"d": {"$oid": "x"}}, "$oid", "null",
    ],
)  # fmt: skip
def test_what_is_stored_is_what_decoding_gives(value):
    document = {"_id": 1, "v": value, "w": 2}
    data = bson.encode(document)
    names: set[str] = set()
    ((row, key, text, kept),) = arrivals([(document, data)], 7, names)
    wanted = bson.decode(
        data,
        bson.CodecOptions(
            tz_aware=True, datetime_conversion=bson.codec_options.DatetimeConversion.DATETIME_AUTO
        ),
    )
    del wanted["_id"]
    assert (row, key, kept) == (7, 1, data)
    assert names == {"_id", "v", "w"}
    assert encode(from_json(text)) == encode(from_json(to_json(wanted, data)))
    assert orjson.loads(text).keys() == {"v", "w"}


def test_an_identity_that_its_key_does_not_tell_stays_in_the_document():
    document = {"_id": Int64(3), "v": 1}
    ((_, key, text, _),) = arrivals([(document, bson.encode(document))], 1, set())
    assert key == 3
    assert orjson.loads(text) == {"_id": {"$long": 3}, "v": 1}


def test_types_of_a_registry_are_decoded():
    data = bson.encode({"_id": 1, "v": "as encoded"})
    ((_, _, text, _),) = arrivals([(None, data)], 1, set())
    assert orjson.loads(text) == {"v": "as encoded"}


def deep(levels):
    value: object = 1
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return {"_id": 1, "v": value}


@pytest.mark.parametrize(
    "document", [{"_id": [1]}, {"_id": {"a": 1}}, {"_id": 1, "v": Timestamp(0, 0)}, deep(120)]
)
def test_what_is_to_be_looked_at_more_closely_is_not_ready(document):
    with pytest.raises(Unready):
        list(arrivals([(document, bson.encode(document))], 1, set()))
