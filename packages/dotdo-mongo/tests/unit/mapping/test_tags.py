"""Documents as canonical JSON and back."""

import math
from datetime import UTC, datetime

import bson
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from hypothesis import given
from hypothesis import strategies as st

from dotdo_mongo.mapping.codec import decode, encode
from dotdo_mongo.mapping.keys import identity_equals
from dotdo_mongo.mapping.tags import from_json, to_json

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1).map(Int64),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.binary(),
    st.binary(min_size=12, max_size=12).map(ObjectId),
    st.datetimes().map(lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000, tzinfo=UTC)),
    st.decimals(-(10**30), 10**30, places=3).map(Decimal128),  # it holds 34 digits
)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_every_document_comes_back_with_its_types_and_order(document):
    stored = decode(encode(document))
    text = to_json(stored, encode(document))
    assert identity_equals(from_json(text), stored)


@pytest.mark.parametrize(
    "value",
    [
        Int64(5), 5, 5.0, -0.0, math.inf, -math.inf, Regex("a.*", "i"), Timestamp(4, 2), MinKey(), MaxKey(),
        Code("f()"), Code("f()", {"x": 1}), Binary(b"12", 128), bson.DatetimeMS(-(10**15)), {"$oid": "x"}, {"$n": 1},
        datetime(1969, 12, 31, 23, 59, 59, 999000, UTC),
    ],
)  # fmt: skip
def test_values_that_json_lacks_come_back(value):
    stored = decode(encode({"v": value}))
    assert identity_equals(from_json(to_json(stored, encode(stored))), stored)


def test_nan_is_not_lost():
    stored = {"v": [math.nan]}
    assert math.isnan(from_json(to_json(stored, encode(stored)))["v"][0])
