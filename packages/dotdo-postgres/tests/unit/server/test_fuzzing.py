"""Mutated messages: whatever comes, the session answers in its protocol or ends the connection; it neither raises nor hangs, and others go on.

`DOTDO_FUZZ_FRAMES` says how many messages a run mutates; a million in a full run.
"""

import os
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dotdo.serving import Close, CloseReason, Drain, Limits, SessionContext, Step, Wait, Work
from dotdo.serving.cancellation import CancelRegistry
from dotdo.serving.context import ConnectionFacts
from dotdo.serving.metrics import ProtocolMetrics
from dotdo.tenancy import Home, open_tenant
from dotdo_postgres.server.session import WireSession

FRAMES = int(os.environ.get("DOTDO_FUZZ_FRAMES", "4000"))
MAX_STEPS = 200
KINDS = b"QPBDECSHFXdcfpZ\0"


def frame(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


STARTUP_BODY = struct.pack("!I", 3 << 16) + b"user\0ann\0database\0shop\0\0"
STARTUP = struct.pack("!I", len(STARTUP_BODY) + 4) + STARTUP_BODY
SEEDS = (
    frame(b"Q", b"select 1, 'x'; select 2\0"),
    frame(b"Q", b"begin; insert into item values (7, 'x'); rollback\0"),
    frame(b"Q", b"copy item to stdout\0"),
    frame(b"Q", b"copy item from stdin\0"),
    frame(b"d", b"5\tfive\n"),
    frame(b"c", b""),
    frame(b"f", b"no more\0"),
    frame(b"P", b"s\0select $1::int, id from item\0" + struct.pack("!HI", 1, 23)),
    frame(b"B", b"p\0s\0" + struct.pack("!HHHi", 1, 1, 1, 4) + b"\0\0\0\7" + struct.pack("!HH", 1, 1)),
    frame(b"D", b"Ss\0"),
    frame(b"D", b"Pp\0"),
    frame(b"E", b"p\0" + struct.pack("!i", 1)),
    frame(b"C", b"Pp\0"),
    frame(b"H", b""),
    frame(b"S", b""),
)  # fmt: skip


METRICS = ProtocolMetrics()


class Silence:
    """A channel that nobody is at the other end of."""

    unsent_bytes = 0

    def push(self, data: bytes) -> None:
        pass

    def wake(self, delay_s: float = 0.0) -> None:
        pass

    def close(self, reason: CloseReason = CloseReason.TERMINATED) -> None:
        pass


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], WireSession]]:
    home = Home(str(Path(tmp_path_factory.mktemp("fuzz"))))
    tenant = open_tenant("shop", create=True, home=home)
    session = tenant.store.session()
    session.close()

    def resolve(name: str) -> object:
        return open_tenant(name, create=False, home=home)

    def make_one() -> WireSession:
        facts = ConnectionFacts(1, "127.0.0.1", 1, "127.0.0.1", is_unix=False)
        context = SessionContext(
            facts=facts,
            channel=Silence(),
            resolve_tenant=resolve,
            credentials=None,
            cancellations=CancelRegistry(os.urandom),
            can_start_tls=False,
            limits=Limits(max_message_bytes=1 << 16),
            metrics=METRICS,
            clock=lambda: 1_700_000_000_000_000,
            randomness=os.urandom,
        )
        return WireSession(context)

    first = make_one()
    table = b"create table if not exists item (id int primary key, name text)\0"
    assert b"Z" in converse(first, STARTUP + frame(b"Q", table))[0]
    first.closed(CloseReason.LOST)
    yield make_one
    home.close()


def converse(session: WireSession, data: bytes) -> tuple[bytes, bool]:
    """Give input and do what the session asks for; return what it said, and whether it goes on."""
    said = b""
    reply: Any = session.receive(data)
    for _ in range(MAX_STEPS):
        if not isinstance(reply, Step):
            return said + reply, True
        said += reply.output
        control = reply.control
        if isinstance(control, Close):
            return said, False
        if isinstance(control, Work):
            control.run()
        assert isinstance(control, Work | Drain | Wait)
        reply = session.resume()
    raise AssertionError("the session asks for ever")


def check_messages(said: bytes) -> None:
    """See that output is whole messages."""
    at = 0
    while at < len(said):
        (length,) = struct.unpack_from("!I", said, at + 1)
        assert length >= 4
        at += 1 + length
    assert at == len(said)


def mutated(random_: random.Random, seed: bytes) -> bytes:
    data = bytearray(seed)
    for _ in range(random_.randrange(4)):
        match random_.randrange(5):
            case 0 if data:
                data[random_.randrange(len(data))] = random_.randrange(256)
            case 1 if data:
                del data[random_.randrange(len(data)) :]
            case 2:
                at = random_.randrange(len(data) + 1)
                data[at:at] = random_.randbytes(random_.randrange(1, 9))
            case 3 if data:
                data[0] = random_.choice(KINDS)
            case _ if len(data) > 5:
                body = bytes(data[5:])
                data[:] = frame(bytes(data[:1]), body)
    return bytes(data)


def test_mutated_messages_never_break_a_session(make: Callable[[], WireSession]) -> None:
    random_ = random.Random(20261121)
    left = FRAMES
    while left > 0:
        session = make()
        said, goes_on = converse(session, STARTUP)
        for _ in range(random_.randrange(1, 60)):
            if not goes_on:
                break
            left -= 1
            said, goes_on = converse(session, mutated(random_, random_.choice(SEEDS)))
            check_messages(said)
        session.closed(CloseReason.LOST)
    assert METRICS.faults == 0


def test_a_broken_conversation_harms_no_other(make: Callable[[], WireSession]) -> None:
    healthy, broken = make(), make()
    for session in (healthy, broken):
        converse(session, STARTUP)
    converse(broken, frame(b"Q", b"begin; insert into item values (-1, 'lost')\0"))
    said, goes_on = converse(broken, b"\xff" * 50)
    assert b"invalid frontend message type" in said
    assert not goes_on
    broken.closed(CloseReason.VIOLATION)
    said, _ = converse(healthy, frame(b"Q", b"select count(*) from item where name = 'lost'\0"))
    assert b"\0\0\0\x010C" in said  # one row, nothing of the other's transaction
    healthy.closed(CloseReason.LOST)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    pieces=st.lists(
        st.one_of(
            st.sampled_from(SEEDS),
            st.binary(max_size=40),
            st.builds(
                frame,
                st.sampled_from([bytes([kind]) for kind in KINDS]),
                st.binary(max_size=60),
            ),
        ),
        max_size=12,
    ),
    startup=st.one_of(st.just(STARTUP), st.binary(max_size=30)),
)
def test_any_bytes_are_answered_in_whole_messages(
    make: Callable[[], WireSession], pieces: list[bytes], startup: bytes
) -> None:
    session = make()
    said, goes_on = converse(session, startup)
    for piece in pieces:
        if not goes_on:
            break
        said, goes_on = converse(session, piece)
        if session.is_established:
            check_messages(said)
    session.closed(CloseReason.LOST)


def test_a_message_beyond_the_limit_ends_the_connection(make: Callable[[], WireSession]) -> None:
    session = make()
    converse(session, STARTUP)
    said, goes_on = converse(session, b"Q" + struct.pack("!I", 1 << 30))
    assert (b"invalid message length" in said, goes_on) == (True, False)
    session.closed(CloseReason.OVERSIZE)
