"""The root's configuration names every package; it refuses a package that no check looks at."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(ROOT.glob("packages/dotdo*/pyproject.toml"))
TOOL: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def contract(name: str) -> dict[str, Any]:
    [found] = [c for c in TOOL["importlinter"]["contracts"] if c["name"].startswith(name)]
    return found


@pytest.fixture(params=PACKAGES, ids=lambda path: path.parent.name)
def package(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def import_name(package: Path) -> str:
    settings = tomllib.loads(package.read_text())
    [folder] = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return Path(folder).name


def test_each_package_is_a_workspace_member(package: Path) -> None:
    members = TOOL["hatch"]["envs"]["default"]["workspace"]["members"]
    assert f"packages/{package.parent.name}" in members


def test_each_package_is_on_the_type_checkers_path(package: Path) -> None:
    assert f"packages/{package.parent.name}/src" in TOOL["mypy"]["mypy_path"]


def test_each_package_is_under_the_import_contracts(import_name: str) -> None:
    assert import_name in TOOL["importlinter"]["root_packages"]
    assert any(import_name in layer for layer in contract("The command stands")["layers"])
    assert import_name in contract("Only the core's storage")["source_modules"]
    assert import_name in contract("Released packages")["source_modules"]
    assert import_name in contract("No cycles")["ancestors"]


def test_each_package_has_a_rooms_contract(import_name: str) -> None:
    is_sdk = import_name not in {"dotdo", "dotdo_cli"}  # the core has its own, the command none
    assert (import_name in contract("Rooms of an SDK package")["containers"]) == is_sdk
    assert (import_name in contract("Codecs, engines and mappings")["source_modules"]) == is_sdk


def test_each_package_is_typed_and_licensed(package: Path, import_name: str) -> None:
    assert (package.parent / "src" / import_name / "py.typed").exists()
    assert tomllib.loads(package.read_text())["project"]["license"] == "MIT"
