"""A small line protocol that uses the whole contract, and hosts that serve it on real sockets."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from dotdo.errors import UnknownTenant
from dotdo.serving import (
    CLOSE,
    DRAIN,
    Close,
    CloseReason,
    Control,
    Credentials,
    Host,
    Limits,
    Reply,
    ScramExchange,
    Services,
    Session,
    SessionContext,
    StartTls,
    Step,
    TcpListener,
    UnixListener,
    Wait,
    WireProtocol,
    Work,
    self_signed,
    serve_in_thread,
    server_context,
)
from dotdo.serving.errors import (
    AccessDenied,
    AuthenticationFailed,
    OversizeMessage,
    ProtocolViolation,
)

Answer = Generator[tuple[bytes, Control], None, bytes]


def resolve_tenant(name: str) -> str:
    if name.partition("@")[0] not in {"acme", "globex"}:
        raise UnknownTenant(name)
    return name


class Hub:
    """What the sessions of one test share: subscribers, gates, and what was closed."""

    def __init__(self) -> None:
        self.subscribers: dict[str, LineSession] = {}
        self.gates: dict[str, list[Future[None]]] = {}
        self.closed: list[CloseReason] = []
        self.release_work = threading.Event()
        self.work_started = threading.Event()

    def open_gate(self, name: str) -> None:
        for waiter in self.gates.pop(name, []):
            if not waiter.done():
                waiter.set_result(None)


class LineSession(Session):
    """Requests are lines; each is answered by a line; a generator yields where it suspends."""

    def __init__(self, context: SessionContext, hub: Hub) -> None:
        self.context = context
        self.hub = hub
        self.buffer = b""
        self.running: Answer | None = None
        self.waiter: Future[None] | None = None
        self.wait: Wait | None = None
        self.is_cancelled = threading.Event()
        self.scram: ScramExchange | None = None
        self.user: str | None = None
        self.notices: list[bytes] = []
        self.is_established = context.credentials is None

    def receive(self, data: bytes) -> Reply:
        self.buffer += data
        if not self.buffer or self.buffer[0] != 0x16:
            return self._answer_lines()
        received, self.buffer = self.buffer, b""
        return Step(b"", StartTls(received))

    def resume(self) -> Reply:
        return self._answer_lines()

    def woken(self) -> Reply:
        notices, self.notices = self.notices, []
        return b"".join(notices)

    def farewell(self, reason: CloseReason) -> bytes:
        return b"BYE " + reason.value.encode() + b"\n"

    def cancel(self) -> None:
        self.is_cancelled.set()
        if self.wait is not None:
            self.wait.cancel()

    def closed(self, reason: CloseReason) -> None:
        self.hub.closed.append(reason)
        self.hub.subscribers = {k: v for k, v in self.hub.subscribers.items() if v is not self}
        if self.waiter is not None:
            self.waiter.cancel()

    def _answer_lines(self) -> Reply:
        output = []
        while True:
            if self.running is None:
                line, newline, rest = self.buffer.partition(b"\n")
                if len(line) > self.context.limits.max_message_bytes:
                    output.append(b"ERR line too long\n")
                    return Step(b"".join(output), Close(CloseReason.OVERSIZE))
                if not newline:
                    return b"".join(output)
                self.buffer = rest
                self.running = self._answer(line)
            try:
                part, control = next(self.running)
            except StopIteration as end:
                self.running = None
                output.append(end.value)
                self.context.metrics.requests += 1
                continue
            output.append(part)
            if isinstance(control, Close | StartTls):
                self.running = None
            return Step(b"".join(output), control)

    def _answer(self, line: bytes) -> Answer:
        verb, _, argument = line.partition(b" ")
        method = getattr(self, "_" + verb.decode("ascii", "replace").lower(), None)
        allowed = {b"AUTH", b"SCRAM", b"PROOF", b"TLS", b"CANCEL", b"QUIT"}
        if not verb.isalpha() or method is None or verb.lower() == b"answer":
            return (yield from self._error(b"unknown request"))
        if not self.is_established and verb not in allowed:
            return (yield from self._error(b"not authenticated"))
        return (yield from method(argument))

    def _error(self, text: bytes) -> Answer:
        self.context.metrics.errors += 1
        return b"ERR " + text + b"\n"
        yield

    def _echo(self, argument: bytes) -> Answer:
        return argument + b"\n"
        yield

    def _auth(self, argument: bytes) -> Answer:
        user, _, password = argument.decode().partition(" ")
        work = Work(lambda: self.context.credentials.check_password(user, password))
        yield b"", work
        try:
            work.result()
        except AuthenticationFailed:
            yield b"ERR authentication failed\n", CLOSE
        self.user, self.is_established = user, True
        return b"OK\n"

    def _scram(self, argument: bytes) -> Answer:
        self.scram = ScramExchange(self.context.credentials.verifier, self.context.randomness)
        return self.scram.first(argument) + b"\n"
        yield

    def _proof(self, argument: bytes) -> Answer:
        try:
            last = self.scram.final(argument)
        except AuthenticationFailed:
            return (yield from self._error(b"authentication failed"))
        self.user, self.is_established = self.scram.user, True
        return last + b"\n"

    def _use(self, argument: bytes) -> Answer:
        try:
            tenant = self.context.open_tenant(argument.decode(), self.user)
        except (UnknownTenant, AccessDenied) as error:
            return (yield from self._error(type(error).__name__.encode()))
        return f"OK {tenant}\n".encode()

    def _gate(self, argument: bytes) -> Answer:
        """Wait until somebody opens the gate; `GATE name timeout_ms`, 0 for ever."""
        name, _, timeout_ms = argument.decode().partition(" ")
        timeout_s = int(timeout_ms or 0) / 1000 or None
        self.waiter = Future()
        self.hub.gates.setdefault(name, []).append(self.waiter)
        wait = self.wait = Wait(self.waiter, timeout_s, ends_on_stop=name == "endless")
        yield b"", wait
        if wait.is_timed_out:
            return b"TIMEOUT\n"
        if wait.is_cancelled:
            return b"CANCELLED\n"
        return b"OPEN " + name.encode() + b"\n"

    def _open(self, argument: bytes) -> Answer:
        self.hub.open_gate(argument.decode())
        return b"OK\n"
        yield

    def _work(self, argument: bytes) -> Answer:
        work = Work(lambda: (argument[::-1], threading.current_thread().name))
        yield b"", work
        value, thread = work.result()
        return value + b" " + thread.partition("_")[0].encode() + b"\n"

    def _hold(self, argument: bytes) -> Answer:
        """Occupy a worker thread until the test lets go or the request is cancelled."""

        def hold() -> None:
            self.hub.work_started.set()
            while not (self.hub.release_work.is_set() or self.is_cancelled.is_set()):
                time.sleep(0.002)

        work = Work(hold)
        yield b"", work
        return b"CANCELLED\n" if self.is_cancelled.is_set() else b"DONE\n"

    def _key(self, argument: bytes) -> Answer:
        secret = self.context.cancellations.register(self.context.facts.number, self.cancel, 8)
        return f"{self.context.facts.number} {secret.hex()}\n".encode()
        yield

    def _cancel(self, argument: bytes) -> Answer:
        number, secret = argument.decode().split()
        hit = self.context.cancellations.cancel(int(number), bytes.fromhex(secret))
        yield (b"OK\n" if hit else b"NO\n"), CLOSE
        return b""

    def _subscribe(self, argument: bytes) -> Answer:
        self.hub.subscribers[argument.decode()] = self
        self.expects_pushes = True
        return b"OK\n"
        yield

    def _push(self, argument: bytes) -> Answer:
        name, _, text = argument.partition(b" ")
        target = self.hub.subscribers.get(name.decode())
        if target is None:
            return (yield from self._error(b"no such subscriber"))
        target.context.channel.push(b"PUSH " + text + b"\n")
        return b"OK\n"

    def _notify(self, argument: bytes) -> Answer:
        name, _, text = argument.partition(b" ")
        target = self.hub.subscribers[name.decode()]
        target.notices.append(b"NOTICE " + text + b"\n")
        target.context.channel.wake()
        return b"OK\n"
        yield

    def _kill(self, argument: bytes) -> Answer:
        self.hub.subscribers[argument.decode()].context.channel.close()
        return b"OK\n"
        yield

    def _alarm(self, argument: bytes) -> Answer:
        self.notices.append(b"ALARM\n")
        self.context.channel.wake(int(argument) / 1000)
        return b"OK\n"
        yield

    def _big(self, argument: bytes) -> Answer:
        return b"x" * int(argument) + b"\n"
        yield

    def _stream(self, argument: bytes) -> Answer:
        """Send so many parts of 64 KiB, each after the peer has taken the one before."""
        for _ in range(int(argument)):
            yield b"y" * 65535 + b"\n", DRAIN
        return b"END\n"

    def _tls(self, argument: bytes) -> Answer:
        if not self.context.can_start_tls:
            return (yield from self._error(b"no TLS"))
        yield b"GO\n", StartTls()
        return b""

    def _facts(self, argument: bytes) -> Answer:
        tls = self.context.facts.tls
        return f"{tls.version if tls else 'plain'} {tls.alpn if tls else None}\n".encode()
        yield

    def _crash(self, argument: bytes) -> Answer:
        kinds = {b"oversize": OversizeMessage, b"violation": ProtocolViolation}
        raise kinds.get(argument, RuntimeError)("crashed on " + argument.decode())
        yield

    def _quit(self, argument: bytes) -> Answer:
        yield b"BYE\n", CLOSE
        return b""


class LineClient:
    """A client of the line protocol on a blocking socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.settimeout(20)
        self.buffer = b""

    def send(self, *lines: str | bytes) -> None:
        encoded = [line.encode() if isinstance(line, str) else line for line in lines]
        self.sock.sendall(b"".join(line + b"\n" for line in encoded))

    def line(self) -> str:
        while b"\n" not in self.buffer:
            data = self.sock.recv(1 << 16)
            if not data:
                raise EOFError(self.buffer)
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode()

    def ask(self, *lines: str | bytes) -> str | list[str]:
        self.send(*lines)
        answers = [self.line() for _ in lines]
        return answers[0] if len(answers) == 1 else answers

    def rest(self) -> bytes:
        """Return everything up to the end of the connection."""
        received = self.buffer
        try:
            while data := self.sock.recv(1 << 16):
                received += data
        except ConnectionResetError:
            received += b"<reset>"
        return received

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")

    def close(self) -> None:
        self.sock.close()


@dataclass
class Serving:
    """A host that runs in a thread, and what a test does with it."""

    host: Host
    hub: Hub
    loop: asyncio.AbstractEventLoop
    protocol: WireProtocol
    clients: ExitStack

    def connect(self, index: int = 0) -> LineClient:
        address = self.host.addresses[index]
        if isinstance(address, Path):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(address))
        else:
            sock = socket.create_connection(address)
        return self.wrap(sock)

    def wrap(self, sock: socket.socket) -> LineClient:
        client = LineClient(sock)
        self.clients.callback(client.close)
        return client

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def count(self, measure: Callable[[], object]) -> object:
        """Evaluate something on the loop."""

        async def evaluate() -> object:
            return measure()

        return self.run(evaluate())

    def wait_until(self, condition: Callable[[], bool]) -> None:
        for _ in range(2000):
            if self.count(condition):
                return
            time.sleep(0.005)
        raise AssertionError("the condition never came true")

    @property
    def metrics(self):
        return self.host.metrics["line"]


@pytest.fixture(params=["asyncio", "uvloop"])
def new_loop(request) -> Callable[[], asyncio.AbstractEventLoop]:
    if request.param == "asyncio":
        return asyncio.new_event_loop
    return pytest.importorskip("uvloop").new_event_loop


@pytest.fixture
def serve(new_loop, tmp_path) -> Iterator[Callable[..., Serving]]:
    """Start a host: `serve(limits..., unix=, credentials=, tls=, tls_first=)`."""
    with ExitStack() as stack:

        def start(*, unix=False, credentials=None, tls=None, tls_first=False, **limits) -> Serving:
            hub = Hub()
            limits = {"grace_s": 5.0, "linger_s": 0.5} | limits
            protocol = WireProtocol(
                name="line",
                default_port=0,
                session_factory=lambda context: LineSession(context, hub),
                refusal=lambda reason: b"REFUSED " + reason.value.encode() + b"\n",
                alpn=("line",),
            )
            services = Services(
                resolve_tenant, credentials=credentials, limits=Limits(**limits), tls=tls
            )
            listener = (
                UnixListener(protocol, tmp_path / "s")
                if unix
                else TcpListener(protocol, port=0, is_tls_first=tls_first)
            )
            host = Host([listener], services)
            loop = stack.enter_context(serve_in_thread(host, new_loop()))
            stack.callback(hub.release_work.set)
            clients = stack.enter_context(ExitStack())
            return Serving(host, hub, loop, protocol, clients)

        yield start


@pytest.fixture(scope="session")
def credentials() -> Credentials:
    made = Credentials(iterations=4096)
    made.set_password("ada", "s3cret")
    made.set_password("bob", "hunter2", tenants=["acme"])
    return made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server_tls(certificate) -> ssl.SSLContext:
    return server_context(*certificate)


@pytest.fixture
def client_tls(certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate[0])
    context.set_alpn_protocols(["line"])
    return context
