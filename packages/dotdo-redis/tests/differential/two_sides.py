"""The two sides of a comparison: our engine and a real server, each with several connections, and how their replies are told."""

import socket
import time
from dataclasses import dataclass, field
from random import Random

from dotdo_redis.engine import Blocked, Engine
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.numbers_text import double_text
from dotdo_redis.engine.registry import build
from dotdo_redis.protocol import write_reply

TABLE = build()


class Stream:
    """Replies read as (mark, value) from bytes that `more` gives."""

    def __init__(self, more) -> None:
        self.more, self.held = more, b""

    def line(self) -> bytes:
        while (end := self.held.find(b"\r\n")) < 0:
            self.held += self.more()
        found, self.held = self.held[:end], self.held[end + 2 :]
        return found

    def exactly(self, count: int) -> bytes:
        while len(self.held) < count:
            self.held += self.more()
        found, self.held = self.held[:count], self.held[count:]
        return found

    def reply(self):
        """One reply: (mark, bytes), or (mark, list of replies)."""
        line = self.line()
        mark, rest = line[:1].decode(), line[1:]
        if mark in "$=!" and rest != b"-1":
            return mark, self.exactly(int(rest) + 2)[:-2]
        if mark in "*~>%" and rest != b"-1":
            count = int(rest) * (2 if mark == "%" else 1)
            return mark, [self.reply() for _ in range(count)]
        return mark, rest


def told(reply, resp: int, config: Config | None = None):
    """A reply of ours as it stands on the wire, numbers spelled as the release does that `config` names."""
    parts: list[bytes] = []
    write_reply(
        reply if config is None or resp == 3 else spelled(reply, config), parts.append, resp
    )
    return Stream(iter([b"".join(parts)]).__next__).reply()


def spelled(reply, config: Config):
    """The same reply with texts for doubles."""
    if reply.__class__ is float:
        return double_text(reply, config)
    if reply.__class__ is dict:
        return {key: spelled(value, config) for key, value in reply.items()}
    return [spelled(item, config) for item in reply] if reply.__class__ is list else reply


class RealConnection:
    """A connection to the real server."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.settimeout(5)
        self.stream = Stream(self._more)
        self.pushes: list = []

    def _more(self) -> bytes:
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError("the server closed the connection")
        return data

    def close(self) -> None:
        self.socket.close()

    def send(self, *words: bytes) -> None:
        parts = [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(parts))

    def read(self):
        """The next reply; pushes before it are put aside."""
        while True:
            reply = self.stream.reply()
            if reply[0] != ">":
                return reply
            self.pushes.append(reply)

    def ask(self, *words: bytes):
        self.send(*words)
        return self.read()


@dataclass
class OurConnection:
    """A connection to our engine."""

    engine: Engine
    pushes: list = field(default_factory=list)
    blocked: Blocked | None = None

    def __post_init__(self) -> None:
        self.client = self.engine.connect(self.pushes.append)

    def ask(self, *words: bytes):
        reply = self.engine.execute(self.client, list(words))
        if isinstance(reply, Blocked):
            if reply.done:
                return told(reply.reply, self.client.resp, self.engine.config)
            self.blocked = reply
            return None
        return told(reply, self.client.resp, self.engine.config)

    def answer(self):
        """What a call that waited is answered; None while it waits."""
        if self.blocked is None or not self.blocked.done:
            return None
        reply, self.blocked = self.blocked.reply, None
        return told(reply, self.client.resp, self.engine.config)


def new_engine(release: tuple[int, int, int]) -> Engine:
    """An engine on the clock of the machine."""
    return Engine(
        TABLE, clock=lambda: time.time_ns() // 1000, randomness=Random(1), config=Config(release)
    )
