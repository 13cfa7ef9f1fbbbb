"""Calls of Redis 8's families, byte for byte as a server with its modules answers them; DOTDO_REAL_MODULES names one, to be emptied."""

import os
import shlex
import socket
import time
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from dotdo_redis.engine import Engine
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.registry import build
from dotdo_redis.protocol import write_reply

CALLS = Path(__file__).with_name("families.txt")
ADDRESS = os.environ.get("DOTDO_REAL_MODULES", "")


class RawWire:
    """A connection that gives replies as the bytes they are."""

    def __init__(self, address):
        self.socket = socket.create_connection(address)
        self.stream = self.socket.makefile("rb")

    def ask(self, words):
        parts = [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(parts))
        return self.read()

    def read(self):
        line = self.stream.readline()
        mark, out = line[:1], line
        if mark in b"$=!" and int(line[1:]) >= 0:
            out += self.stream.read(int(line[1:]) + 2)
        elif mark in b"*~>%|":
            count = int(line[1:]) * (2 if mark in b"%|" else 1)
            out += b"".join(self.read() for _ in range(count))
        return out

    def close(self):
        self.stream.close()
        self.socket.close()


def words_of(line):
    r"""A line as words; `\x41` in one is a byte."""
    words = shlex.split(line)
    return [
        word.encode().decode("unicode_escape").encode("latin1") if "\\x" in word else word.encode()
        for word in words
    ]


@pytest.mark.skipif(not ADDRESS, reason="no server with modules (DOTDO_REAL_MODULES)")
@pytest.mark.parametrize("protocol", [2, 3])
def test_the_families_answer_as_the_modules_do(protocol):
    parts = urlsplit(ADDRESS)
    wire = RawWire((parts.hostname or "127.0.0.1", parts.port or 6379))
    engine = Engine(
        build(),
        clock=lambda: time.time_ns() // 1000,
        randomness=Random(1),
        config=Config((7, 4, 1)),  # the scorer that search had before 8.0
    )
    client = engine.connect(lambda _push: None)
    engine.execute(client, [b"HELLO", b"%d" % protocol])
    wire.ask([b"HELLO", b"%d" % protocol])
    differing = []
    for line in CALLS.read_text().splitlines():
        ours: list[bytes] = []
        write_reply(engine.execute(client, words_of(line)), ours.append, protocol)
        theirs = wire.ask(words_of(line))
        if b"".join(ours) != theirs:
            differing.append((line, b"".join(ours), theirs))
    wire.close()
    assert not differing, differing[:3]
