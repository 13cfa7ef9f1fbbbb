"""A whole conformance run, in a process of its own: targets, recordings, gaps, results."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

# A service that upper-cases text. The "real" one is stated by its URL; ours has a bug with "ß".
MODULE = """
from dataclasses import dataclass
from pathlib import Path
from dotdo_testing import Case, Suite, Target

@dataclass(frozen=True, slots=True, kw_only=True)
class Upper(Case):
    text: str

SUITE = Suite(
    package="dotdo-upper", service="upper", folder=Path(__file__).parent,
    targets=frozenset({Target.INPROC, Target.REAL}), real_version=lambda url: f"Upper {url}",
)
CASES = [
    Upper(id="plain", text="a"),
    Upper(id="sharp-s", text="ß", gaps=GAPS),
]

@SUITE.cases(CASES)
def test_upper(case, target, conform):
    answer = case.text.upper()
    if target == "inproc":
        answer = OURS
    conform(answer)
"""
KNOWN_GAP = '{"inproc": "sharp s stays, issue 7"}'
OURS = 'case.text.upper() if case.text != "ß" else "ß"'


@pytest.fixture
def write(pytester: pytest.Pytester) -> Any:
    def write_module(gaps: str = KNOWN_GAP, inproc: str = OURS, module: str = MODULE) -> None:
        pytester.makeini("[pytest]\nxfail_strict = true\n")
        text = module.replace("=GAPS", f"={gaps}").replace("= OURS", f"= {inproc}")
        pytester.path.joinpath("test_upper.py").write_text(text)

    return write_module


@pytest.fixture
def recorded(pytester: pytest.Pytester) -> Path:
    path = pytester.path / "recorded" / "upper.json"
    path.parent.mkdir()
    path.write_text(
        json.dumps({"service": "Upper 1.0", "answers": {"plain": "A", "sharp-s": "SS"}})
    )
    return path


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOTDO_REAL_UPPER", "1.0")


@pytest.fixture(autouse=True)
def no_real_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOTDO_REAL_UPPER", raising=False)


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    start = pytester.runpytest_subprocess if "-n" in options else pytester.runpytest_inprocess
    return start("-p", "no:cacheprovider", "--results=results", *options)


def results(pytester: pytest.Pytester) -> Any:
    return json.loads((pytester.path / "results" / "dotdo-upper.json").read_text())


@pytest.mark.usefixtures("recorded")
def test_without_the_service_the_recorded_answers_decide(
    pytester: pytest.Pytester, write: Any
) -> None:
    write()
    ran = run(pytester, "--targets=inproc,wire,real")
    ran.assert_outcomes(passed=1, xfailed=1)
    ran.stdout.fnmatch_lines(
        [
            "dotdo-upper inproc: 1 gap, 1 passed (against Upper 1.0)",
            "dotdo-upper wire: did not run (not offered)",
            "dotdo-upper real: did not run (DOTDO_REAL_UPPER is not set)",
        ]
    )


@pytest.mark.usefixtures("real")
def test_recording_keeps_the_answers_and_the_version(pytester: pytest.Pytester, write: Any) -> None:
    write()
    run(pytester, "--record").assert_outcomes(passed=2)
    kept = json.loads((pytester.path / "recorded" / "upper.json").read_text())
    assert kept == {"service": "Upper 1.0", "answers": {"plain": "A", "sharp-s": "SS"}}


@pytest.mark.usefixtures("real", "recorded")
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_all_targets_in_one_run_are_in_the_results(
    pytester: pytest.Pytester, write: Any, workers: tuple[str, ...]
) -> None:
    write()
    ran = run(pytester, "--targets=inproc,wire,real", *workers)
    ran.assert_outcomes(passed=3, xfailed=1)
    ran.stdout.fnmatch_lines(["dotdo-upper wire: did not run (not offered)"])
    assert results(pytester) == {
        "package": "dotdo-upper",
        "services": {"real": "Upper 1.0", "recorded": "Upper 1.0"},
        "cases": {
            "test_upper::plain": {"inproc": "passed", "real": "passed"},
            "test_upper::sharp-s": {"inproc": "gap", "real": "passed"},
        },
        "reasons": {"test_upper::sharp-s": {"inproc": "sharp s stays, issue 7"}},
    }


@pytest.mark.usefixtures("recorded")
def test_a_closed_gap_turns_the_run_red(pytester: pytest.Pytester, write: Any) -> None:
    write(inproc="case.text.upper()")
    run(pytester).assert_outcomes(passed=1, failed=1)


@pytest.mark.usefixtures("recorded")
def test_a_difference_shows_both_answers(pytester: pytest.Pytester, write: Any) -> None:
    write(gaps="{}")
    ran = run(pytester)
    ran.assert_outcomes(passed=1, failed=1)
    ran.stdout.fnmatch_lines(["*sharp-s on inproc:", '*"ß"', "*Upper 1.0 answered:", '*"SS"'])


@pytest.mark.usefixtures("recorded")
def test_values_of_different_types_differ(
    pytester: pytest.Pytester, write: Any, recorded: Path
) -> None:
    recorded.write_text(json.dumps({"service": "Upper 1.0", "answers": {"plain": 1, "sharp-s": 1}}))
    write(gaps="{}", inproc="1.0")
    run(pytester).assert_outcomes(failed=2)


def test_a_case_nobody_recorded_fails(pytester: pytest.Pytester, write: Any) -> None:
    write(gaps="{}")
    ran = run(pytester)
    ran.assert_outcomes(failed=2)
    ran.stdout.fnmatch_lines(["*plain: no recorded answer; run with --record*"])


@pytest.mark.usefixtures("real")
def test_the_service_answering_otherwise_than_recorded_fails(
    pytester: pytest.Pytester, write: Any, recorded: Path
) -> None:
    recorded.write_text(
        json.dumps({"service": "Upper 0.9", "answers": {"plain": "a", "sharp-s": "SS"}})
    )
    write()
    run(pytester, "--targets=real").assert_outcomes(passed=1, failed=1)
    assert results(pytester)["cases"]["test_upper::plain"] == {"real": "failed"}


@pytest.mark.usefixtures("recorded")
def test_a_test_that_compares_nothing_fails(pytester: pytest.Pytester, write: Any) -> None:
    write(module=MODULE.replace("    conform(answer)", ""), gaps="{}")
    ran = run(pytester)
    ran.assert_outcomes(failed=2)
    ran.stdout.fnmatch_lines(["*it compared nothing*"])


def test_an_unknown_target_is_refused(pytester: pytest.Pytester, write: Any) -> None:
    write()
    ran = run(pytester, "--targets=inprocess")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*inprocess*known are inproc, wire, real, peer"])
