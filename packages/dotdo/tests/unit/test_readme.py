"""The README's examples are true: its tenant is made, its commands are run, and they say what it says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "README.md").read_text()
VARYING = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\d+(\.\d)? (B|KiB)")


def stable(text: str) -> list[str]:
    """Return the lines with times and sizes left out, and columns one space apart."""
    lines = [" ".join(VARYING.sub("-", line).split()) for line in text.splitlines()]
    return [line for line in lines if line]


def test_every_example_says_what_the_readme_says(run, folder) -> None:
    [setup] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    subprocess.run([sys.executable, "-c", setup], check=True, env=dict(os.environ))
    examples = re.findall(r"^\$ dotdo (.*)\n((?:(?!\$ |```).*\n)*)", TEXT, re.MULTILINE)
    assert len(examples) == 13
    for command, shown in examples:
        outcome = run(*shlex.split(command))
        assert stable(outcome.out + outcome.err) == stable(shown), command
        assert outcome.code == 0
