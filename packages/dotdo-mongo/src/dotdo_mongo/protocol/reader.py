"""The reader of one connection's input: whole requests out of bytes in any pieces; it does no I/O."""

from collections.abc import Iterator

from dotdo_mongo.protocol.compression import unpack
from dotdo_mongo.protocol.crc32c import crc32c
from dotdo_mongo.protocol.messages import (
    CHECKSUM_PRESENT,
    OP_COMPRESSED,
    OP_MSG,
    OP_QUERY,
    InvalidDocument,
    MalformedMessage,
    Message,
    header_of,
    op_query,
    read_body,
    split,
)

_HEADER_BYTES = 16


class MessageReader:
    """Keeps what has come of a message and gives whole ones.

    Args:
        max_bytes: Longest message that is read.
    """

    def __init__(self, max_bytes: int) -> None:
        self._buffer = b""
        self.max_bytes = max_bytes

    def feed(self, data: bytes) -> None:
        """Take input."""
        self._buffer = self._buffer + data if self._buffer else data

    def messages(self) -> Iterator[Message]:
        """Yield every whole message; what is left over stays.

        Raises:
            MalformedMessage: The input is no message.
            InvalidDocument: A message holds invalid BSON; those after it can still be read.
        """
        while True:
            buffer = self._buffer
            bounds = next(split(buffer), None)
            if len(buffer) >= _HEADER_BYTES and header_of(buffer)[0] > self.max_bytes:
                raise MalformedMessage("a message is too long")
            if bounds is None:
                return
            end = bounds[1]
            self._buffer = buffer[end:]
            yield _read(buffer[:end])


def _read(data: bytes) -> Message:
    _, request_id, _, opcode = header_of(data)
    compressor = 0
    body, start = data, _HEADER_BYTES
    if opcode == OP_COMPRESSED:
        opcode, compressor, body = unpack(data, start, len(data))
        start = 0
    try:
        return _message(data, (body, start), opcode, request_id, compressor)
    except InvalidDocument as invalid:
        invalid.request_id, invalid.is_legacy = request_id, opcode == OP_QUERY
        invalid.flags = (
            0 if invalid.is_legacy else int.from_bytes(body[start : start + 4], "little")
        )
        raise


def _message(
    data: bytes, within: tuple[bytes, int], opcode: int, request_id: int, compressor: int
) -> Message:
    body, start = within
    if opcode == OP_QUERY:
        return Message(
            request_id, op_query(body, start, len(body)), is_legacy=True, compressor=compressor
        )
    if opcode != OP_MSG:
        raise MalformedMessage(f"unknown opcode {opcode}")
    end = len(body)
    if end - start < 5:
        raise MalformedMessage("a message is cut off")
    if body[start] & CHECKSUM_PRESENT:
        end -= 4
        if not compressor and crc32c(data[:-4]) != int.from_bytes(data[-4:], "little"):
            raise MalformedMessage("checksum does not match")
    flags, document, sequences = read_body(body, start, end)
    return Message(request_id, document, flags, sequences, compressor=compressor)
