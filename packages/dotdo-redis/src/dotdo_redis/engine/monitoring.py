"""What MONITOR shows of a call; it refuses to send it."""

from typing import TYPE_CHECKING

from dotdo_redis.mapping.replies import Status

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState

_ESCAPES = {
    0x5C: b"\\\\",
    0x22: b'\\"',
    0x0A: b"\\n",
    0x0D: b"\\r",
    0x09: b"\\t",
    0x07: b"\\a",
    0x08: b"\\b",
}


def quoted(word: bytes) -> bytes:
    r"""Spell bytes in quotes, printable ASCII as it is, the rest as \n or \xHH."""
    pieces = [
        _ESCAPES.get(byte) or (bytes((byte,)) if 0x20 <= byte < 0x7F else b"\\x%02x" % byte)
        for byte in word
    ]
    return b'"%b"' % b"".join(pieces)


def shown_call(now_us: int, client: "ClientState", words: list[bytes]) -> Status:
    """Give the line of a call: time, database and caller, words."""
    at = b"%d.%06d" % divmod(now_us, 1_000_000)
    caller = b"lua" if "lua" in client.flags else client.address.encode()
    return Status(b"%b [%d %b] %b" % (at, client.db, caller, b" ".join(map(quoted, words))))
