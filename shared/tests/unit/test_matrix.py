"""The compatibility pages."""

from dotdo_testing.matrix import NOTHING, overall_page, package_page
from dotdo_testing.results import Results

RESULTS = Results(
    "dotdo-x",
    services={"real": "X 1.0"},
    cases={
        "t::same": {"inproc": "passed", "real": "passed"},
        "t::other": {"inproc": "gap", "real": "passed"},
    },
    reasons={"t::other": {"inproc": "no views, issue 9"}},
)
DECLARED = {"Functions": {"supported": ["lower", "abs"], "not supported": ["xpath"]}}


def test_a_package_page_has_counts_gaps_and_declarations() -> None:
    page = package_page("dotdo-x", RESULTS, DECLARED)
    assert "| dotdo-x | inproc | 2 | 1 | 1 | 0 | 0 | X 1.0 |" in page
    assert "- `t::other` inproc: no views, issue 9" in page
    assert "**supported** (2 of 3): `abs`, `lower`" in page
    assert "**not supported** (1 of 3): `xpath`" in page


def test_the_overall_page_has_a_line_per_target_and_declaration() -> None:
    page = overall_page([RESULTS], {"dotdo-x": DECLARED})
    assert "| dotdo-x | real | 2 | 2 | 0 | 0 | 0 | X 1.0 |" in page
    assert "- dotdo-x, Functions: 2 supported, 1 not supported" in page


def test_with_nothing_to_tell_the_pages_say_so() -> None:
    assert NOTHING in package_page("dotdo-x", None, {})
    assert NOTHING in overall_page([], {})
