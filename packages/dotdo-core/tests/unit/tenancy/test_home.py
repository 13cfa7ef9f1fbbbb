"""Homes: where tenants live, and how many are open."""

import os
import shutil
import stat
import threading

import pytest

from dotdo import Home
from dotdo.errors import AlreadyExists, InvalidName, UnknownTenant
from dotdo.tenancy import default_home, open_tenant
from dotdo.tenancy.home import default_path
from dotdo.tenancy.references import Reference


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_the_environment_names_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path / "here"))
    assert default_home().path == tmp_path / "here"
    assert default_home() is default_home()


def test_else_the_nearest_folder_upward_is_the_home(monkeypatch, tmp_path):
    monkeypatch.delenv("DOTDO_HOME", raising=False)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".dotdo").mkdir()
    monkeypatch.chdir(inner)
    assert default_path() == str(tmp_path / ".dotdo")


def test_else_the_home_is_in_the_users_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("DOTDO_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir("/")
    assert default_path() == str(tmp_path / ".dotdo")


def test_a_home_in_memory_is_private_and_works():
    home = Home(":memory:")
    open_tenant("a", home=home).things.create("Doc", "x")
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert open_tenant("a", home=home).things.get("Doc", "x").id == "x"
    home.close()


def test_files_are_for_their_owner_only(home):
    open_tenant("a", home=home).branch("b")
    for file in home.path.glob("*.db"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_tenant_is_created_once(home):
    home.create("a")
    with pytest.raises(AlreadyExists):
        home.create("a")
    with pytest.raises(InvalidName):
        home.create("../a")
    assert list(home.tenants()) == ["a"]


def test_a_missing_tenant_is_created_only_when_allowed(home, monkeypatch):
    with pytest.raises(UnknownTenant):
        open_tenant("a", create=False, home=home)
    monkeypatch.setenv("DOTDO_CREATE", "0")
    with pytest.raises(UnknownTenant):
        open_tenant("a", home=home)
    monkeypatch.delenv("DOTDO_CREATE")
    with pytest.raises(UnknownTenant):
        open_tenant("a@branch", home=home)
    assert open_tenant("a", home=home).name == "a"


def test_only_so_many_tenants_stay_open(tmp_path):
    home = Home(tmp_path, max_open=20)
    before = descriptors()
    for n in range(2_000):
        open_tenant(f"t{n}", home=home).things.create("Doc", "x")
    assert descriptors() - before <= 20 * 3 + 4
    assert open_tenant("t7", home=home).things.get("Doc", "x").id == "x"
    home.close()
    assert descriptors() - before <= 1


def test_the_past_counts_among_the_open(tmp_path):
    before = descriptors()
    home = Home(tmp_path, max_open=10)
    tenant = open_tenant("t", home=home)
    tenants = []
    for n in range(100):
        tenant.things.create("Doc", f"d{n}")
        tenants.append(tenant.at("~0"))
        assert len(tenants[-1].things.find("Doc")) == n + 1
    assert descriptors() - before < 10 * 3 + 34
    assert len(tenants[3].things.find("Doc")) == 4
    home.close()


def test_a_tenant_in_use_is_not_closed(tmp_path):
    home = Home(tmp_path, max_open=2)
    first = open_tenant("t0", home=home)
    with first.transaction():
        first.things.create("Doc", "x")
        for n in range(1, 9):
            open_tenant(f"t{n}", home=home).things.create("Doc", "y")
    assert first.things.get("Doc", "x").id == "x"
    home.close()


def test_threads_share_a_tenant(shop):
    def work(n):
        for i in range(20):
            shop.things.create("Doc", f"{n}-{i}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.things.count("Doc") == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(shop):
    shop.things.create("Doc", "parent")
    child = os.fork()
    if child == 0:
        try:
            shop.things.create("Doc", "child")
            os._exit(0 if shop.things.count("Doc") == 2 else 1)
        except BaseException:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    shop.things.create("Doc", "after")
    assert shop.things.count("Doc") == 3


def test_homes_whose_folders_are_gone_do_not_hold_up_a_fork(shop, tmp_path):
    gone = [Home(tmp_path / str(n)) for n in range(20)]  # homes are reset in no particular order
    tenants = [open_tenant("t", home=home) for home in gone]
    for n, tenant in enumerate(tenants):
        tenant.things.create("Doc", "x")
        shutil.rmtree(tmp_path / str(n))
    test_a_forked_child_uses_connections_of_its_own(shop)
    for home in gone:
        home.close()


def test_a_deleted_branch_leaves_nothing_of_its_past(home, shop):
    branch = shop.branch("b")
    branch.things.create("Doc", "x")
    seq = branch.version
    branch.nouns.drop("Doc")
    assert branch.at(f"v{seq}").things.count("Doc") == 1
    shop.delete_branch("b")
    assert [f.name for f in home.path.rglob("*.db*") if "@b" in f.name] == []
    with pytest.raises(UnknownTenant):
        open_tenant("shop@b", home=home)


def test_whoever_kept_a_store_sees_that_it_was_closed(home):
    store = home.create("kept")
    assert not store.is_closed
    assert home.store(Reference("kept")) is store
    home.remove(Reference("kept"))
    assert store.is_closed
    with pytest.raises(UnknownTenant):
        home.store(Reference("kept"))
    assert home.create("kept") is not store
