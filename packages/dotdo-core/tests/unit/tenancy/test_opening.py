"""Opening what a reference names."""

import threading

import pytest

from dotdo import Home
from dotdo.errors import InvalidReference, ReadOnly, UnknownTenant
from dotdo.history import PastStore
from dotdo.tenancy import Reference, connect
from dotdo.tenancy.opening import open_past, past_as_file, require
from dotdo.tenancy.references import Moment


def test_a_missing_tenant_is_created_only_when_that_is_allowed(home, monkeypatch):
    with pytest.raises(UnknownTenant):
        connect("new", create=False, home=home)
    monkeypatch.setenv("DOTDO_CREATE", "0")
    with pytest.raises(UnknownTenant):
        connect("new", home=home)
    assert connect("new", create=True, home=home) is connect("new", home=home)
    for reference in ("other@branch", "other@~1", "other@v1"):
        with pytest.raises(UnknownTenant):
            connect(reference, create=True, home=home)
    assert list(home.tenants()) == ["new"]


def test_the_same_moment_is_the_same_store_as_long_as_it_is_used(home, shop):
    shop.things.create("Doc", "d")
    shop.things.update(("Doc", "d"), n=1)
    first = connect("shop@~1", home=home)
    assert connect(f"shop@v{shop.version - 1}", home=home) is first
    assert isinstance(first, PastStore)
    with pytest.raises(ReadOnly):
        first.session().write("delete from Doc")


def test_a_past_of_another_shape_is_a_file_made_once(home, shop):
    shop.nouns.define("Row", {"id": "bigint", "a": "text"})
    shop.things.create("Row", 1, a="x")
    then = shop.version
    shop.nouns.drop("Row")
    store = connect(f"shop@v{then}", home=home)
    assert not isinstance(store, PastStore)
    assert store.is_read_only
    assert store.path == str(home.past_file(Reference("shop"), then))
    assert connect(f"shop@v{then}", home=Home(home.path)).path == store.path
    with pytest.raises(ReadOnly):
        store.session().write("delete from Row")


def test_the_past_has_no_past_of_its_own(home, shop):
    shop.things.create("Doc")
    past = connect("shop@~1", home=home)
    with pytest.raises(InvalidReference, match="head"):
        open_past(home, Reference("shop"), past, Moment(back=1))


def test_views_of_the_past_become_a_file_where_one_is_needed(home, shop):
    shop.things.create("Doc", "d")
    past = connect("shop@~0", home=home)
    file = past_as_file(home, Reference("shop"), past)
    assert file.path != past.path
    assert past_as_file(home, Reference("shop"), file) is file
    assert past_as_file(home, Reference("shop"), shop.store) is shop.store


def test_a_branch_must_exist(home, shop):
    require(home, Reference("shop"))
    with pytest.raises(UnknownTenant, match="shop@nothing"):
        require(home, Reference("shop", "nothing"))


def test_threads_that_open_a_tenant_at_once_get_one_store(home):
    found, barrier = [], threading.Barrier(8)

    def open_it():
        barrier.wait()
        found.append(connect("racy", home=home))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
