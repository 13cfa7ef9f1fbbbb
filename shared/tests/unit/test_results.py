"""Counting what came of the cases."""

from dotdo_testing.results import Results


def test_a_pass_the_real_service_does_not_share_is_unproven() -> None:
    results = Results(
        "dotdo-x",
        services={"real": "X 1", "recorded": "X 1"},
        cases={
            "t::good": {"inproc": "passed", "real": "passed"},
            "t::wrong": {"inproc": "passed", "real": "failed"},
        },
    )
    assert results.tally("inproc") == {"passed": 1, "unproven": 1}
    assert results.tally("real") == {"passed": 1, "failed": 1}


def test_a_recorded_answer_proves_a_case_where_the_service_is_absent() -> None:
    cases = {"t::good": {"inproc": "passed"}}
    assert Results("dotdo-x", services={"recorded": "X 1"}, cases=cases).is_proven("t::good")
    assert not Results("dotdo-x", cases=cases).is_proven("t::good")
