"""The example tells its whole story, on the small shop too."""

from pathlib import Path

import pytest

from examples.chinook.__main__ import WHOLE, main

STORY = (
    "refused: insert or update on table",
    "the handler saw: invoice.created",
    "one transaction ago",
    "created through postgres",
    "updated through postgres",
    "merged:",
)


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))


def test_the_small_shop(capsys: pytest.CaptureFixture[str]) -> None:
    main(Path("nowhere"))
    told = capsys.readouterr().out
    assert "a small shop is loaded instead" in told
    assert "loaded 7 tables, 16 rows" in told
    assert "album 'Rejuvenation' leads to artist 'The Meters'" in told
    assert "artist 2 is 'NINA SIMONE', one transaction ago 'Nina Simone'" in told
    assert all(part in told for part in STORY)


@pytest.mark.slow
def test_the_whole_of_chinook(capsys: pytest.CaptureFixture[str]) -> None:
    if not WHOLE.exists():
        pytest.skip(f"{WHOLE} is absent: set DOTDO_CORPORA")
    main()
    told = capsys.readouterr().out
    assert "loaded 11 tables, 15,607 rows" in told
    assert "merged: 1297 updated" in told
    assert all(part in told for part in STORY)
