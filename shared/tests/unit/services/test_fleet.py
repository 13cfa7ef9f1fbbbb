"""The state file of the services that are up."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dotdo_testing.services import Fleet
from dotdo_testing.services.process import start_ticks


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as started:
        yield started
        started.kill()


@pytest.fixture
def state(process: subprocess.Popen[bytes], tmp_path: Path) -> Path:
    entry = {
        "name": "sleep",
        "version": "1",
        "pid": process.pid,
        "started_ticks": start_ticks(process.pid),
        "stop_signal": signal.SIGTERM,
        "folder": str(tmp_path / "service"),
        "environment": {"DOTDO_REAL_SLEEP": "sleep://"},
    }
    path = tmp_path / "services.json"
    path.write_text(json.dumps([entry]))
    return path


def test_another_process_finds_and_stops_what_is_up(
    state: Path, process: subprocess.Popen[bytes]
) -> None:
    [fleet] = Fleet.all_in(state.parent)
    assert fleet.environment == {"DOTDO_REAL_SLEEP": "sleep://"}
    assert [instance.pid for instance in fleet.down()] == [process.pid]
    assert process.wait() == -signal.SIGTERM
    assert not state.exists()


def test_what_was_up_before_a_run_stays_up_after_it(
    state: Path, process: subprocess.Popen[bytes]
) -> None:
    with Fleet(state).running([]) as environment:
        assert environment == {"DOTDO_REAL_SLEEP": "sleep://"}
    assert process.poll() is None
    assert state.exists()


def test_a_service_that_is_gone_is_not_offered(
    state: Path, process: subprocess.Popen[bytes]
) -> None:
    process.kill()
    process.wait()
    assert Fleet(state).environment == {}
