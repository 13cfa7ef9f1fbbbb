"""A pytest plugin for foreign suites: leaves out what the floor deselects, counts the rest.

It runs inside the suite's own environment, so it imports pytest and the standard library only.
`DOTDO_VENDOR_PLAN` names a JSON file with `tests`, `markers` and `counts` (the file to write).
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

RANK = ("passed", "skipped", "xfailed", "failed")


class Counting:
    """Counts one outcome per test: the worst of its phases."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.outcomes: dict[str, str] = {}
        self.collected = 0
        self.deselected = 0
        self.met: set[str] = set()

    def pytest_itemcollected(self) -> None:
        """Count what there is, before anybody deselects."""
        self.collected += 1

    @pytest.hookimpl(trylast=True)  # suites add markers of their own in this hook
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what the floor deselects."""
        out = [item for item in items if self.is_deselected(item)]
        left_out = set(map(id, out))
        items[:] = [item for item in items if id(item) not in left_out]
        config.hook.pytest_deselected(items=out)

    def is_deselected(self, item: pytest.Item) -> bool:
        """Whether an entry of the floor names this test; remembers which entries met one."""
        met = {name for name in self.plan["markers"] if item.get_closest_marker(name)}
        met |= {test for test in self.plan["tests"] if is_within(item.nodeid, test)}
        self.met |= met
        return bool(met)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Count, whoever deselected."""
        self.deselected += len(items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is a failure."""
        if report.failed:
            self.collected += 1
            self.outcomes[report.nodeid] = "failed"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst outcome of a test's phases; its subtests show in its own."""
        if type(report) is not pytest.TestReport:
            return
        outcome: str = report.outcome
        if outcome == "skipped" and hasattr(report, "wasxfail"):
            outcome = "xfailed"
        known = self.outcomes.get(report.nodeid, "passed")
        self.outcomes[report.nodeid] = max(known, outcome, key=RANK.index)

    def pytest_sessionfinish(self) -> None:
        """Write the counts."""
        tally = {name: list(self.outcomes.values()).count(name) for name in RANK}
        counts = {
            **tally,
            "collected": self.collected,
            "deselected": self.deselected,
            "stale": sorted({*self.plan["tests"], *self.plan["markers"]} - self.met),
            "failures": sorted(
                test for test, outcome in self.outcomes.items() if outcome == "failed"
            ),
        }
        Path(self.plan["counts"]).write_text(json.dumps(counts))


def is_within(nodeid: str, entry: str) -> bool:
    """Whether a node id is the entry, or lies under it (a file, a class, all parameters)."""
    return nodeid == entry or (nodeid.startswith(entry) and nodeid[len(entry)] in ":[/")


def pytest_configure(config: pytest.Config) -> None:
    """Read the plan and start counting."""
    plan = json.loads(Path(os.environ["DOTDO_VENDOR_PLAN"]).read_text())
    config.pluginmanager.register(Counting(plan))
