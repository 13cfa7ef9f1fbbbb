"""A private PostgreSQL: trusted on loopback and its own socket, UTF-8 with collation C, fsync off."""

import signal
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

INSTALLED = Path("/usr/lib/postgresql")
LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--lc-collate=C", "--lc-ctype=C.UTF-8")
# Throwaway data: no fsync. synchronous_commit stays on, so that benchmarks can switch it per session.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_prepared_transactions": "10",
}


def newest_binaries() -> Path | None:
    """Return the folder with the newest server's programs, None when there is no server."""
    folders = [postgres.parent for postgres in INSTALLED.glob("*/bin/postgres")]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


def start_postgres() -> Instance:
    """Create a cluster in a new private folder and serve it on a spare port.

    Raises:
        ServiceError: it could not be installed, created or started.
    """
    binaries = binary_of("postgresql", newest_binaries)
    user = service_user()
    folder = private_folder("postgres", user)
    data, port = folder / "data", spare_port()
    initdb = [f"{binaries}/initdb", f"--pgdata={data}", "--username=postgres", "--auth=trust"]
    run([*initdb, "--no-sync", *LOCALE], user=user, cwd=folder)

    settings = SETTINGS | {"port": str(port), "unix_socket_directories": str(folder)}
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    pid = spawn([f"{binaries}/postgres", "-D", str(data), *options], user=user, cwd=folder)
    await_ready("PostgreSQL", pid, folder, lambda: says_ready(data / "postmaster.pid"))
    return Instance(
        name="postgres",
        version=run([f"{binaries}/postgres", "--version"], user=user, cwd=folder).strip(),
        pid=pid,
        started_ticks=start_ticks(pid),
        stop_signal=signal.SIGINT,  # fast shutdown: sessions are ended
        folder=str(folder),
        environment={
            "DOTDO_REAL_POSTGRES": f"postgresql://postgres@127.0.0.1:{port}/postgres",
            "DOTDO_REAL_POSTGRES_SOCKET": f"postgresql://postgres@/postgres?host={folder}&port={port}",
        },
    )


def says_ready(lock_file: Path) -> bool:
    """Whether the postmaster wrote into its lock file that it accepts connections."""
    try:
        return lock_file.read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False
