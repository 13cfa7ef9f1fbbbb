"""Checkups of a home: what is sound gives no fault, and each kind of damage is found and named."""

from pathlib import Path

import apsw
import pytest

from dotdo import Home
from dotdo import open as open_tenant
from dotdo.storage.template import PAGE_BYTES
from dotdo.tenancy.checkup import (
    Finding,
    examine_branch,
    examine_home,
    references,
    size_bytes,
    sqlite_version,
)
from dotdo.tenancy.references import Reference

ACME = Reference("acme")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    acme = open_tenant("acme", home=home)
    alice = acme.things.create("Customer", name="Alice")
    acme.relationships.create(alice, "placed", acme.things.create("Order", total=1))
    acme.things.update(alice, name="Alicia")
    acme.branch("trial")
    return home


def faults(found: list[Finding]) -> dict[str, str]:
    return {f.check: f.message for f in found if f.level != "ok"}


def raw(home: Home, sql: str, reference: Reference = ACME) -> None:
    """Change a file behind the kernel's back."""
    home.close()
    connection = apsw.Connection(str(home.file_of(reference)))
    connection.execute(sql).fetchall()
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()


def test_a_sound_home_has_no_fault(home: Home) -> None:
    found = [*examine_home(home), *(f for r in references(home) for f in examine_branch(home, r))]
    assert {f.check for f in found} == {
        "folder", "space", "leftovers", "permissions", "wal", "opens", "integrity", "foreign-keys", "log", "definitions", "functions",
    }  # fmt: skip
    assert not {f.check: f.message for f in found if f.level == "problem"}


@pytest.mark.parametrize("action", ["compact", "prune", "fork"])
def test_history_cut_by_the_kernel_is_no_fault(home: Home, action: str) -> None:
    tenant = open_tenant("acme", home=home)
    if action == "fork":
        tenant.fork("other")
        found = examine_branch(home, Reference("other"))
    else:
        getattr(tenant, action)()
        tenant.things.create("Customer", name="Bob")
        found = examine_branch(home, ACME)
    assert not faults(list(found))


def test_references_list_branches_behind_their_main(home: Home) -> None:
    assert list(references(home)) == [ACME, Reference("acme", "trial")]
    assert size_bytes(home, ACME) > 4096


def test_a_home_that_does_not_exist_is_told_and_not_made(tmp_path: Path) -> None:
    found = list(examine_home(Home(tmp_path / "none")))
    assert [(f.level, f.check) for f in found] == [("warning", "folder")]
    assert not (tmp_path / "none").exists()


def test_what_others_can_read_or_replace_is_a_problem(home: Home) -> None:
    home.file_of(ACME).chmod(0o640)
    home.path.chmod(0o770)
    assert "0640" in faults(list(examine_branch(home, ACME)))["permissions"]
    assert "0770" in faults(list(examine_home(home)))["folder"]
    home.path.chmod(0o755)  # they see names, no more
    assert "folder" not in faults(list(examine_home(home)))


@pytest.mark.parametrize(
    "name", ["acme@x.db.partial", "acme@x.db.partial-wal", "gone.db-wal", "gone@x.db", "a b.db"]
)
def test_files_that_belong_to_nothing_are_named(home: Home, name: str) -> None:
    (home.path / name).write_bytes(b"")
    [found] = [f for f in examine_home(home) if f.check == "leftovers"]
    assert (found.level, found.subject) == ("warning", name)


def test_a_file_that_is_no_tenant_does_not_open(home: Home) -> None:
    home.close()
    home.file_of(ACME).write_bytes(b"something else" * 1000)
    assert faults(list(examine_branch(home, ACME)))["opens"] == "acme.db is not a dotdo tenant"


def test_a_newer_format_does_not_open(home: Home) -> None:
    raw(home, "pragma user_version = 99")
    assert "format 99" in faults(list(examine_branch(home, ACME)))["opens"]


def test_a_damaged_page_fails_the_integrity_check(home: Home) -> None:
    raw(home, "select 1")
    path = home.file_of(ACME)
    connection = apsw.Connection(str(path))
    page = connection.execute("select rootpage from sqlite_schema where name = 'Customer'").get
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES + 8)
        file.write(b"\xff" * 64)
    assert "integrity" in faults(list(examine_branch(home, ACME)))


@pytest.mark.parametrize(
    ("sql", "check", "part"),
    [
        ("delete from _log where seq = (select seq1 from _tx order by seq1 limit 1 offset 2)", "log", "does not follow"),
        ("delete from _log where seq = (select max(seq) from _log)", "log", "belongs to no transaction"),
        ("delete from _log", "log", "without any transaction"),
        ("update _log set before = '[1,null,null,null]' where seq = (select max(seq) from _log)", "log", "older"),
        ("insert into _consumer values ('mailer', 10000)", "log", "'mailer'"),
        ("update _meta set v = 10000 where k = 'indexed'", "log", "'indexed'"),
        ("drop trigger '_log_u Customer'", "definitions", "'_log_u Customer'"),
        ("drop table 'Order'", "definitions", "'Order'"),
        ("drop view _tx", "log", "cannot be checked"),
    ],
)  # fmt: skip
def test_damage_behind_the_kernels_back_is_found(
    home: Home, sql: str, check: str, part: str
) -> None:
    raw(home, sql)
    assert part in faults(list(examine_branch(home, ACME)))[check]


def test_a_reference_that_leads_nowhere_is_found(home: Home) -> None:
    tenant = open_tenant("acme", home=home)
    tenant.nouns.define("Album", {"id": "integer"})
    raw(home, "create table t(a references Album(id)); insert into t values (7)")
    assert "row 1 of t" in faults(list(examine_branch(home, ACME)))["foreign-keys"]


def test_the_version_of_sqlite_is_that_of_the_library() -> None:
    assert sqlite_version() == apsw.sqlite_lib_version()
