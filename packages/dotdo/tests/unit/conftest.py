"""A home with two tenants, and the command run inside this process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dotdo import Home, Tenant
from dotdo import open as open_tenant
from dotdo_cli.main import app


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


@dataclass(frozen=True)
class Shop:
    """What the tests' tenant `acme` holds."""

    home: Home
    acme: Tenant
    alice: str
    bob: str
    order: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home's folder, which does not exist yet; the command finds it by DOTDO_HOME."""
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DOTDO_DEBUG", raising=False)
    return tmp_path / "home"


@pytest.fixture
def run(folder: Path) -> Run:
    def invoke(*args: str, stdin: str = "") -> Outcome:
        result = CliRunner().invoke(app, list(args), input=stdin)
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def shop(folder: Path) -> Shop:
    home = Home(folder)
    acme = open_tenant("acme", home=home)
    alice = acme.things.create("Customer", name="Alice", age=30)
    with acme.transaction(actor="Human/42", action="signup"):
        bob = acme.things.create("Customer", name="Bob", age=17)
        order = acme.things.create("Order", total=150)
        acme.relationships.create(alice, "placed", order, channel="web")
    acme.nouns.define("Album", {"id": "integer", "title": "text", "price": "numeric(10,2)"})
    acme.things.create("Album", 1, title="Blue", price=Decimal("9.99"))
    acme.things.update(alice, name="Alicia")
    acme.things.delete(bob)
    open_tenant("globex", home=home).things.create_many("Item", [{"n": i} for i in range(30)])
    return Shop(home, acme, alice.id, bob.id, order.id)
