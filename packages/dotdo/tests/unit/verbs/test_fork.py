"""`dotdo fork` and `compact`: a copy with a history of its own, and a history forgotten."""


def test_a_fork_is_a_tenant_with_the_present_and_no_history(run, shop) -> None:
    assert run("fork", "acme", "copy", "--json").document["tenant"] == "copy"
    assert run("show", "copy", "Customer", "--json").document["total"] == 1
    assert run("show", "copy@~1").code == run("show", "copy@v2").code == 4


def test_a_fork_of_the_past_has_the_past(run, shop) -> None:
    assert run("fork", "acme@~1", "copy").code == 0
    assert run("show", "copy", "Customer", "--json").document["total"] == 2


def test_a_name_that_is_taken_is_refused(run, shop) -> None:
    outcome = run("fork", "acme", "globex")
    assert (outcome.code, outcome.err) == (4, "dotdo: globex exists\n")


def test_compact_forgets_history_and_keeps_the_present(run, shop) -> None:
    entries = shop.acme.version - 1
    assert run("compact", "acme", "--json").document["dropped"] == entries
    assert run("show", "acme", "Customer", "--json").document["total"] == 1
    assert run("show", "acme@v2").code == 4


def test_a_thing_is_shown_after_its_history_was_forgotten(run, shop) -> None:
    run("compact", "acme")
    answer = run("show", "acme", "Customer", shop.alice, "--json").document
    assert (answer["thing"]["id"], answer["history"]) == (shop.alice, [])


def test_the_past_cannot_be_compacted(run, shop) -> None:
    assert run("compact", "acme@~1").code == 4
    assert len(run("log", "acme", "--json").document) > 1
