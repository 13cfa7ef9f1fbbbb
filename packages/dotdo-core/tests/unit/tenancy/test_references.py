"""References: what a name may say."""

import pytest

from dotdo.errors import InvalidName, InvalidReference
from dotdo.tenancy import Moment, Reference, parse_moment, parse_reference

DAY_END = 1_767_916_799_999_999  # 2026-01-08T23:59:59.999999Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme", Reference("acme")),
        ("acme@main", Reference("acme")),
        ("acme@experiment", Reference("acme", "experiment")),
        ("acme@v12", Reference("acme", "main", Moment(seq=12))),
        ("acme@~1", Reference("acme", "main", Moment(back=1))),
        ("acme@exp@~2", Reference("acme", "exp", Moment(back=2))),
        ("acme@2026-01-08", Reference("acme", "main", Moment(time_us=DAY_END))),
        ("acme@2026-01-08T23:59:59.999999Z", Reference("acme", "main", Moment(time_us=DAY_END))),
        (
            "acme@2026-01-09T00:59:59.999999+01:00",
            Reference("acme", "main", Moment(time_us=DAY_END)),
        ),
    ],
)
def test_a_reference_names_tenant_branch_and_moment(text, expected):
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "../a",
        "a..b",
        "a\\b",
        "a\0b",
        "-a",
        "a ",
        "a.",
        "é",
        "x" * 129,
        "a\nb",
    ],
)
def test_names_that_could_leave_the_folder_are_refused(name):
    with pytest.raises(InvalidName, match="name of a tenant"):
        parse_reference(name)
    with pytest.raises((InvalidName, InvalidReference)):
        parse_reference(f"acme@{name}")


@pytest.mark.parametrize("text", ["~x", "v", "2026-13-01", "2026-01-08Tx", "yesterday", ""])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(InvalidReference, match="no moment"):
        parse_moment(text)


def test_more_than_three_parts_are_refused():
    with pytest.raises(InvalidReference, match="more than"):
        parse_reference("a@b@v1@v2")


def test_a_reference_prints_as_it_is_read():
    assert str(parse_reference("acme@main")) == "acme"
    assert str(parse_reference("acme@exp")) == "acme@exp"
