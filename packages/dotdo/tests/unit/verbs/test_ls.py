"""`dotdo ls`: tenants with sizes, branches and last writes; nothing is created by looking."""

import pytest


def test_tenants_are_listed_with_their_branches(run, shop) -> None:
    shop.acme.branch("trial")
    acme, globex = run("ls", "--json").document
    assert (acme["tenant"], globex["tenant"]) == ("acme", "globex")
    assert [b["branch"] for b in acme["branches"]] == ["main", "trial"]
    assert acme["branches"][1]["parent"] == "main"
    assert acme["branches"][0]["version"] == shop.acme.version
    assert acme["size_bytes"] == sum(b["size_bytes"] for b in acme["branches"]) > 0
    assert acme["last_write"].endswith("Z")


def test_people_get_a_table(run, shop) -> None:
    outcome = run("ls")
    lines = outcome.out.splitlines()
    assert lines[0].split() == ["TENANT", "SIZE", "LAST", "WRITE", "(UTC)", "BRANCHES"]
    assert lines[1].split()[0] == "acme"
    assert "2 tenants" in outcome.err


def test_a_home_that_does_not_exist_has_no_tenants_and_is_not_made(run, folder) -> None:
    outcome = run("ls", "--json")
    assert (outcome.code, outcome.document) == (0, [])
    assert "no tenants" in run("ls").err
    assert not folder.exists()


def test_a_tenant_never_written_to_has_no_last_write(run, shop) -> None:
    shop.home.create("new")
    assert run("ls", "--json").document[-1]["last_write"] is None
    assert "never" in run("ls").out


def test_a_damaged_file_is_told_and_the_others_are_listed(run, shop) -> None:
    shop.home.close()
    (shop.home.path / "acme.db").write_bytes(b"nonsense")
    outcome = run("ls", "--json")
    assert outcome.code == 1
    acme, globex = outcome.document
    assert acme["branches"][0]["error"] == "NotADatabase: acme.db is not a dotdo tenant"
    assert globex["branches"][0]["error"] is None


@pytest.mark.parametrize("args", [("--home", "{}", "ls"), ("ls", "--home", "{}")])
def test_the_home_may_be_named_before_or_after_the_verb(run, shop, tmp_path, args) -> None:
    elsewhere = [arg.format(tmp_path / "none") for arg in args]
    assert run(*elsewhere, "--json").document == []
