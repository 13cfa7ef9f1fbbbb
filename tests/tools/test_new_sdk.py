"""A package started from the template."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.new_sdk import create


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return create("acme", tmp_path)


def test_it_bears_its_name_everywhere(package: Path) -> None:
    assert package.name == "dotdo-acme"
    for path in package.rglob("*"):
        assert "template" not in path.name
        assert path.is_dir() or "template" not in path.read_text().lower()


def test_its_own_tests_pass(package: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(package / "src")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    ran = subprocess.run(
        command, cwd=package, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout


@pytest.mark.parametrize("name", ["", "Acme", "a-b", "../x", "1a"])
def test_a_bad_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not one lower-case word"):
        create(name, tmp_path)


def test_a_taken_name_is_refused(package: Path) -> None:
    with pytest.raises(ValueError, match="dotdo-acme is there already"):
        create("acme", package.parent)
