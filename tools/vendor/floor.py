"""What a suite must reach: conformance-tests/vendor/NAME.toml, one table per target; a floor only rises."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from dotdo_testing.case import Target


class FloorError(Exception):
    """A floor file that does not say what it must; the text names the file and the fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What came of a run. `stale` are declared deselections that met no test."""

    collected: int
    passed: int
    failed: int
    deselected: int
    skipped: int = 0
    xfailed: int = 0
    stale: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Return the last line of a run."""
        told = f"{self.passed} passed, {self.failed} failed, {self.deselected} deselected"
        return f"{name}: {told} of {self.collected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The floor of a suite on one target.

    Args:
        passed: how many tests pass at least.
        failed: how many fail at most.
        deselected: test (a node id or the beginning of one) -> reason.
        markers: pytest marker -> reason for leaving out the tests that bear it.
    """

    passed: int = 0
    failed: int = 0
    deselected: Mapping[str, str] = field(default_factory=dict)
    markers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, target: Target) -> Self:
        """Read the floor of a target; entries outside the targets' tables hold for all of them.

        Raises:
            FloorError: a deselection without reason, or of neither a test nor a marker.
        """
        content = tomllib.loads(path.read_text()) if path.exists() else {}
        table = content.get(target, {})
        entries = [*content.get("deselected", []), *table.get("deselected", [])]
        for entry in entries:
            if not entry.get("reason") or len(entry.keys() & {"test", "marker"}) != 1:
                raise FloorError(f"{path}: {entry}: wants `test` or `marker`, and `reason`")
        return cls(
            passed=table.get("passed", 0),
            failed=table.get("failed", 0),
            deselected=by(entries, "test"),
            markers=by(entries, "marker"),
        )

    def shortfalls(self, counts: Counts) -> list[str]:
        """Return in what a run stays below the floor, nothing when it holds."""
        found = [f"the floor deselects {test}, which is not there" for test in counts.stale]
        if counts.passed < self.passed:
            found.append(f"{counts.passed} passed, the floor is {self.passed}")
        if counts.failed > self.failed:
            found.append(f"{counts.failed} failed, the floor allows {self.failed}")
        return found


def by(entries: list[dict[str, Any]], key: str) -> dict[str, str]:
    """Return the reasons of the entries that have `key`, by its value."""
    return {entry[key]: entry["reason"] for entry in entries if key in entry}
