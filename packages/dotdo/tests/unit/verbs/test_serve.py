"""`dotdo serve` as a process: what listens where, refusals, and a graceful stop, with a small protocol that is installed for the test."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from dotdo.serving import self_signed

PROTOCOL = '''
from dotdo.errors import DotdoError
from dotdo.serving import Session, Work, Step, WireProtocol


class Names(Session):
    """Answers each line, the name of a tenant, with how many nouns it has."""

    is_established = True

    def __init__(self, context):
        self.context = context

    def receive(self, data):
        try:
            tenant = self.context.open_tenant(data.decode().strip())
            return f"{tenant.name} {len(tenant.nouns.all())}\\n".encode()
        except DotdoError as error:
            return f"{type(error).__name__}\\n".encode()


NAMES = WireProtocol("names", 47113, Names)
'''
Start = Callable[..., "Server"]


class Server:
    """A running `dotdo serve`, and what it said of itself."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        text = ""
        while not (text.endswith("}\n") and text.count("{") == text.count("}")):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            text += line
        self.facts = json.loads(text)

    def ask(self, name: str) -> str:
        [found] = self.facts["listening"]
        family, address = (
            (socket.AF_UNIX, found["path"])
            if found["path"]
            else (socket.AF_INET, (found["host"], found["port"]))
        )
        with socket.socket(family) as client:
            client.connect(address)
            client.sendall(f"{name}\n".encode())
            return client.recv(1000).decode().strip()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=20)
        return self.process.returncode


@pytest.fixture
def environment(tmp_path: Path, folder: Path) -> dict[str, str]:
    """Where the small protocol is installed."""
    site = tmp_path / "site"
    facts = site / "names-1.0.dist-info"
    facts.mkdir(parents=True)
    (site / "names_protocol.py").write_text(PROTOCOL)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: names\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[dotdo.protocols]\nnames = names_protocol:NAMES\n")
    return {**os.environ, "PYTHONPATH": str(site)}


def command(*args: str) -> list[str]:
    """Return the command line; what else is installed is not served unless it is named."""
    names = [] if args and args[0] in {"mysql", "--json"} else ["names"]
    return [sys.executable, "-c", "from dotdo_cli.main import main; main()", "serve", *names, *args]


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(*args: str, protocols: tuple[str, ...] = ("names",)) -> Server:
        process = subprocess.Popen(
            command("--json", *protocols, *args),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        started.append(process)
        return Server(process)

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def refuse(environment: dict[str, str]) -> Callable[..., tuple[int, str]]:
    """Run a server that is expected not to start; returns exit code and the line it says."""

    def run(*args: str) -> tuple[int, str]:
        done = subprocess.run(
            command(*args), check=False, capture_output=True, text=True, env=environment, timeout=30
        )
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        return done.returncode, done.stderr

    return run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_tenants_until_it_is_told_to_stop(start: Start, shop, number: int) -> None:
    server = start("--port", "0")
    [found] = server.facts["listening"]
    assert (found["protocol"], found["host"], found["tls"]) == ("names", "127.0.0.1", None)
    assert server.facts["credentials"] is None
    assert server.ask("acme") == "acme 3"
    assert server.ask("nobody") == "UnknownTenant"
    assert server.stop(number) == 0
    assert not (shop.home.path / "nobody.db").exists()


def test_missing_tenants_are_created_when_told(start: Start, folder: Path) -> None:
    server = start("--port", "names=0", "--create")
    assert server.ask("new") == "new 0"
    assert server.stop() == 0
    assert (folder / "new.db").exists()


def test_a_socket_file_is_served_and_removed(start: Start, shop, tmp_path: Path) -> None:
    path = tmp_path / "names.sock"
    server = start("--unix", str(path))
    assert server.facts["listening"][0]["path"] == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert server.ask("acme") == "acme 3"
    assert server.stop() == 0
    assert not path.exists()


def test_people_are_told_what_listens_where(environment: dict[str, str], shop) -> None:
    with subprocess.Popen(
        command("--port", "0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout.readline().split() == ["PROTOCOL", "LISTENING", "ON", "ENCRYPTION"]
        assert process.stdout.readline().startswith("names     127.0.0.1 port ")
        assert "anybody on this machine" in process.stderr.readline()
        process.terminate()
        assert process.stderr.read() == "stopped\n"
    assert process.returncode == 0


def test_tls_and_users_allow_it_beyond_loopback(start: Start, run, shop, tmp_path: Path) -> None:
    assert run("user", "add", "alice", stdin="s3cret\n").code == 0
    certificate, key = self_signed(tmp_path)
    server = start(
        "--host", "0.0.0.0", "--port", "0", "--tls-cert", str(certificate), "--tls-key", str(key)
    )
    [found] = server.facts["listening"]
    assert (found["host"], found["tls"]) == ("0.0.0.0", "offered")
    assert server.facts["credentials"] == str(shop.home.path / "credentials.json")
    assert server.ask("acme") == "AccessDenied"  # nobody has logged in
    assert server.stop() == 0


def test_beyond_loopback_without_users_it_refuses(refuse) -> None:
    code, line = refuse("--host", "0.0.0.0", "--port", "0")
    assert code == 4
    assert "0.0.0.0 can be reached from elsewhere" in line
    assert "dotdo user add" in line


def test_a_port_that_is_taken_is_named(refuse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = refuse("--port", str(port))
    assert (code, f"port {port}" in line) == (4, True)


@pytest.mark.parametrize(
    ("args", "code", "part"),
    [
        (("mysql",), 3, "'mysql' is not installed; there is: "),
        (("--port", "mysql=1"), 2, "'mysql'"),
        (("--tls-cert", __file__), 2, "--tls-key"),
        (("--tls-cert", __file__, "--tls-key", __file__), 4, "certificate"),
        (("--tls-first", "names", "--port", "0"), 4, "certificate"),
        (("--credentials", "/nowhere/users.json"), 4, "/nowhere/users.json"),
    ],
)
def test_what_cannot_be_served_is_named(refuse, args, code, part) -> None:
    found, line = refuse(*args)
    assert (found, part in line) == (code, True)


def test_a_protocol_that_cannot_be_loaded_is_named(refuse, tmp_path: Path) -> None:
    (tmp_path / "site" / "names_protocol.py").write_text("import nothing_of_that_name")
    assert refuse() == (4, "dotdo: protocol 'names' (names_protocol:NAMES) cannot be loaded\n")


def test_without_any_protocol_it_says_so(run, monkeypatch) -> None:
    monkeypatch.setattr("dotdo.serving.protocol_names", list)
    outcome = run("serve", "--json")
    assert (outcome.code, outcome.document["error"]["kind"]) == (3, "NotInstalled")


def test_every_installed_protocol_is_served_when_none_is_named(start: Start, shop) -> None:
    names = {"names", *(entry.name for entry in entry_points(group="dotdo.protocols"))}
    ports = [part for name in sorted(names) for part in ("--port", f"{name}=0")]
    server = start(*ports, protocols=())
    assert {each["protocol"] for each in server.facts["listening"]} == names
    for each in server.facts["listening"]:
        with socket.create_connection((each["host"], each["port"])):
            pass
    assert server.stop() == 0


@pytest.mark.parametrize("option", ["--host", "--port", "--unix", "--tls-first"])
def test_an_option_for_a_protocol_that_is_not_served_is_refused(refuse, option) -> None:
    code, line = refuse(option, "mysql" if option == "--tls-first" else "mysql=1")
    assert (code, "'mysql'" in line) == (2, True)
