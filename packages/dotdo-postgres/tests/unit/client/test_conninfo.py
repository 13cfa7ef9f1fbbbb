"""Connection strings in both forms: which tenant, which user, which settings."""

import pytest
from psycopg import OperationalError

from dotdo_postgres.client import conninfo


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGDATABASE", "PGUSER", "PGOPTIONS", "PGHOST", "DOTDO_NS", "PGAPPNAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("dbname=chinook", "chinook"),
        ("dbname=chinook@~1 host=db.prod port=6543 password=x", "chinook@~1"),
        ("postgresql://app:secret@db.prod:5432/chinook", "chinook"),
        ("postgresql://app:secret@db.prod/chinook@experiment", "chinook@experiment"),
        ("postgres:///chinook@v12", "chinook@v12"),
        (
            "postgresql:///chinook@2026-01-08T12:00:00Z?sslmode=require",
            "chinook@2026-01-08T12:00:00Z",
        ),
        ("user=acme", "acme"),
        ("", "default"),
    ],
)
def test_the_database_names_the_tenant(text: str, reference: str) -> None:
    assert conninfo.read(text.encode()).reference == reference


def test_the_environment_fills_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATABASE", "acme")
    monkeypatch.setenv("PGHOST", "nowhere")
    read = conninfo.read(b"")
    assert read.reference == "acme"
    assert read.value("host") == b"nowhere"


def test_the_namespace_of_the_environment_is_the_last_resort(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOTDO_NS", "team")
    assert conninfo.read(b"").reference == "team"


def test_user_and_application_are_kept() -> None:
    read = conninfo.read(b"user=ann application_name=shop")
    assert (read.user, read.application_name) == ("ann", "shop")
    assert conninfo.read(b"dbname=x").user == "postgres"


def test_options_set_parameters() -> None:
    read = conninfo.read(b"options='-c search_path=a,b -c statement_timeout=5s --time-zone=UTC'")
    assert read.settings == (
        ("search_path", "a,b"),
        ("statement_timeout", "5s"),
        ("time_zone", "UTC"),
    )


def test_an_option_of_another_kind_is_refused() -> None:
    with pytest.raises(OperationalError, match="not supported: -E"):
        conninfo.read(b"options='-E'")


@pytest.mark.parametrize("name", ["utf8", "UTF-8", "unicode"])
def test_utf8_is_accepted_by_its_names(name: str) -> None:
    conninfo.read(f"client_encoding={name}".encode())


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        (b"client_encoding=latin1", (("client_encoding", "latin1"),)),
        (b"client_encoding=auto", ()),
        (b"options='-c datestyle=SQL'", (("datestyle", "SQL"),)),
    ],
)
def test_settings_are_those_of_the_string(
    given: bytes, settings: tuple[tuple[str, str], ...]
) -> None:
    assert conninfo.read(given).settings == settings


@pytest.mark.parametrize(
    ("wanted", "is_read_only", "refusal"),
    [
        ("", False, ""),
        ("any", True, ""),
        ("primary", True, ""),
        ("prefer-standby", False, ""),
        ("read-write", False, ""),
        ("read-write", True, "session is read-only"),
        ("read-only", True, ""),
        ("read-only", False, "session is not read-only"),
    ],
)
def test_kind_of_session_that_is_asked_for(wanted: str, is_read_only: bool, refusal: str) -> None:
    assert conninfo.mode_refusal(wanted, is_read_only=is_read_only) == refusal


def test_standby_and_unknown_kinds_of_session_are_refused() -> None:
    assert "standby" in conninfo.mode_refusal("standby", is_read_only=False)
    with pytest.raises(OperationalError, match="nosuchmode"):
        conninfo.mode_refusal("nosuchmode", is_read_only=False)


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(OperationalError):
        conninfo.read(b"dbname")
