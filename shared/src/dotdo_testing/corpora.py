"""Where data lies that tests read and the repository does not hold; a test without it is skipped, saying so."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def corpora() -> Path:
    """Return the folder of the corpora: `DOTDO_CORPORA`, else `../shared/corpora` beside the repository."""
    return Path(os.environ.get("DOTDO_CORPORA", ROOT.parent / "shared" / "corpora"))


def corpus(name: str) -> Path:
    """Return one file or folder of the corpora, for use inside a test or a fixture.

    Raises:
        pytest.skip.Exception: it is absent; the summary of the run counts it.
    """
    path = corpora() / name
    if not path.exists():
        pytest.skip(f"corpus {name} is absent: set DOTDO_CORPORA")
    return path
