"""Where a server's binary is, installed from its Debian package when missing; the package's own service is not started."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dotdo_testing.services.process import ServiceError

POLICY = Path("/usr/sbin/policy-rc.d")  # asked by every Debian package before it starts a service


def binary_of(package: str, find: Callable[[], Path | None]) -> Path:
    """Return the path `find` answers, after installing the Debian package if it answers none.

    Raises:
        ServiceError: it is missing and cannot be installed.
    """
    found = find()
    if found is None:
        install(package)
        found = find()
    if found is None:
        raise ServiceError(f"the Debian package {package} brought no server binary")
    return found


def install(package: str) -> None:
    """Install a Debian package.

    Raises:
        ServiceError: we are not root, this is not Debian, or apt-get failed.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ServiceError(
            f"{package} is not installed, and only root on Debian can install it here"
        )
    with services_held():
        if apt_get("install", package):
            apt_get("update")
            if failure := apt_get("install", package):
                raise ServiceError(f"apt-get install {package} failed:\n{failure}")


def apt_get(verb: str, *packages: str) -> str:
    """Run apt-get and return what it printed when it failed, else nothing."""
    done = subprocess.run(
        ["apt-get", verb, "--yes", "--quiet", "--no-install-recommends", *packages],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return f"exit code {done.returncode}\n{done.stdout}" if done.returncode else ""


@contextmanager
def services_held() -> Iterator[None]:
    """Keep packages from starting their services on default ports while they are installed."""
    if POLICY.exists():  # the machine's own policy stays
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
