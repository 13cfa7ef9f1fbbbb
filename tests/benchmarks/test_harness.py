"""Goals and how contenders take turns; no test looks at a time."""

import pytest

from benchmarks.harness import Comparison, Figure, Goal


@pytest.mark.parametrize(
    ("text", "value", "is_met"),
    [
        ("<= 2.2", 2.2, True),
        ("<= 2.2", 2.3, False),
        (">= 4", 4.0, True),
        (">=4", 3.9, False),
        ("<= 0.5 ms", 0.4, True),
    ],
)
def test_a_goal_bounds_a_value(text: str, value: float, is_met: bool) -> None:
    assert Goal.parse(text).is_met_by(value) is is_met


@pytest.mark.parametrize("text", ["", "2.2", "< 2", "<= fast", "<= 2 3"])
def test_a_malformed_goal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="goal"):
        Goal.parse(text)


def test_contenders_take_turns_and_each_starts_a_round() -> None:
    calls: list[str] = []
    Comparison(
        name="turns",
        ours=lambda: calls.append("ours"),
        peers={"a": lambda: calls.append("a")},
        rounds=3,
        prepare=lambda: calls.append("-"),
    ).measure()
    assert "".join(call[0] for call in calls) == "-o-a-a-o-o-a"


def test_a_comparison_has_a_row_per_peer_with_its_own_goal() -> None:
    rows = Comparison(
        name="x", ours=list, peers={"a": list, "b": list}, rounds=1, goal={"a": "<= 1000000"}
    ).measure()
    assert [(row.peer, row.goal, row.is_met) for row in rows] == [
        ("a", "<= 1000000", True),
        ("b", "", None),
    ]


def test_a_missed_figure_says_so() -> None:
    [row] = Figure(name="size", measure_once=lambda: 3.0, unit="KiB", goal="<= 2 KiB").measure()
    assert (row.ours, row.unit, row.is_met) == (3.0, "KiB", False)
