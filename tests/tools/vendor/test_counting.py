"""Counting a foreign suite."""

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import pytest
def test_passes(): pass
def test_fails(): assert False
def test_skips(): pytest.skip("here")
@pytest.mark.xfail
def test_expected(): assert False
@pytest.mark.slow
def test_slow(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_left_out(n): pass
def test_left_out_not(): pass
@pytest.fixture
def broken(): yield; raise OSError
def test_teardown_fails(broken): pass
"""


@pytest.fixture
def plan(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytester.makeini("[pytest]\nmarkers = slow")
    pytester.path.joinpath("test_suite.py").write_text(SUITE)
    pytester.path.joinpath("test_broken.py").write_text("import nothing_of_that_name\n")
    content = {
        "tests": ["test_suite.py::test_left_out", "test_gone.py"],
        "markers": ["slow"],
        "counts": "counts.json",
    }
    path = pytester.path / "plan.json"
    path.write_text(json.dumps(content))
    monkeypatch.setenv("DOTDO_VENDOR_PLAN", str(path))
    return path


@pytest.mark.usefixtures("plan")
def test_every_test_is_counted_once_by_its_worst_phase(pytester: pytest.Pytester) -> None:
    pytester.runpytest_inprocess("-p", "tools.vendor.counting", "--continue-on-collection-errors")
    assert json.loads((pytester.path / "counts.json").read_text()) == {
        "collected": 10,
        "passed": 2,
        "failed": 3,
        "skipped": 1,
        "xfailed": 1,
        "deselected": 3,
        "stale": ["test_gone.py"],
        "failures": [
            "test_broken.py",
            "test_suite.py::test_fails",
            "test_suite.py::test_teardown_fails",
        ],
    }
