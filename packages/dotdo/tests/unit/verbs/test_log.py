"""`dotdo log`: transactions or the versions of one thing, the newest first."""


def test_transactions_come_newest_first(run, shop) -> None:
    found = run("log", "acme", "--json").document
    assert found[0]["version"] == shop.acme.version
    assert [t["version"] for t in found] == sorted((t["version"] for t in found), reverse=True)
    [signup] = [t for t in found if t["action"] == "signup"]
    assert (signup["actor"], signup["api"], signup["entries"]) == ("Human/42", "dotdo", 5)
    assert len(run("log", "acme", "-n", "2", "--json").document) == 2


def test_changes_are_counted_by_event_when_asked_for(run, shop) -> None:
    found = run("log", "acme", "--changes", "--json").document
    [signup] = [t for t in found if t["action"] == "signup"]
    assert signup["changes"] == {"Customer.created": 1, "Order.created": 1, "Customer.placed": 1}
    assert found[0]["changes"] == {"Customer.deleted": 1}
    assert run("log", "acme", "--json").document[0]["changes"] is None
    assert "Customer.deleted 1" in run("log", "acme", "-c").out


def test_the_log_of_the_past_ends_there(run, shop) -> None:
    newest = run("log", "acme", "-n", "2", "--json").document[1]["version"]
    found = run("log", "acme@~1", "-n", "1", "-c", "--json").document
    assert [(t["version"], t["changes"]) for t in found] == [(newest, {"Customer.updated": 1})]


def test_versions_of_one_thing_come_newest_first(run, shop) -> None:
    found = run("log", "acme", "Customer", shop.alice, "--json").document
    assert [(v["verb"], v["state"]["name"]) for v in found] == [
        ("updated", "Alicia"),
        ("created", "Alice"),
    ]
    assert run("log", "acme", "Customer", shop.alice).out.splitlines()[1].split()[3] == "updated"


def test_a_noun_without_an_id_is_refused(run, shop) -> None:
    outcome = run("log", "acme", "Customer")
    assert (outcome.code, outcome.out) == (2, "")
