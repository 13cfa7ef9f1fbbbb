"""inet and cidr: read, written and ordered as PostgreSQL does."""

import pytest

from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping.networks import CIDR, INET, MACADDR8


@pytest.mark.parametrize(
    ("text", "shown"),
    [("10.0.0.1", "10.0.0.1"), ("10/8", "10.0.0.0/8"), ("::1", "::1"), ("::/64", "::/64")],
)
def test_address_is_written_as_it_is_read(text: str, shown: str) -> None:
    assert INET.to_text(INET.from_text(text)) == shown


@pytest.mark.parametrize("text", [" 10.0.0.1", "10.1", "10.0.0.1/33", "fe80::1%eth0", "256.0.0.1"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(PostgresError) as failure:
        INET.from_text(text)
    assert failure.value.sqlstate == "22P02"


def test_network_takes_the_prefix_of_its_class() -> None:
    assert CIDR.to_text(CIDR.from_text("192.168.1")) == "192.168.1.0/24"
    assert CIDR.to_text(CIDR.from_text("0x0a")) == "10.0.0.0/8"


def test_kept_bytes_order_by_network_then_prefix_then_host() -> None:
    ordered = ["9.9.9.9/8", "10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/9", "::1"]
    stored = [INET.from_text(text) for text in ordered]
    assert stored == sorted(stored)


def test_binary_form_round_trips() -> None:
    stored = INET.from_text("2001:db8::1/64")
    assert INET.from_binary(INET.to_binary(stored)) == stored
    assert MACADDR8.from_binary(bytes(range(6))) == b"\0\x01\x02\xff\xfe\x03\x04\x05"
