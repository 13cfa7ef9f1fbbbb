"""The plugin's ear: attaches evidence to reports where tests run, collects it in the controlling process."""

from pathlib import Path
from typing import Any

import pytest

from dotdo_testing.case import Case
from dotdo_testing.results import Collector
from dotdo_testing.suite import Conform, Suite

CONFORM = pytest.StashKey[Conform]()


class Reporter:
    """Collects the results of conformance cases, with or without xdist.

    Args:
        absent: package -> target -> why it cannot run; filled while tests are collected.
        folder: where results go as JSON, None for nowhere.
    """

    def __init__(self, absent: dict[str, dict[str, str]], folder: Path | None) -> None:
        self.absent = absent
        self.folder = folder
        self.collector = Collector()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:
        """Attach to the report which case ran where, and what it was compared with."""
        report: pytest.TestReport = yield
        mark = item.get_closest_marker("conformance")
        if mark is None or not isinstance(item, pytest.Function):
            return report
        suite: Suite = mark.args[0]
        case, target = item.callspec.params["case"], item.callspec.params["target"]
        assert isinstance(case, Case)
        check = item.stash.get(CONFORM, None)
        evidence = check.evidence if check else {}
        entry = {
            "package": suite.package,
            "function": item.originalname,
            "case": case.id,
            "target": str(target),
            "recording": str(suite.recording_path(item.originalname)),
            "evidence": evidence,
        }
        report.user_properties.append(("conformance", entry))
        if report.when == "call" and report.passed and not evidence:
            report.outcome = "failed"
            report.longrepr = f"{item.name} handed nothing to `conform`: it compared nothing"
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the outcome of one phase of a test."""
        entry = dict(report.user_properties).get("conformance")
        if not isinstance(entry, dict):
            return
        if report.failed:
            self.collector.add(entry, "failed")
        elif report.skipped:
            is_gap = hasattr(report, "wasxfail")
            reason = report.wasxfail if is_gap else ""
            self.collector.add(entry, "gap" if is_gap else "skipped", reason)
        elif report.when == "call":
            self.collector.add(entry, "passed")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what an xdist worker found absent."""
        self.collector.add_absent(getattr(node, "workeroutput", {}).get("dotdo_absent", {}))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write results and recordings; an xdist worker only says what it found absent."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["dotdo_absent"] = self.absent
            return
        self.collector.add_absent(self.absent)
        self.collector.write(self.folder)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which targets ran, and which of those asked for did not."""
        if lines := list(self.collector.lines()):
            terminalreporter.section("conformance targets")
            for line in lines:
                terminalreporter.write_line(line)
