"""`dotdo user`: passwords from standard input only, never shown, kept as verifiers in a private file."""

from dotdo.serving import Credentials


def test_users_are_added_listed_and_removed(run, shop) -> None:
    assert run("user", "add", "alice", "--tenant", "acme", stdin="s3cret\n").code == 0
    assert run("user", "add", "root", "--json", stdin="other\n").document["tenants"] == "*"
    assert run("user", "ls", "--json").document == [
        {"user": "alice", "tenants": ["acme"]},
        {"user": "root", "tenants": "*"},
    ]
    users = Credentials.load(shop.home.path / "credentials.json")
    users.check_password("alice", "s3cret")
    assert run("user", "rm", "alice").code == 0
    assert [u["user"] for u in run("user", "ls", "--json").document] == ["root"]


def test_the_password_is_nowhere_to_be_seen(run, folder) -> None:
    outcome = run("user", "add", "alice", stdin="s3cret\n")
    assert "s3cret" not in outcome.out + outcome.err
    assert "s3cret" not in (folder / "credentials.json").read_text()
    assert (folder / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_user_who_exists_is_replaced_only_when_told(run, folder) -> None:
    run("user", "add", "alice", stdin="one\n")
    assert run("user", "add", "alice", stdin="two\n").code == 4
    assert run("user", "add", "alice", "--replace", stdin="two\n").code == 0
    Credentials.load(folder / "credentials.json").check_password("alice", "two")


def test_the_file_may_be_named(run, folder, tmp_path) -> None:
    file = str(tmp_path / "users.json")
    assert run("user", "add", "alice", "--credentials", file, stdin="one\n").code == 0
    assert len(run("user", "ls", "--credentials", file, "--json").document) == 1
    assert not folder.exists()


def test_what_is_wrong_is_named(run, folder) -> None:
    assert run("user", "add", "alice").code == 2
    assert run("user", "add", "alice", "--tenant", "../x", stdin="x\n").code == 2
    assert run("user", "rm", "nobody").code == 3
    assert "no users" in run("user", "ls").err
    assert not folder.exists()


def test_a_file_that_others_can_read_is_refused(run, folder) -> None:
    run("user", "add", "alice", stdin="one\n")
    (folder / "credentials.json").chmod(0o644)
    outcome = run("user", "ls", "--json")
    assert (outcome.code, outcome.document["error"]["kind"]) == (4, "CredentialsError")
