"""The Python examples of the READMEs run as they stand; those of a page that tells one story, one after the other."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STORIES = [ROOT / "docs" / "kernel-for-packages.md", ROOT / "docs" / "doors.md"]
PAGES = [ROOT / "README.md", *sorted((ROOT / "packages").glob("dotdo*/README.md"))]


def examples(page: Path) -> list[str]:
    found = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    return ["\n".join(found)] if page in STORIES else found


@pytest.mark.parametrize(
    ("page", "code"),
    [(page, code) for page in [*PAGES, *STORIES] for code in examples(page)],
    ids=lambda value: str(value.relative_to(ROOT)) if isinstance(value, Path) else "example",
)
def test_an_example_runs(page: Path, code: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={"DOTDO_HOME": str(tmp_path / "home"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{page}: {done.stderr}"
