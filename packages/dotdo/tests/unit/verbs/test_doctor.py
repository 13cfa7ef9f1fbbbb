"""`dotdo doctor`: problems make exit code 1, warnings do not."""

import apsw


def test_a_sound_home_is_healthy(run, shop) -> None:
    outcome = run("doctor", "--json")
    answer = outcome.document
    assert (outcome.code, answer["healthy"]) == (0, True)
    assert answer["sqlite"] == apsw.sqlite_lib_version()
    assert answer["packages"]["dotdo"]
    assert {f["subject"] for f in answer["findings"] if f["check"] == "integrity"} == {
        "acme",
        "globex",
    }
    assert "0 problems" in run("doctor").out


def test_a_problem_is_told_and_makes_the_exit_code(run, shop) -> None:
    (shop.home.path / "acme.db").chmod(0o644)
    outcome = run("doctor")
    assert outcome.code == 1
    assert "problem  permissions  acme.db  mode 0644" in outcome.out
    assert run("doctor", "globex").code == 0


def test_a_leftover_is_a_warning_only(run, shop) -> None:
    (shop.home.path / "acme@x.db.partial").touch()
    outcome = run("doctor", "--json")
    assert outcome.code == 0
    assert [f["subject"] for f in outcome.document["findings"] if f["level"] == "warning"] == ["acme@x.db.partial"]  # fmt: skip


def test_one_tenant_is_examined_with_its_branches_or_one_branch_alone(run, shop) -> None:
    shop.acme.branch("trial")

    def opened(ref: str) -> list[str]:
        findings = run("doctor", ref, "--json").document["findings"]
        return [f["subject"] for f in findings if f["check"] == "opens"]

    assert opened("acme") == ["acme", "acme@trial"]
    assert opened("acme@trial") == ["acme@trial"]
    assert opened("acme@main") == ["acme"]
    assert run("doctor", "nobody").code == 3


def test_a_home_that_does_not_exist_is_a_warning(run, folder) -> None:
    assert run("doctor").code == 0
    assert not folder.exists()
