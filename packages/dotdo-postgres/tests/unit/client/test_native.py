"""Which statements and values go the short way, and as what."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.adapt import Dumper, PyFormat, Transformer
from psycopg.types.json import Jsonb

from dotdo_postgres.client import native
from dotdo_postgres.client.adapters import AdaptersMap, connection_adapters


class Colour(IntEnum):
    RED = 1


@pytest.fixture
def adapters() -> AdaptersMap:
    return connection_adapters()


@pytest.mark.parametrize(
    ("query", "params", "sql", "values"),
    [
        ("select 1", None, "select 1", ()),
        ("select 1;", None, "select 1;", ()),
        ("select '%'", None, "select '%'", ()),
        ("select %s, %s", (1, 2), "select $1, $2", (1, 2)),
        ("select %s, '%%'", [1], "select $1, '%'", [1]),
        ("select %(b)s, %(a)s, %(b)s", {"a": 1, "b": 2}, "select $1, $2, $1", [2, 1]),
    ],
)
def test_placeholders_become_postgresqls(
    adapters: AdaptersMap, query: str, params: Any, sql: str, values: Any
) -> None:
    bound = native.bind(query, params, adapters)
    assert bound is not None
    assert (bound[1], bound[3]) == (sql, values)


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("", None),
        (" ; ", None),
        ("select 1; select 2", None),
        ("copy t from stdin", None),
        ("select %s", ()),
        ("select %s", (1, 2)),
        ("select %s", {"a": 1}),
        ("select %(a)s", (1,)),
        ("select %(a)s", {"b": 1}),
        ("select %b", (1,)),
        ("select %x", (1,)),
        ("select %s, %(a)s", (1,)),
        ("select %s", "a"),
        ("select %s", (Jsonb({}),)),
        ("select %s", ([1],)),
        ("select %s", (Colour.RED,)),
        ("select %s", (2**63,)),
        ("select %s", ("a\0",)),
    ],
)
def test_what_only_psycopg_knows_goes_its_way(
    adapters: AdaptersMap, query: str, params: Any
) -> None:
    assert native.bind(query, params, adapters) is None


@pytest.mark.parametrize(
    "value",
    [
        0,
        32767,
        32768,
        -32769,
        2**31,
        -(2**63),
        True,
        1.5,
        "text",
        None,
        b"bytes",
        Decimal("1.5"),
        date(2024, 1, 2),
        datetime(2024, 1, 2),  # noqa: DTZ001 -- without a zone it is another type
        datetime(2024, 1, 2, tzinfo=UTC),
        time(1, 2),
        timedelta(1),
        UUID(int=1),
    ],
    ids=repr,
)
def test_the_oid_is_the_one_psycopg_sends(adapters: AdaptersMap, value: Any) -> None:
    transformer = Transformer()
    transformer.dump_sequence([value], [PyFormat.AUTO])
    bound = native.bind("select %s", (value,), adapters)
    assert bound is not None
    assert bound[2] == transformer.types


class Shouting(Dumper):
    def dump(self, obj: str) -> bytes:
        return obj.upper().encode()


def test_a_customised_dumper_takes_its_type_from_the_short_way(adapters: AdaptersMap) -> None:
    before = AdaptersMap(adapters)
    adapters.register_dumper(str, Shouting)
    assert native.bind("select %s", ("a",), adapters) is None
    assert native.bind("select %s", (1,), adapters) is not None
    assert native.bind("select %s", ("a",), before) is not None


def test_a_dumper_customised_globally_counts_for_new_connections_only() -> None:
    before = connection_adapters()
    dumper = psycopg.adapters.get_dumper(str, PyFormat.AUTO)
    psycopg.adapters.register_dumper(str, Shouting)
    try:
        assert native.bind("select %s", ("a",), connection_adapters()) is None
        assert native.bind("select %s", ("a",), before) is not None
    finally:
        psycopg.adapters.register_dumper(str, dumper)
    assert native.bind("select %s", ("a",), connection_adapters()) is not None
