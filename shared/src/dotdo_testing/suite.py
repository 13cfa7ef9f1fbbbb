"""Which cases run where, and the comparison of an answer with the real service's; it holds no client of any service."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dotdo_testing.case import Case, Target
from dotdo_testing.recording import Json, Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The conformance cases of one package against one service.

    Args:
        package: the distribution's name, `dotdo-postgres`.
        service: `postgres`; the real one is at `DOTDO_REAL_POSTGRES`.
        folder: where `recorded/` lies: the package's conformance folder.
        targets: what the package can run its cases on.
        real_version: URL of the real service -> its version text, as kept with recordings.
    """

    package: str
    service: str
    folder: Path
    targets: frozenset[Target]
    real_version: Callable[[str], str]

    @property
    def variable(self) -> str:
        """The environment variable that holds the URL of the real service."""
        return f"DOTDO_REAL_{self.service.upper()}"

    @property
    def real_url(self) -> str | None:
        """The URL of the real service, None when there is none."""
        return os.environ.get(self.variable) or None

    def cases(self, cases: Sequence[Case]) -> pytest.MarkDecorator:
        """Return the mark that runs a test function for each case on each chosen target.

        The function takes `case` and `target`, and hands what it saw to the fixture `conform`.

        Raises:
            ValueError: two cases share an id.
        """
        ids = [case.id for case in cases]
        if len(set(ids)) != len(ids):
            twice = sorted({name for name in ids if ids.count(name) > 1})
            raise ValueError(f"{self.package}: case ids given twice: {', '.join(twice)}")
        return pytest.mark.conformance(self, tuple(cases))

    def obstacle(self, target: Target) -> str:
        """Return why the suite cannot run on `target` now, empty when it can."""
        if target not in self.targets:
            return "not offered"
        if target is Target.REAL and self.real_url is None:
            return f"{self.variable} is not set"
        return ""

    def recording_path(self, function: str) -> Path:
        """Return the file with the recorded answers of one test function."""
        return self.folder / "recorded" / f"{function.removeprefix('test_')}.json"


@dataclass(slots=True, kw_only=True)
class Conform:
    """The comparison of one case on one target; called once with the answer seen there.

    Args:
        suite: the suite the case belongs to.
        function: name of the test function.
        case: the case.
        target: where it runs.
        is_recording: whether the real service's answers are being recorded.
    """

    suite: Suite
    function: str
    case: Case
    target: Target
    is_recording: bool
    evidence: dict[str, Any] = field(default_factory=dict)

    def __call__(self, answer: Json) -> None:
        """Compare an answer, as JSON values, with the real service's.

        Raises:
            TypeError: the answer holds something JSON does not.
            pytest.fail.Exception: it differs, or nothing is recorded to compare it with.
        """
        seen = canonical(answer)
        if self.target is Target.REAL and self.suite.real_url is not None:
            self.evidence["service"] = self.suite.real_version(self.suite.real_url)
        if self.is_recording:
            self.evidence["answer"] = json.loads(seen)
            return
        recording = Recording.load(self.suite.recording_path(self.function))
        if self.case.id not in recording.answers:
            pytest.fail(
                f"{self.case.id}: no recorded answer; run with --record against the service"
            )
        self.evidence["recorded"] = recording.service
        expected = canonical(recording.answers[self.case.id])
        if seen != expected:  # as text: in Python 1 == 1.0 == True, and NaN is not itself
            pytest.fail(
                f"{self.case.id} on {self.target}:\n  {seen}\n{recording.service} answered:\n  {expected}"
            )


def canonical(answer: Json) -> str:
    """Return the one JSON text of an answer, in which values of different types differ."""
    return json.dumps(answer, sort_keys=True, ensure_ascii=False)
