"""The floor of a vendor's suite."""

from pathlib import Path

import pytest

from dotdo_testing.case import Target
from dotdo_testing.corpora import ROOT
from tools.vendor.floor import Counts, Floor, FloorError
from tools.vendor.suites import SUITES

FILES = sorted((ROOT / "conformance-tests" / "vendor").glob("*.toml"))


def counts(passed: int = 10, failed: int = 0, stale: tuple[str, ...] = ()) -> Counts:
    return Counts(collected=12, passed=passed, failed=failed, deselected=2, stale=list(stale))


def test_the_last_line_counts_the_suite() -> None:
    assert counts(failed=1).line("psycopg") == "psycopg: 10 passed, 1 failed, 2 deselected of 12"


def test_at_the_floor_nothing_is_short() -> None:
    assert Floor(passed=10).shortfalls(counts()) == []


@pytest.mark.parametrize(
    ("got", "told"),
    [
        (counts(passed=9), "9 passed, the floor is 10"),
        (counts(failed=1), "1 failed, the floor allows 0"),
        (counts(stale=("tests/gone.py",)), "the floor deselects tests/gone.py, which is not there"),
    ],
)
def test_below_the_floor_is_told(got: Counts, told: str) -> None:
    assert Floor(passed=10).shortfalls(got) == [told]


def test_entries_of_the_file_and_of_the_target_both_hold(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(
        'deselected = [{marker = "slow", reason = "long"}]\n'
        '[wire]\npassed = 3\ndeselected = [{test = "tests/a.py::t", reason = "why"}]\n'
    )
    wire = Floor.load(file, Target.WIRE)
    assert (wire.passed, wire.markers, wire.deselected) == (
        3,
        {"slow": "long"},
        {"tests/a.py::t": "why"},
    )
    assert Floor.load(file, Target.REAL) == Floor(markers={"slow": "long"})


def test_a_deselection_without_reason_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('deselected = [{test = "tests/a.py"}]\n')
    with pytest.raises(FloorError, match="and `reason`"):
        Floor.load(file, Target.REAL)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_floor_file_belongs_to_a_suite_and_reads(file: Path) -> None:
    assert file.stem in SUITES
    for target in Target:
        Floor.load(file, target)
