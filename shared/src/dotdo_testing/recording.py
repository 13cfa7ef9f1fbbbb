"""Answers of the real service, one JSON file beside the cases per test function, with the service's version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = Any


@dataclass(slots=True)
class Recording:
    """The recorded answers of one test function.

    Args:
        service: the version text of the service that gave them, empty when nothing is recorded.
        answers: case id -> answer as JSON.
    """

    service: str = ""
    answers: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Recording":
        """Read a recording; an absent file is an empty one."""
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def save(self, path: Path) -> None:
        """Write the recording in a stable order, one answer a line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(
            f"    {json.dumps(name)}: {json.dumps(answer, ensure_ascii=False, sort_keys=True)}"
            for name, answer in sorted(self.answers.items())
        )
        service = json.dumps(self.service)
        path.write_text(f'{{\n  "service": {service},\n  "answers": {{\n{lines}\n  }}\n}}\n')


def merge(path: Path, service: str, answers: Mapping[str, Json]) -> None:
    """Add newly recorded answers to a file; those of another version of the service are dropped."""
    known = Recording.load(path)
    kept = known.answers if known.service == service else {}
    Recording(service, kept | dict(answers)).save(path)
