"""Clients of other languages on the server: node's driver and mongosh, where node and npm are.

Their packages are installed once, in a folder of the user's cache that `DOTDO_NODE` may name.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dotdo.serving import Host, Services, TcpListener, serve_in_thread
from dotdo.tenancy import open_tenant
from dotdo_mongo.server import mongo_protocol

HERE = Path(__file__).parent
PACKAGES = ("mongodb@6", "mongosh@2")
TIMEOUT_S = 300


@pytest.fixture(scope="session")
def node() -> Path:
    """Return the folder where node finds the packages; without node the test says that it did not run."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed: the server was not tried with node's clients")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = Path(os.environ.get("DOTDO_NODE", cache / "dotdo" / "node"))
    folder.mkdir(parents=True, exist_ok=True)
    if not all((folder / "node_modules" / name.partition("@")[0]).exists() for name in PACKAGES):
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        done = subprocess.run(
            command, check=False, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S
        )
        if done.returncode:
            pytest.skip(f"npm cannot install node's clients: {done.stderr.strip()[-300:]}")
    return folder


@pytest.fixture
def address(home) -> Iterator[str]:
    services = Services(lambda name: open_tenant(name, create=False, home=home))
    host = Host([TcpListener(mongo_protocol(home, may_create=True), port=0)], services)
    with serve_in_thread(host):
        yield f"mongodb://127.0.0.1:{host.addresses[0][1]}/"


def run(node: Path, *command: str) -> str:
    done = subprocess.run(
        command, check=False, cwd=node, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("options", ["{}", '{"compressors": ["zlib"]}'])
def test_nodes_driver_works(node, address, options):
    program = shutil.copy(HERE / "driver.mjs", node)
    assert run(node, "node", str(program), address, options) == "node driver ok\n"


@pytest.mark.slow
def test_mongosh_works(node, address):
    shell = str(node / "node_modules" / ".bin" / "mongosh")
    said = run(node, shell, "--quiet", f"{address}test", str(HERE / "shell.js"))
    assert said.splitlines()[-1] == "shell ok"
