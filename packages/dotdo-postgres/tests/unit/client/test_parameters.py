"""Parameters that are assigned to columns: read as the column keeps them, with PostgreSQL's errors."""

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import errors as e
from psycopg.pq import TransactionStatus

import dotdo_postgres

INSERT = "insert into item (id, name, price) values (%s, %s, %s)"
LONG = "x" * 21


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("12.50", "12.50"),
        ("12.5", "12.50"),
        ("12", "12.00"),
        ("12.", "12.00"),
        (" 12.5 ", "12.50"),
        ("00012.5", "12.50"),
        (".5", "0.50"),
        ("-0.005", "-0.01"),
        ("1e2", "100.00"),
        ("9999.994", "9999.99"),
        (12, "12.00"),
        (-9999, "-9999.00"),
        (1.005, "1.01"),
        (Decimal("1.2"), "1.20"),
        (Decimal("1E+2"), "100.00"),
        (None, None),
    ],
)
def test_numbers_arrive_rounded_to_the_column(table: Any, given: Any, kept: str | None) -> None:
    table.execute(INSERT, (3, "ink", given))
    table.execute("update item set price = %s where id = 1", (given,))
    wanted = None if kept is None else Decimal(kept)
    rows = table.execute("select price from item where id <> 2").fetchall()
    assert [str(row[0]) for row in rows] == [str(wanted)] * 2


@pytest.mark.parametrize(
    ("name", "price", "failure", "context"),
    [
        ("ink", "10000", e.NumericValueOutOfRange, None),
        ("ink", "9999.995", e.NumericValueOutOfRange, None),
        ("ink", 10000, e.NumericValueOutOfRange, None),
        ("ink", 1e9, e.NumericValueOutOfRange, None),
        (LONG, "1", e.StringDataRightTruncation, None),
        ("ink", "many", e.InvalidTextRepresentation, "unnamed portal parameter $3 = '...'"),
        ("ink", "\u0661", e.InvalidTextRepresentation, "unnamed portal parameter $3 = '...'"),
    ],
)
def test_values_that_do_not_fit_are_refused(
    table: Any, name: str, price: Any, failure: type[psycopg.Error], context: str | None
) -> None:
    with pytest.raises(failure) as caught:
        table.execute(INSERT, (3, name, price))
    assert caught.value.diag.context == context
    assert table.execute("select count(*) from item").fetchone() == (2,)


def test_blanks_beyond_the_length_are_cut(table: Any) -> None:
    table.execute(INSERT, (3, "ink".ljust(30), None))
    assert table.execute("select name from item where id = 3").fetchone() == ("ink".ljust(20),)


def test_a_parameter_used_twice_keeps_its_value_for_both(table: Any) -> None:
    table.execute(
        "update item set price = %(n)s, name = %(n)s::numeric::text where id = 1", {"n": "1.005"}
    )
    assert table.execute("select price, name from item where id = 1").fetchone() == (
        Decimal("1.01"),
        "1.005",
    )


def test_an_unreadable_parameter_fails_the_transaction(table: Any) -> None:
    table.autocommit = False
    with pytest.raises(e.InvalidTextRepresentation):
        table.execute(INSERT, (3, "ink", "many"))
    assert table.info.transaction_status == TransactionStatus.INERROR


def test_a_column_redefined_elsewhere_gets_the_value_anew(table: Any) -> None:
    table.execute(INSERT, (3, "ink", "1.25"))
    with dotdo_postgres.connect("dbname=shop", autocommit=True) as other:
        other.execute("alter table item alter column price type numeric(8, 3)")
    table.execute(INSERT, (4, "ink", "1.25"))
    rows = table.execute("select price from item where id > 2 order by id").fetchall()
    assert [str(price) for (price,) in rows] == ["1.250", "1.250"]
