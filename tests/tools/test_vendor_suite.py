"""What the vendor command answers where a suite cannot be run."""

import pytest
import typer
from typer.testing import CliRunner

from tools.vendor.suites import SUITES
from tools.vendor_suite import main

app = typer.Typer()
app.command()(main)


def told(*arguments: str) -> str:
    ran = CliRunner().invoke(app, list(arguments))
    assert ran.exit_code == 2, ran.output
    return ran.output


def test_an_unknown_suite_is_refused() -> None:
    assert "no such suite; there are psycopg, asyncpg" in told("nope")


def test_a_target_the_suite_does_not_have_is_refused() -> None:
    assert "pg-isolation: cannot be run: has no target inproc: wire, real" in told("pg-isolation")


def test_a_service_that_cannot_be_started_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOTDO_REAL_NEO4J", raising=False)
    assert "tck: cannot be run: DOTDO_REAL_NEO4J is not set" in told("tck", "--target", "real")


def test_an_absent_corpus_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("DOTDO_CORPORA", str(tmp_path))
    monkeypatch.setenv("DOTDO_REAL_POSTGRES", "postgresql://nobody@127.0.0.1:1/none")
    assert "vendor/psycopg-3.3.4 is not in the corpora" in told("psycopg", "--target", "real")


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_names_a_package_of_ours(name: str) -> None:
    assert SUITES[name].package.startswith("dotdo-")
