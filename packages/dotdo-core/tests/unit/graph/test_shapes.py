"""What kinds of values documents hold: found, kept up with the log, per transaction while that is not committed."""

import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from dotdo.errors import InvalidValue
from dotdo.graph import shape_of
from dotdo.storage import Column, alter_noun


def shape(shop, name="Doc"):
    with shop.transaction() as session:
        return shape_of(session, session.catalog.find(name))


def test_each_field_has_the_kinds_of_its_values(shop):
    shop.things.create("Doc", "a", t="x", i=1, r=1.5, b=True, n=None, l=[1], o={"a": 1})
    shop.things.create("Doc", "b", t=2, i=1 << 60, d=Decimal("1.5"), m=dt.date(2020, 1, 1))
    found = shape(shop)
    assert dict(found.fields) == {
        "t": {"text", "integer"},
        "i": {"integer", "bigint"},
        "r": {"real"},
        "b": {"boolean"},
        "n": {"null"},
        "l": {"array"},
        "o": {"object"},
        "d": {"$n"},
        "m": {"$d"},
    }
    assert found.identity == {"text"}


def test_ids_have_kinds_too(shop):
    for identity in (1, 1.5, "a", "{x", b"\0"):
        shop.things.create("Doc", identity)
    assert shape(shop).identity == {"integer", "real", "text", "json", "$b"}


def test_a_shape_stays_the_same_object_until_a_new_kind_is_written(shop):
    shop.things.create("Doc", "a", n=1)
    before = shape(shop)
    shop.things.create("Doc", "b", n=2)
    assert shape(shop) is before
    shop.things.create("Doc", "c", n="x")
    assert shape(shop).fields["n"] == {"integer", "text"}


def write_and_fail(shop):
    with shop.transaction() as session:
        shop.things.create("Doc", "b", n="x")
        assert shape_of(session, session.catalog.find("Doc")).fields["n"] == {"integer", "text"}
        raise RuntimeError


def test_what_is_rolled_back_leaves_no_kind(shop):
    shop.things.create("Doc", "a", n=1)
    with pytest.raises(RuntimeError):
        write_and_fail(shop)
    assert shape(shop).fields["n"] == {"integer"}
    shop.things.create("Doc", "b", n=None)
    assert shape(shop).fields["n"] == {"integer", "null"}


def test_a_noun_of_documents_keeps_its_key_column_alone(shop):
    shop.things.create("Doc", "a", n=1)
    with shop.transaction() as session:
        noun = session.catalog.find("Doc")
        more = (*noun.columns, Column("n", "text", "n"))
        with pytest.raises(InvalidValue, match="the key column only"):
            alter_noun(session, msgspec.structs.replace(noun, columns=more))
