"""A deployment behind the wire: a server in a process of its own, asked in OP_MSG as a driver would."""

import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

from bson import decode as decode_body
from bson import encode

from dotdo_mongo.mapping.codec import CODEC

Document = dict[str, Any]
SERVER = Path(__file__).parents[3] / "conformance-tests" / "vendor" / "serve_mongo.py"
_HEADER = struct.Struct("<iiii")
_OP_MSG = 2013


class Wire:
    """A server of its own, and one connection to it."""

    def __init__(self) -> None:
        self.server = subprocess.Popen(
            [sys.executable, str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.server.stdout
        port = int(self.server.stdout.readline())
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.number = 0

    def run(self, db: str, command: Document) -> Document:
        """Return the reply to a command.

        Raises:
            ConnectionError: The server has closed the connection.
        """
        self.number += 1
        body = b"\0\0\0\0\0" + encode({**command, "$db": db}, False, CODEC)
        length = _HEADER.size + len(body)
        self.socket.sendall(_HEADER.pack(length, self.number, 0, _OP_MSG) + body)
        length, _, answered, code = _HEADER.unpack(self._read(_HEADER.size))
        content = self._read(length - _HEADER.size)
        if (answered, code) != (self.number, _OP_MSG):
            raise ConnectionError(f"an answer to {answered} in {code}")
        return dict(decode_body(content[5:], CODEC))

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = self.socket.recv(count - len(parts))
            if not part:
                raise ConnectionError("the server has closed the connection")
            parts += part
        return bytes(parts)

    def drop(self, db: str) -> None:
        """Forget a database."""
        self.run(db, {"dropDatabase": 1})

    def close(self) -> None:
        """Stop the server."""
        self.socket.close()
        self.server.communicate()
