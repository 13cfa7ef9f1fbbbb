"""Branches, diffs and merges."""

import pytest
from msgspec.structs import replace

from dotdo.errors import (
    AlreadyExists,
    HistoryUnavailable,
    InvalidName,
    InvalidReference,
    InvalidValue,
    MergeConflict,
    ThingNotFound,
    UniqueViolation,
    UnknownTenant,
)  # fmt: skip
from dotdo.storage import Column, ForeignKey, alter_noun


@pytest.fixture(params=["document", "columns"])
def both(request, shop):
    shop.nouns.define(
        "Item", None if request.param == "document" else {"id": "text", "x": "text", "y": "text"}
    )
    shop.things.create("Item", "a", x="1", y="1")
    return shop, shop.branch("exp")


def fields(tenant, key="a"):
    return {k: v for k, v in tenant.things.get("Item", key).items() if k != "id"}


def alter(tenant, name, **changes):
    with tenant.transaction() as session:
        noun = session.catalog.find(name)
        return alter_noun(session, replace(noun, **{k: v(noun) for k, v in changes.items()}))


def test_a_branch_begins_as_its_origin_and_goes_its_own_way(both):
    main, exp = both
    exp.things.update(("Item", "a"), x="2")
    main.things.create("Item", "b")
    assert (fields(main)["x"], fields(exp)["x"]) == ("1", "2")
    with pytest.raises(ThingNotFound):
        exp.things.get("Item", "b")
    assert main.branches() == ["main", "exp"]


@pytest.mark.parametrize("name", ["main", "v1", "~1", "2026-01-01", "a/b", "..", ""])
def test_a_name_that_would_mean_something_else_is_refused(shop, name):
    with pytest.raises((InvalidReference, InvalidName)):
        shop.branch(name)


def test_a_branch_is_made_and_deleted_once(both):
    main, _ = both
    with pytest.raises(AlreadyExists):
        main.branch("exp")
    main.delete_branch("exp")
    with pytest.raises(UnknownTenant):
        main.delete_branch("exp")
    with pytest.raises(UnknownTenant):
        main.merge("exp")
    with pytest.raises(InvalidReference):
        main.delete_branch("main")


def test_a_branch_made_anew_under_an_old_name_is_another(both):
    main, exp = both
    for n in range(50):
        exp.things.create("Item", f"e{n}")
    main.merge("exp")
    main.delete_branch("exp")
    again = main.branch("exp")
    again.things.update(("Item", "a"), x="again")
    assert main.merge("exp").updated == 1
    assert fields(main)["x"] == "again"


def test_a_diff_tells_what_a_merge_brings(both):
    main, exp = both
    exp.things.update(("Item", "a"), x="2")
    exp.things.create("Item", "b", x="n")
    exp.things.create("Item", "passing")
    exp.things.delete(("Item", "passing"))
    main.things.create("Item", "mine")
    found = {d.id: (d.verb, d.fields, d.before and d.before.x, d.after.x) for d in main.diff("exp")}
    assert found["a"] == ("updated", ["x"], "1", "2")
    assert found["b"][0] == "created"
    assert found.keys() == {"a", "b"}
    assert [d.id for d in exp.diff("main")] == ["mine"]


def test_fields_changed_on_either_side_are_joined(both):
    main, exp = both
    main.things.update(("Item", "a"), x="main", m="1")
    exp.things.update(("Item", "a"), y="exp", e="1")
    exp.things.create("Item", "b")
    outcome = main.merge("exp", actor="Human/1")
    assert (outcome.created, outcome.updated, outcome.deleted, outcome.conflicts) == (1, 1, 0, ())
    assert fields(main) == {"x": "main", "y": "exp", "m": "1", "e": "1"}
    assert (main.log(1)[0].actor, main.log(1)[0].action) == ("Human/1", "merge exp")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [({"x": "o"}, {"x": "t"}), ({"x": "o"}, None), (None, {"x": "t"})],
)
def test_a_conflict_is_listed_and_decided_by_the_policy(both, ours, theirs):
    main, exp = both
    for tenant, change in ((main, ours), (exp, theirs)):
        if change is None:
            tenant.things.delete(("Item", "a"))
        else:
            tenant.things.update(("Item", "a"), **change)
    before = main.version
    with pytest.raises(MergeConflict) as caught:
        main.merge("exp")
    (conflict,) = caught.value.conflicts
    field = "x" if ours and theirs else None
    assert (conflict.noun, conflict.id, conflict.field) == ("Item", "a", field)
    assert main.version == before
    seen = []
    assert main.merge("exp", on_conflict=lambda c: seen.append(c) or c.ours).conflicts == (
        conflict,
    )
    assert seen == [conflict]
    assert main.things.count("Item") == (0 if ours is None else 1)
    assert main.merge("exp").conflicts == ()


@pytest.mark.parametrize(
    ("policy", "expected"), [("ours", "o"), ("theirs", "t"), (lambda c: c.ours + c.theirs, "ot")]
)
def test_a_policy_decides_a_field(both, policy, expected):
    main, exp = both
    main.things.update(("Item", "a"), x="o")
    exp.things.update(("Item", "a"), x="t", y="only")
    assert len(main.merge("exp", on_conflict=policy).conflicts) == 1
    assert fields(main) == {"x": expected, "y": "only"}


def test_a_policy_that_is_none_is_refused(both):
    main, _ = both
    with pytest.raises(InvalidValue, match="'mine'"):
        main.merge("exp", on_conflict="mine")


@pytest.mark.parametrize("policy", ["ours", "theirs"])
def test_theirs_brings_a_deletion_or_a_restored_thing(both, policy):
    main, exp = both
    main.things.update(("Item", "a"), x="o")
    exp.things.delete(("Item", "a"))
    main.merge("exp", on_conflict=policy)
    assert main.things.count("Item") == (1 if policy == "ours" else 0)


def test_things_made_on_both_sides_under_one_id_are_one(both):
    main, exp = both
    main.things.create("Item", "n", x="same", y="o")
    mine = exp.things.create("Item", "n", x="same", y="t")
    exp.relationships.create(mine, "likes", exp.things.get("Item", "a"))
    with pytest.raises(MergeConflict) as caught:
        main.merge("exp")
    assert [(c.id, c.field) for c in caught.value.conflicts] == [("n", "y")]
    main.merge("exp", on_conflict="theirs")
    assert fields(main, "n") == {"x": "same", "y": "t"}
    assert [t.id for t in main.things.related(("Item", "n"), "likes")] == ["a"]
    exp.things.update(("Item", "n"), y="later")
    main.merge("exp")
    assert fields(main, "n")["y"] == "later"


def test_merging_to_and_fro_gives_no_false_conflicts(both):
    main, exp = both
    for n in range(6):
        exp.things.update(("Item", "a"), x=f"e{n}")
        assert main.merge("exp").conflicts == ()
        main.things.update(("Item", "a"), y=f"m{n}")
        assert main.merge("exp").conflicts == ()
        assert exp.merge("main").conflicts == ()
        assert exp.merge("main").updated == 0
        assert fields(main) == fields(exp) == {"x": f"e{n}", "y": f"m{n}"}
        main.things.create("Item", "new")
        exp.merge("main")
        exp.things.delete(("Item", "new"))
        main.merge("exp")
        assert main.things.count("Item") == 1


def test_branches_of_branches_and_of_the_past_merge(both):
    main, exp = both
    deep = exp.branch("deep")
    deep.things.update(("Item", "a"), x="deep")
    exp.things.update(("Item", "a"), y="exp")
    main.merge("deep")
    assert fields(main) == {"x": "deep", "y": "1"}
    main.merge("exp")
    assert fields(main) == {"x": "deep", "y": "exp"}
    main.things.create("Item", "late")
    old = main.at("~1").branch("old")
    assert old.things.count("Item") == 1
    old.things.update(("Item", "a"), z="old")
    assert main.merge("old").updated == 1
    assert fields(main)["z"] == "old"
    with pytest.raises(InvalidReference):
        main.merge("main")


def test_relationships_and_verbs_of_both_sides_come_together(both):
    main, exp = both
    for tenant, verb in ((main, "likes"), (exp, "owns"), (exp, "likes")):
        a, b = (
            tenant.things.get("Item", "a"),
            tenant.things.create("Item", f"{tenant.reference.branch}-{verb}"),
        )
        tenant.relationships.create(a, verb, b)
    main.merge("exp")
    assert sorted(t.id for t in main.things.related(("Item", "a"), "likes")) == [
        "exp-likes",
        "main-likes",
    ]
    assert [t.id for t in main.things.related(("Item", "a"), "owns")] == ["exp-owns"]
    assert sorted(v.action for v in main.verbs.all()) == ["like", "own"]
    exp.merge("main")
    assert len(exp.things.related(("Item", "a"), "likes")) == 2


@pytest.mark.parametrize("policy", ["fail", "ours", "theirs"])
@pytest.mark.parametrize("deleter", ["ours", "theirs"])
def test_a_relationship_of_a_thing_that_went_is_a_conflict(both, policy, deleter):
    main, exp = both
    keeper, other = (exp, main) if deleter == "ours" else (main, exp)
    thing = keeper.things.create("Item", "k")
    keeper.relationships.create(thing, "likes", keeper.things.get("Item", "a"))
    other.things.delete(("Item", "a"))
    if policy == "fail":
        with pytest.raises(MergeConflict):
            main.merge("exp")
        return
    assert len(main.merge("exp", on_conflict=policy).conflicts) == 1
    survives = policy != deleter
    assert len(main.relationships.find(main.things.get("Item", "k"))) == survives
    assert main.things.count("Item", {"id": "a"}) == survives


@pytest.fixture
def family(shop):
    shop.nouns.define("Parent", {"id": "text", "name": "text"}, unique=["name"])
    shop.nouns.define("Child", {"id": "text", "parent": "text"})
    return shop


def refer(tenant, on_delete="no action"):
    key = ForeignKey("fk", ("parent",), "Parent", ("id",), verb="parent", on_delete=on_delete)
    alter(tenant, "Child", foreign_keys=lambda _: (key,))


def test_rows_come_in_an_order_that_foreign_keys_allow(family):
    refer(family)
    exp = family.branch("exp")
    exp.things.create("Parent", "p")
    exp.things.create("Child", "c", parent="p")
    family.merge("exp")
    assert family.things.get("Child", "c").parent == "p"
    exp.things.delete(("Child", "c"))
    exp.things.delete(("Parent", "p"))
    assert family.merge("exp").deleted == 2


def test_a_row_that_would_lose_its_parent_undoes_the_merge(family):
    refer(family, "cascade")
    family.things.create("Parent", "p")
    exp = family.branch("exp")
    exp.things.delete(("Parent", "p"))
    family.things.create("Child", "c", parent="p")
    with pytest.raises(MergeConflict, match="follow"):
        family.merge("exp")
    assert family.things.get("Child", "c").parent == "p"


def test_unique_values_that_move_on_merge_and_those_that_clash_leave_nothing(family):
    family.things.create("Parent", "a", name="1")
    family.things.create("Parent", "b", name="2")
    exp = family.branch("exp")
    exp.things.update(("Parent", "b"), name="3")
    exp.things.update(("Parent", "a"), name="2")
    assert family.merge("exp").updated == 2
    exp.things.create("Parent", "c", name="9")
    exp.things.update(("Parent", "a"), name="8")
    family.things.create("Parent", "d", name="9")
    before = [dict(t) for t in family.things.find("Parent")]
    with pytest.raises(UniqueViolation):
        family.merge("exp")
    assert [dict(t) for t in family.things.find("Parent")] == before


def test_definitions_come_along(both):
    main, exp = both
    exp.things.create("Fresh", "f", n=1)
    exp.nouns.add_index("Item", "x")
    main.nouns.add_index("Item", "y")
    main.merge("exp")
    assert main.things.get("Fresh", "f").n == 1
    assert {i.name for i in main.nouns.get("Item").indexes} == {"x", "y"}
    assert main.things.create("Fresh", "g").row != main.things.get("Fresh", "f").row
    exp.things.create("Fresh", "h")
    main.merge("exp")
    assert main.things.count("Fresh") == 3
    exp.nouns.drop("Fresh")
    exp.merge("main", on_conflict="theirs")


def test_columns_of_both_sides_are_joined(shop):
    shop.nouns.define("Item", {"id": "text", "x": "text"})
    shop.things.create("Item", "a", x="1")
    exp = shop.branch("exp")
    for tenant, name in ((shop, "m"), (exp, "e")):
        alter(
            tenant,
            "Item",
            columns=lambda noun, name=name: (
                *noun.columns,
                Column(name, "text", name, default="'d'"),
            ),
        )
        tenant.things.update(("Item", "a"), **{name: name})
    shop.merge("exp")
    assert dict(shop.things.get("Item", "a")) == {"id": "a", "x": "1", "m": "m", "e": "e"}
    alter(
        exp,
        "Item",
        columns=lambda noun: tuple(
            replace(c, type="bigint") if c.name == "x" else c for c in noun.columns
        ),
    )
    alter(
        shop,
        "Item",
        columns=lambda noun: tuple(
            replace(c, type="double") if c.name == "x" else c for c in noun.columns
        ),
    )
    with pytest.raises(MergeConflict) as caught:
        shop.merge("exp")
    assert caught.value.conflicts[0].field == "x"


def test_a_noun_dropped_here_and_written_there_is_a_conflict(both):
    main, exp = both
    exp.nouns.drop("Item")
    main.things.update(("Item", "a"), x="o")
    with pytest.raises(MergeConflict):
        main.merge("exp")
    assert fields(main)["x"] == "o"
    main.merge("exp", on_conflict="ours")
    assert fields(main)["x"] == "o"


def test_a_noun_dropped_and_left_alone_goes(both):
    main, exp = both
    exp.nouns.drop("Item")
    main.merge("exp")
    assert "Item" not in main.nouns


def test_what_was_forgotten_cannot_be_merged(both):
    main, exp = both
    exp.things.update(("Item", "a"), x="2")
    exp.compact()
    with pytest.raises(HistoryUnavailable):
        main.merge("exp")


def test_a_fork_has_a_history_of_its_own(both):
    main, _ = both
    fork = main.fork("other")
    assert fields(fork) == fields(main)
    assert len(fork.log()) == 1
    fork.things.update(("Item", "a"), x="f")
    assert fields(main)["x"] == "1"
    assert fork.branches() == ["main"]
    with pytest.raises(AlreadyExists):
        main.fork("other")
    assert fields(main.at("~0").fork("third")) == fields(main)


def test_compacting_keeps_the_state_and_the_count(both):
    main, _ = both
    version = main.version
    assert main.compact() > 0
    assert main.version == version
    assert fields(main) == {"x": "1", "y": "1"}
    main.things.update(("Item", "a"), x="2")
    assert main.version == version + 2
    assert fields(main.at("~1"))["x"] == "1"
