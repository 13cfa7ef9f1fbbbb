import asyncio
import gc
import itertools
import os
import socket
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dotdo.serving import (
    CloseReason,
    Credentials,
    Host,
    Services,
    Session,
    TcpListener,
    UnixListener,
    WireProtocol,
    serve_in_thread,
)
from dotdo.serving.errors import (
    AddressUnavailable,
    HostStopped,
    TlsUnavailable,
    UnprotectedListener,
)

SILENT = WireProtocol("silent", 0, lambda _context: Session())


def refuse(name: str) -> object:
    raise AssertionError(name)


def start(*listeners, **services) -> None:
    """Start a host and stop it again."""
    with serve_in_thread(Host(listeners, Services(refuse, **services))):
        pass


# --- starting ------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])  # noqa: S104
def test_an_address_beyond_loopback_needs_credentials(host):
    with pytest.raises(UnprotectedListener):
        start(TcpListener(SILENT, host, 0))


def test_an_address_beyond_loopback_is_served_with_credentials(credentials: Credentials):
    start(TcpListener(SILENT, "0.0.0.0", 0), credentials=credentials)  # noqa: S104


def test_a_name_is_served_on_one_port_of_all_its_addresses():
    host = Host([TcpListener(SILENT, "localhost", 0)], Services(refuse))
    with serve_in_thread(host):
        assert len({port for _, port in host.addresses}) == 1
        for address in host.addresses:
            socket.create_connection(address).close()


def test_a_taken_port_is_told_and_leaves_no_listener_behind(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressUnavailable, match="in use"):
            start(UnixListener(SILENT, tmp_path / "s"), TcpListener(SILENT, port=port))
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_nobody_has_is_told():
    with pytest.raises(AddressUnavailable, match="resolve"):
        start(TcpListener(SILENT, "no-such-name.invalid", 0))


def test_tls_from_the_first_byte_needs_a_certificate():
    with pytest.raises(TlsUnavailable):
        start(TcpListener(SILENT, port=0, is_tls_first=True))


def test_a_socket_file_is_only_the_owners_and_goes_with_the_host(tmp_path: Path):
    path = tmp_path / "s"
    with serve_in_thread(Host([UnixListener(SILENT, path)], Services(refuse))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_the_socket_file_of_a_dead_host_is_replaced(tmp_path: Path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    start(UnixListener(SILENT, path))


def test_the_socket_file_of_a_living_host_is_not_replaced(tmp_path: Path):
    path = tmp_path / "s"
    with (
        serve_in_thread(Host([UnixListener(SILENT, path)], Services(refuse))),
        pytest.raises(AddressUnavailable, match="in use"),
    ):
        start(UnixListener(SILENT, path))


def test_a_file_that_is_no_socket_is_not_replaced(tmp_path: Path):
    path = tmp_path / "s"
    path.write_text("mine")
    with pytest.raises(AddressUnavailable):
        start(UnixListener(SILENT, path))
    assert path.read_text() == "mine"


# --- who may do what -----------------------------------------------------------------------


def test_the_right_password_is_needed(serve, credentials: Credentials):
    serving = serve(credentials=credentials)
    client = serving.connect()
    assert client.ask("ECHO x", "AUTH ada s3cret", "ECHO x") == ["ERR not authenticated", "OK", "x"]
    for wrong in ("AUTH ada wrong", "AUTH nobody s3cret"):
        client = serving.connect()
        client.send(wrong)
        assert client.rest() == b"ERR authentication failed\n"


def test_tenants_are_those_granted(serve, credentials: Credentials):
    serving = serve(credentials=credentials)
    client = serving.connect()
    assert client.ask("AUTH ada s3cret", "USE acme", "USE globex@~1", "USE initech") == [
        "OK",
        "OK acme",
        "OK globex@~1",
        "ERR UnknownTenant",
    ]
    client = serving.connect()
    assert client.ask("AUTH bob hunter2", "USE acme@v1", "USE globex", "USE initech") == [
        "OK",
        "OK acme@v1",
        "ERR AccessDenied",
        "ERR AccessDenied",
    ]


def test_without_credentials_every_tenant_is_open(serve):
    assert serve().connect().ask("USE acme", "USE initech") == ["OK acme", "ERR UnknownTenant"]


# --- adopting ------------------------------------------------------------------------------


def test_an_adopted_socket_is_served_from_its_initial_bytes(serve):
    serving = serve()
    ours, theirs = socket.socketpair()
    client = serving.wrap(ours)
    serving.run(serving.host.adopt(serving.protocol, theirs, b"ECHO one\nECHO t"))
    client.send("wo")
    assert [client.line(), client.line()] == ["one", "two"]


def test_a_stopped_host_adopts_nothing():
    host = Host([], Services(refuse))
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(HostStopped):
        asyncio.run(host.adopt(SILENT, theirs))


# --- stopping ------------------------------------------------------------------------------


def test_a_stop_lets_the_request_in_flight_finish(serve):
    serving = serve()
    idle, busy, endless = (serving.connect() for _ in range(3))
    assert idle.ask("ECHO x") == "x"
    busy.send("HOLD", "ECHO after")
    endless.send("GATE endless")
    assert serving.hub.work_started.wait(10)
    serving.wait_until(lambda: "endless" in serving.hub.gates)
    stopping = asyncio.run_coroutine_threadsafe(serving.host.stop(), serving.loop)
    assert idle.rest() == b"BYE shutdown\n"
    assert endless.rest() == b"BYE shutdown\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(_address_of(busy.sock))
    assert not stopping.done()
    serving.hub.release_work.set()
    assert busy.rest() == b"DONE\nafter\nBYE shutdown\n"
    stopping.result(10)
    assert serving.metrics.closed == {CloseReason.SHUTDOWN: 3}
    assert serving.hub.gates["endless"][0].cancelled()


def _address_of(sock: socket.socket) -> tuple[str, int]:
    return sock.getpeername()[:2]


def test_a_stop_abandons_what_outlasts_the_grace(serve):
    serving = serve()
    waiting, working = serving.connect(), serving.connect()
    waiting.send("GATE g")
    working.send("HOLD")
    serving.wait_until(lambda: "g" in serving.hub.gates)
    assert serving.hub.work_started.wait(10)
    serving.run(serving.host.stop(grace_s=0.05))
    assert waiting.rest() == b"BYE shutdown\n"
    assert working.rest() == b"BYE shutdown\n"
    assert serving.host.connections == 0
    assert serving.hub.closed == [CloseReason.SHUTDOWN] * 2


def test_a_stop_does_not_wait_for_a_peer_that_does_not_read(serve):
    serving = serve(linger_s=0.1)
    client = serving.connect()
    client.send(*["BIG 1000000"] * 20)
    serving.wait_until(lambda: any(c._is_write_paused for c in serving.host._roster))
    serving.run(serving.host.stop(grace_s=0.05))
    assert serving.host.connections == 0


def test_a_host_can_be_stopped_twice_and_never_started():
    async def stop_twice() -> int:
        host = Host([TcpListener(SILENT, port=0)], Services(refuse))
        await host.stop()
        await host.start()
        await asyncio.gather(host.stop(), host.stop())
        return host.connections

    assert asyncio.run(stop_twice()) == 0


# --- many, and bad -------------------------------------------------------------------------


def test_a_thousand_connections_leak_nothing(serve):
    serving = serve()
    serving.connect().ask("ECHO warm")

    def open_and_close(how_many: int) -> None:
        for n in range(how_many):
            client = serving.connect()
            if n % 3 == 0:
                client.send("GATE g")
            elif n % 3 == 1:
                assert client.ask("WORK ab") == "ba dotdo-serving"
            client.close()

    threads = [threading.Thread(target=open_and_close, args=(250,)) for _ in range(4)]
    before = _open_descriptors()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    serving.wait_until(lambda: serving.host.connections == 1)
    assert _open_descriptors() == before
    assert serving.count(lambda: len(asyncio.all_tasks(serving.loop))) == 1  # the counting one
    assert serving.metrics.connections == 1001
    serving.hub.gates.clear()
    gc.collect()
    alive = [o for o in gc.get_objects() if type(o).__name__ == "LineSession"]
    assert len([o for o in alive if o.hub is serving.hub]) == 1


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


REQUESTS = st.sampled_from([
    b"ECHO a", b"ECHO " + b"b" * 300, b"WORK cd", b"GATE g 1", b"STREAM 2", b"BIG 1000", b"NOPE",
    b"USE acme", b"ALARM 1", b"\xff\xfe", b"",
])  # fmt: skip
CUTS = st.lists(st.integers(0, 400), max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(requests=st.lists(REQUESTS, max_size=12), cuts=CUTS)
def test_answers_do_not_depend_on_how_the_input_is_cut(shared, requests, cuts):
    stream = b"".join(r + b"\n" for r in requests if b"ALARM" not in r) + b"QUIT\n"
    whole = shared.connect()
    whole.sock.sendall(stream)
    cut = shared.connect()
    edges = sorted({0, len(stream), *(c for c in cuts if c < len(stream))})
    for start_, end in itertools.pairwise(edges):
        cut.sock.sendall(stream[start_:end])
    assert cut.rest() == whole.rest()
    whole.close()
    cut.close()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chunks=st.lists(st.binary(max_size=200) | REQUESTS.map(lambda r: r + b"\n"), max_size=8))
def test_random_bytes_harm_nobody(shared, chunks):
    client = shared.connect()
    try:
        for chunk in chunks:
            client.sock.sendall(chunk)
    except OSError:
        pass  # it was hung up on
    client.close()
    bystander = shared.connect()
    assert bystander.ask("ECHO fine") == "fine"
    bystander.close()
    assert shared.metrics.faults == 0


@pytest.fixture
def shared(serve):
    return serve(max_message_bytes=1000, max_connections=100)
