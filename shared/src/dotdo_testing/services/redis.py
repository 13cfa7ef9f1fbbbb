"""A private redis-server on loopback, without persistence."""

import shutil
import signal
import socket
from pathlib import Path

from dotdo_testing.services.install import binary_of
from dotdo_testing.services.process import (
    Instance,
    await_ready,
    private_folder,
    run,
    service_user,
    spare_port,
    spawn,
    start_ticks,
)


def find_server() -> Path | None:
    """Return the path of redis-server, None when it is not installed."""
    found = shutil.which("redis-server")
    return Path(found) if found else None


def start_redis() -> Instance:
    """Start a server in a new private folder on a spare port.

    Raises:
        ServiceError: it could not be installed or started.
    """
    server = str(binary_of("redis-server", find_server))
    user = service_user()
    folder, port = private_folder("redis", user), spare_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    pid = spawn([server, *options], user=user, cwd=folder)
    await_ready("redis-server", pid, folder, lambda: answers_ping(port))
    return Instance(
        name="redis",
        version=run([server, "--version"], user=user, cwd=folder).strip(),
        pid=pid,
        started_ticks=start_ticks(pid),
        stop_signal=signal.SIGTERM,
        folder=str(folder),
        environment={"DOTDO_REAL_REDIS": f"redis://127.0.0.1:{port}/0"},
    )


def answers_ping(port: int) -> bool:
    """Whether a server on `port` replies to an inline PING."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
    except OSError:
        return False
