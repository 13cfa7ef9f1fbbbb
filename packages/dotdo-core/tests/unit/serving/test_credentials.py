import stat
from pathlib import Path

import pytest

from dotdo.serving import Credentials, Mechanism
from dotdo.serving.errors import AuthenticationFailed, CredentialsError


def test_only_the_password_set_last_is_right():
    credentials = Credentials(iterations=4096)
    credentials.set_password("ada", "first")
    credentials.set_password("ada", "second")
    credentials.check_password("ada", "second")
    for user, password in [("ada", "first"), ("ada", ""), ("bob", "second"), ("", "")]:
        with pytest.raises(AuthenticationFailed):
            credentials.check_password(user, password)


def test_a_removed_user_is_unknown():
    credentials = Credentials(iterations=4096)
    credentials.set_password("ada", "s3cret")
    credentials.remove("ada")
    assert credentials.users == ()
    assert not credentials.allows("ada", "acme")
    with pytest.raises(AuthenticationFailed):
        credentials.check_password("ada", "s3cret")


def test_empty_names_and_passwords_are_refused():
    credentials = Credentials(iterations=4096)
    for user, password in [("", "x"), ("x", "")]:
        with pytest.raises(ValueError, match="empty"):
            credentials.set_password(user, password)


def test_grants_are_by_tenant_and_hold_for_its_references():
    credentials = Credentials(iterations=4096)
    credentials.set_password("ada", "x", tenants="*")
    credentials.set_password("bob", "x", tenants=["acme"])
    credentials.set_password("eve", "x", tenants=[])
    assert credentials.allows("ada", "anything")
    assert credentials.allows("bob", "acme@experiment")
    assert not credentials.allows("bob", "acme2")
    assert not credentials.allows("eve", "acme")
    assert not credentials.allows(None, "acme")
    assert not credentials.allows("nobody", "acme")


def test_nobody_has_a_verifier_like_anybody_else_and_the_same_each_time():
    credentials = Credentials(iterations=4096)
    credentials.set_password("ada", "s3cret")
    known, unknown = credentials.verifier("ada"), credentials.verifier("nobody")
    assert credentials.verifier("nobody") == unknown
    assert credentials.verifier("nobody2").salt != unknown.salt
    assert (len(unknown.salt), unknown.iterations) == (len(known.salt), known.iterations)
    assert len(unknown.stored_key) == len(known.stored_key)
    assert credentials.verifier("ada", Mechanism.SHA_1).salt != known.salt


def test_a_file_keeps_everything_but_passwords(tmp_path: Path):
    path = tmp_path / "users.json"
    credentials = Credentials(iterations=4096)
    credentials.set_password("ada", "s3cret-of-ada", mechanisms=[Mechanism.SHA_1])
    credentials.set_password("bob", "hunter2", tenants=["acme"])
    credentials.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "s3cret" not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["users.json"]
    read = Credentials.load(path)
    assert read.users == ("ada", "bob")
    read.check_password("ada", "s3cret-of-ada")
    for user in ("ada", "bob", "nobody"):
        for mechanism in Mechanism:
            assert read.verifier(user, mechanism) == credentials.verifier(user, mechanism)
    assert not read.allows("bob", "globex")


def test_a_verifier_does_not_show_its_keys():
    credentials = Credentials(iterations=4096)
    credentials.set_password("ada", "s3cret")
    verifier = credentials.verifier("ada")
    assert "key" not in repr(verifier)
    assert repr(verifier.stored_key) not in repr(verifier)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"format":2}', b'{"format":1,"secret":"AA==","iterations":1,"users":{}}'],
)
def test_a_damaged_file_is_told(tmp_path: Path, content):
    path = tmp_path / "users.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(CredentialsError, match="cannot be read"):
        Credentials.load(path)


def test_a_missing_file_and_one_that_cannot_be_written_are_told(tmp_path: Path):
    with pytest.raises(CredentialsError):
        Credentials.load(tmp_path / "none")
    with pytest.raises(CredentialsError):
        Credentials(iterations=4096).save(tmp_path / "none" / "users.json")


def test_a_file_that_others_can_read_is_refused(tmp_path: Path):
    path = tmp_path / "users.json"
    Credentials(iterations=4096).save(path)
    path.chmod(0o644)
    with pytest.raises(CredentialsError, match="others"):
        Credentials.load(path)
