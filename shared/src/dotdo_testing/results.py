"""What came of the cases of a run, per package and target: collected from reports, written as JSON, told in lines."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dotdo_testing.case import Target
from dotdo_testing.recording import merge


@dataclass(slots=True)
class Results:
    """The results of one package.

    Args:
        package: the distribution's name.
        services: version texts of the real service, live (`real`) and of the recordings (`recorded`).
        cases: `function::case` -> target -> passed, failed, gap or skipped.
        reasons: `function::case` -> target -> reason of a gap.
    """

    package: str
    services: dict[str, str] = field(default_factory=dict)
    cases: dict[str, dict[str, str]] = field(default_factory=dict)
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read what `save` wrote."""
        return cls(**json.loads(path.read_text()))

    def save(self, folder: Path) -> None:
        """Write the results into `folder` under the package's name."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=2, sort_keys=True)
        (folder / f"{self.package}.json").write_text(f"{text}\n")

    def is_proven(self, case: str) -> bool:
        """Whether a case counts: it passed on the real service, now or when it was recorded."""
        live = self.cases[case].get(Target.REAL)
        return live == "passed" if live else bool(self.services.get("recorded"))

    def tally(self, target: str) -> Counter[str]:
        """Count the outcomes on a target; a pass that the real service does not share is `unproven`."""
        return Counter(
            "unproven"
            if outcomes[target] == "passed" and not self.is_proven(case)
            else outcomes[target]
            for case, outcomes in self.cases.items()
            if target in outcomes
        )


class Collector:
    """Gathers the results of a run from the reports of its tests, whichever process ran them."""

    def __init__(self) -> None:
        self.packages: dict[str, Results] = {}
        self.absent: dict[str, dict[str, str]] = {}
        self.answers: dict[tuple[Path, str], dict[str, Any]] = {}

    def add(self, entry: Mapping[str, Any], outcome: str, reason: str = "") -> None:
        """Take the outcome of one phase of a test; a failure in any phase stays."""
        results = self.packages.setdefault(entry["package"], Results(entry["package"]))
        name, target = f"{entry['function']}::{entry['case']}", entry["target"]
        outcomes = results.cases.setdefault(name, {})
        if outcomes.get(target) not in {"failed", "gap"}:
            outcomes[target] = outcome
        if reason:
            results.reasons.setdefault(name, {})[target] = reason
        evidence = entry["evidence"]
        if "service" in evidence:
            results.services["real"] = evidence["service"]
        if "recorded" in evidence:
            results.services["recorded"] = evidence["recorded"]
        if "answer" in evidence and outcome == "passed":
            key = (Path(entry["recording"]), evidence["service"])
            self.answers.setdefault(key, {})[entry["case"]] = evidence["answer"]

    def add_absent(self, absent: Mapping[str, Mapping[str, str]]) -> None:
        """Take the targets that were asked for and could not run: package -> target -> why."""
        for package, targets in absent.items():
            self.absent.setdefault(package, {}).update(targets)

    def write(self, folder: Path | None) -> None:
        """Save the results into `folder`, if one is given, and new recordings beside their cases."""
        for (path, service), answers in self.answers.items():
            merge(path, service, answers)
        if folder is not None:
            for results in self.packages.values():
                results.save(folder)

    def lines(self) -> Iterator[str]:
        """Yield one line per package and target: what ran and what came of it, or why it did not run."""
        for package in sorted(self.packages.keys() | self.absent.keys()):
            results = self.packages.get(package, Results(package))
            for target in Target:
                if counts := results.tally(target):
                    told = ", ".join(
                        f"{count} {outcome}" for outcome, count in sorted(counts.items())
                    )
                    yield f"{package} {target}: {told}{against(results, target)}"
                elif why := self.absent.get(package, {}).get(target):
                    yield f"{package} {target}: did not run ({why})"


def against(results: Results, target: Target) -> str:
    """Tell which service the answers were compared with."""
    if target is Target.REAL:
        return f" ({results.services.get('real', 'unknown version')})"
    recorded = results.services.get("recorded")
    return f" (against {recorded})" if recorded else ""
