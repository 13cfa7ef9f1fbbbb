"""A server process of ours, and one that only bears its pid."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dotdo_testing.services import Instance
from dotdo_testing.services.process import start_ticks


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as started:
        yield started
        started.kill()


@pytest.fixture
def instance(process: subprocess.Popen[bytes], tmp_path: Path) -> Instance:
    folder = tmp_path / "service"
    folder.mkdir()
    return Instance(
        name="sleep",
        version="1",
        pid=process.pid,
        started_ticks=start_ticks(process.pid),
        stop_signal=signal.SIGTERM,
        folder=str(folder),
        environment={},
    )


def test_stopping_ends_the_process_and_deletes_its_folder(
    instance: Instance, process: subprocess.Popen[bytes]
) -> None:
    assert instance.is_running
    instance.stop()
    assert process.wait() == -signal.SIGTERM
    assert not instance.is_running
    assert not Path(instance.folder).exists()


def test_a_process_that_took_over_the_pid_is_left_alone(
    instance: Instance, process: subprocess.Popen[bytes]
) -> None:
    replace(instance, started_ticks=instance.started_ticks - 1).stop()
    assert process.poll() is None


def test_a_process_that_is_gone_has_no_start_time() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert start_ticks(gone.pid) == 0
    assert start_ticks(os.getpid()) > 0
