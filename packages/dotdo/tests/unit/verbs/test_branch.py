"""`dotdo branch`, `diff` and `merge`: what changed on a branch comes back, or is said to conflict."""

import pytest

from dotdo import open as open_tenant


@pytest.fixture
def trial(shop):
    return shop.acme.branch("trial")


def test_branches_are_made_listed_and_deleted(run, shop) -> None:
    made = run("branch", "acme", "trial", "--json").document
    assert (made["tenant"], made["branch"], made["parent"]) == ("acme", "trial", "main")
    assert [b["branch"] for b in run("branch", "acme", "--json").document] == ["main", "trial"]
    assert "main@v" in run("branch", "acme").out
    assert run("branch", "acme", "trial", "--delete", "--json").document["deleted"] is True
    assert [b["branch"] for b in run("branch", "acme", "--json").document] == ["main"]


def test_a_branch_of_the_past_has_the_past(run, shop) -> None:
    assert run("branch", "acme@~1", "before").code == 0
    assert open_tenant("acme@before", home=shop.home).things.count("Customer") == 2


def test_a_branch_with_unmerged_changes_is_deleted_only_by_force(run, shop, trial) -> None:
    trial.things.create("Order", total=1)
    outcome = run("branch", "acme", "trial", "--delete")
    assert (outcome.code, "1 change that main has not" in outcome.err) == (4, True)
    assert run("branch", "acme", "trial", "--delete", "--force").code == 0
    assert not (shop.home.path / "acme@trial.db").exists()


@pytest.mark.parametrize(
    ("args", "code", "part"),
    [
        (("acme", "trial"), 4, "acme@trial exists"),
        (("acme", "main"), 4, "acme exists"),
        (("acme", "v1"), 2, "'v1'"),
        (("acme", "../x"), 2, "'../x'"),
        (("acme", "--delete"), 2, "--delete"),
        (("acme", "x", "--force"), 2, "--force"),
        (("acme", "x", "--delete"), 3, "acme@x"),
        (("acme", "~1", "--delete"), 2, "moment"),
        (("acme", "main", "--delete", "--force"), 2, "main branch"),
    ],
)
def test_what_cannot_be_done_is_named(run, trial, args, code, part) -> None:
    outcome = run("branch", *args)
    assert (outcome.code, outcome.out) == (code, "")
    assert part in outcome.err


def test_diff_shows_what_a_merge_would_bring(run, shop, trial) -> None:
    trial.things.update(("Album", 1), title="Green")
    trial.things.create("Order", "o2", total=3)
    trial.things.delete(("Customer", shop.alice))
    found = {d["noun"]: d for d in run("diff", "acme", "trial", "--json").document}
    assert {noun: d["verb"] for noun, d in found.items()} == {"Album": "updated", "Order": "created", "Customer": "deleted"}  # fmt: skip
    assert (found["Album"]["before"]["title"], found["Album"]["after"]["title"]) == (
        "Blue",
        "Green",
    )
    assert (found["Album"]["fields"], found["Order"]["before"]) == (["title"], None)
    outcome = run("diff", "acme", "trial")
    assert "~ Album 1\n    title: Blue -> Green\n" in outcome.out
    assert "+ Order o2\n    total: 3\n" in outcome.out
    assert "3 changes on trial" in outcome.err


def test_a_diff_of_nothing_is_empty(run, trial) -> None:
    assert run("diff", "acme", "trial", "--json").document == []
    assert "nothing has changed" in run("diff", "acme", "trial").err


def test_a_merge_brings_changes_and_names_who(run, shop, trial) -> None:
    trial.things.update(("Album", 1), title="Green")
    answer = run("merge", "acme", "trial", "--actor", "Human/1", "--json").document
    assert answer == {"merged": True, "created": 0, "updated": 1, "deleted": 0, "conflicts": []}
    assert shop.acme.things.get("Album", 1).title == "Green"
    assert shop.acme.log(1)[0].actor == "Human/1"


@pytest.mark.parametrize(("policy", "title"), [("ours", "Red"), ("theirs", "Green")])
def test_conflicts_are_listed_and_change_nothing_unless_decided(
    run, shop, trial, policy, title
) -> None:
    trial.things.update(("Album", 1), title="Green")
    shop.acme.things.update(("Album", 1), title="Red")
    version = shop.acme.version
    outcome = run("merge", "acme", "trial", "--json")
    assert outcome.code == 1
    assert outcome.document["merged"] is False
    conflict = {"noun": "Album", "id": 1, "field": "title", "base": "Blue", "ours": "Red", "theirs": "Green"}  # fmt: skip
    assert outcome.document["conflicts"] == [conflict]
    told = run("merge", "acme", "trial")
    assert (told.code, "1 conflict" in told.err, "Green" in told.out) == (1, True, True)
    assert shop.acme.version == version
    decided = run("merge", "acme", "trial", "--on-conflict", policy, "--json")
    assert (decided.code, decided.document["conflicts"]) == (0, [conflict])
    assert shop.acme.things.get("Album", 1).title == title


def test_a_thing_deleted_on_one_side_conflicts_as_a_whole(run, shop, trial) -> None:
    trial.things.delete(("Album", 1))
    shop.acme.things.update(("Album", 1), title="Red")
    [conflict] = run("merge", "acme", "trial", "--json").document["conflicts"]
    assert (conflict["field"], conflict["theirs"], conflict["ours"]["title"]) == (None, None, "Red")


def test_the_past_cannot_be_merged_into(run, trial) -> None:
    outcome = run("merge", "acme@~1", "trial", "--json")
    assert (outcome.code, outcome.document["error"]["kind"]) == (4, "ReadOnly")


def test_a_policy_that_does_not_exist_is_a_usage_error(run, trial) -> None:
    assert run("merge", "acme", "trial", "--on-conflict", "both").code == 2
