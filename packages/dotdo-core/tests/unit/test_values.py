"""Canonical values: everything comes back as it went in."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotdo.errors import InvalidValue
from dotdo.values import Tagged, decode, encode

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(), st.decimals(allow_nan=False),
    st.datetimes(), st.datetimes(timezones=st.just(UTC)), st.dates(), st.times(), st.timedeltas(), st.uuids(),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.dictionaries(st.sampled_from(["$b", "$o", "$x"]), inner)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_comes_back_as_it_went_in(value):
    found = decode(encode(value))
    assert found == value
    assert type(found) is type(value)


def test_signs_and_infinities_stay():
    assert math.copysign(1, decode(encode(-0.0))) == -1
    assert decode(encode(float("inf"))) == math.inf
    assert math.isnan(decode(encode(math.nan)))
    assert str(decode(encode(Decimal("1.500")))) == "1.500"


def test_a_moment_is_kept_in_utc():
    moment = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert decode(encode(moment)) == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_tuple_comes_back_as_a_list():
    assert decode(encode((1, (2,)))) == [1, [2]]


@pytest.mark.parametrize("value", [object(), {1: 2}, [{1, 2}], 1j, {"a": lambda: 0}])
def test_what_is_no_value_is_refused(value):
    with pytest.raises(InvalidValue):
        encode(value)


def test_nesting_is_bounded():
    value = []
    for _ in range(300):
        value = [value]
    with pytest.raises(InvalidValue, match="deeper"):
        encode(value)


def test_text_that_looks_like_a_tag_stays_text():
    for value in ('{"$b": "00"}', "$b", {"a": '"$b"'}, {"$b": "zz"}, {"$o": []}):
        assert decode(encode(value)) == value


def test_every_kind_is_told_by_its_tag():
    assert encode({"d": date(2026, 1, 2), "t": time(1, 2), "u": UUID(int=1)}) == (
        '{"d":{"$d":"2026-01-02"},"t":{"$c":"01:02:00"},"u":{"$u":"00000000-0000-0000-0000-000000000001"}}'
    )


def test_what_another_package_tagged_is_written_back_as_it_was() -> None:
    stored = '{"_id":{"$oid":"5f"},"list":[{"$ts":[1,2]}]}'
    value = decode(stored)
    assert value["_id"] == {"$oid": "5f"}
    assert type(value["_id"]) is Tagged
    assert encode(value) == stored
    assert encode({"$oid": "5f"}) == '{"$o":[["$oid","5f"]]}'
