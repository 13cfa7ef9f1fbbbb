"""A server process of ours: started detached, known by pid and start time, stopped by them and nothing else."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
UNPRIVILEGED_USERS = ("postgres", "nobody")


class ServiceError(Exception):
    """A real service could not be installed, started or stopped; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running service: how to find its process again and the environment its clients want."""

    name: str
    version: str
    pid: int
    started_ticks: int  # from the kernel: a reused pid has another one
    stop_signal: int
    folder: str
    environment: Mapping[str, str]

    @property
    def is_running(self) -> bool:
        """Whether the process that was started is still there."""
        return start_ticks(self.pid) == self.started_ticks

    def stop(self) -> None:
        """Stop the process, if it is still ours, and delete its folder.

        Raises:
            ServiceError: it did not end in time; its folder stays.
        """
        if self.is_running:
            os.kill(self.pid, self.stop_signal)
            deadline = time.monotonic() + STOP_TIMEOUT_S
            while self.is_running:
                if time.monotonic() > deadline:
                    raise ServiceError(f"{self.name} (pid {self.pid}) did not stop")
                time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_ticks(pid: int) -> int:
    """Return the start time of a process in clock ticks since boot, 0 when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    state, started = fields[0], int(fields[19])
    return 0 if state in "ZX" else started


def spare_port() -> int:
    """Return a loopback port nobody listens on; the system draws it, so it is never a default one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def service_user() -> str | None:
    """Return the unprivileged user a server runs as when we are root, else None (ourselves).

    Raises:
        ServiceError: we are root and the machine has none of the known users.
    """
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in UNPRIVILEGED_USERS:
        if name in known:
            return name
    raise ServiceError(f"no unprivileged user to run servers as (looked for {UNPRIVILEGED_USERS})")


def private_folder(service: str, user: str | None) -> Path:
    """Create a folder only `user` may enter, short enough for a unix socket's path."""
    folder = Path(tempfile.mkdtemp(prefix=f"dotdo-{service}-"))
    if user is not None:
        shutil.chown(folder, user, group_of(user))
    return folder


def run(command: Sequence[str], *, user: str | None, cwd: Path) -> str:
    """Run a program to its end as `user` and return its output.

    Raises:
        ServiceError: it failed; the text is what it printed.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(),
        user=user,
        group=group_of(user),
        extra_groups=None if user is None else (),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServiceError(f"{Path(command[0]).name} failed:\n{done.stdout}")
    return done.stdout


def spawn(command: Sequence[str], *, user: str | None, cwd: Path) -> int:
    """Start a server that outlives us, its output in `cwd`/log, and return its pid."""
    with (cwd / "log").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(),
            user=user,
            group=group_of(user),
            extra_groups=None if user is None else (),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return process.pid


def await_ready(name: str, pid: int, folder: Path, is_ready: Callable[[], bool]) -> None:
    """Wait until a spawned server answers.

    Raises:
        ServiceError: it ended or stayed silent; the text is the end of its log.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not is_ready():
        if not start_ticks(pid) or time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            tail = (folder / "log").read_text(errors="replace")[-2000:]
            raise ServiceError(f"{name} did not become ready:\n{tail}")
        time.sleep(0.05)


def environment() -> dict[str, str]:
    """Return the environment servers get: nothing of ours but the path, so runs are alike."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def group_of(user: str | None) -> int | None:
    """Return the primary group of `user`."""
    return None if user is None else pwd.getpwnam(user).pw_gid
