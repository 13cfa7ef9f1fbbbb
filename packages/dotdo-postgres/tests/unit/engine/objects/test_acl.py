"""Access control lists: how they are written, and what GRANT and REVOKE make of them."""

import pytest

from dotdo_postgres.engine.objects.acl import (
    PUBLIC,
    Item,
    default_items,
    granted,
    held,
    revoked,
    with_owner,
)
from dotdo_postgres.errors import PostgresError


def test_items_are_written_as_postgresql_does() -> None:
    assert str(Item("ann", "bob", "arw", "r")) == "ann=ar*w/bob"
    assert str(Item(PUBLIC, "my-role", "U")) == '=U/"my-role"'


def test_functions_are_everybody_s_and_tables_their_owner_s() -> None:
    assert held(default_items("f", "ann"), {"bob"}) == {"X"}
    assert held(default_items("r", "ann"), {"bob"}) == set()


def test_what_was_granted_further_goes_only_with_cascade() -> None:
    items = granted(default_items("r", "ann"), "ann", "bob", "r", with_option=True)
    items = granted(items, "bob", "eve", "r", with_option=False)
    with pytest.raises(PostgresError, match="dependent privileges exist"):
        revoked(items, "ann", "bob", "r", only_option=False, is_cascading=False, owner="ann")
    left = revoked(items, "ann", "bob", "r", only_option=False, is_cascading=True, owner="ann")
    assert held(left, {"bob", "eve"}) == set()


def test_a_new_owner_takes_over_what_the_old_one_held_and_granted() -> None:
    items = granted(default_items("r", "ann"), "ann", "bob", "r", with_option=False)
    assert [str(item) for item in with_owner(items, "ann", "cat") or ()] == [
        "cat=arwdDxt/cat",
        "bob=r/cat",
    ]
