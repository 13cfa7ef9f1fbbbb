"""What a case may declare."""

import pytest

from dotdo_testing import Case, Suite, Target


def test_a_gap_on_the_real_service_is_refused() -> None:
    with pytest.raises(ValueError, match="a gap on real cannot be declared"):
        Case(id="x", gaps={"real": "why"})


def test_a_gap_on_an_unknown_target_is_refused() -> None:
    with pytest.raises(ValueError, match="a gap on wired cannot be declared"):
        Case(id="x", gaps={"wired": "why"})


def test_a_gap_without_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="a gap needs its reason"):
        Case(id="x", gaps={"wire": ""})


def test_two_cases_with_one_id_are_refused(tmp_path: object) -> None:
    suite = Suite(
        package="dotdo-x", service="x", folder=tmp_path, targets=frozenset(Target), real_version=str
    )
    with pytest.raises(ValueError, match="dotdo-x: case ids given twice: a"):
        suite.cases([Case(id="a"), Case(id="b"), Case(id="a")])
