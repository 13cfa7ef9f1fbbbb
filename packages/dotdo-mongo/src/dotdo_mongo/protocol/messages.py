"""OP_MSG and its elders between bytes and documents; refuses lengths, flags and checksums that do not fit, and does no I/O."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from bson import encode as bson_encode
from bson.errors import BSONError

from dotdo_mongo.errors import code_name
from dotdo_mongo.mapping.codec import CODEC, Document, decode
from dotdo_mongo.mapping.depth import MAX_READ, is_deeper

OP_REPLY, OP_QUERY, OP_COMPRESSED, OP_MSG = 1, 2004, 2012, 2013
CHECKSUM_PRESENT, MORE_TO_COME, EXHAUST_ALLOWED = 1, 2, 1 << 16
MAX_MESSAGE_BYTES = 48_000_000
_REQUIRED_FLAGS = 0xFFFF & ~(CHECKSUM_PRESENT | MORE_TO_COME)
_HEADER = struct.Struct("<iiii")
_INT = struct.Struct("<i")
_UINT = struct.Struct("<I")
_REPLY = struct.Struct("<iqii")
_MIN_DOCUMENT = 5

_TOO_DEEP = f"BSONObj exceeds maximum nested object depth: {MAX_READ}"

Sequences: TypeAlias = dict[str, list[bytes]]


class MalformedMessage(Exception):
    """Bytes that are no message of the protocol; the connection cannot go on."""


class InvalidDocument(Exception):
    """A message whose frame is right and whose BSON is not; the peer is told so, and the connection goes on.

    Args:
        code: MongoDB's.
        text: MongoDB's text.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text
        self.request_id, self.flags, self.is_legacy = 0, 0, False

    def reply(self) -> Document:
        """Return what the peer is told."""
        return {"ok": 0.0, "errmsg": self.text, "code": self.code, "codeName": code_name(self.code)}


@dataclass(slots=True)
class Message:
    """One request as it came.

    Args:
        request_id: The peer's number of it.
        body: The command, document sequences merged in.
        flags: Of OP_MSG.
        sequences: Document sequences as sent.
        is_legacy: It came as OP_QUERY and is answered as OP_REPLY.
        compressor: It came compressed by this, and so goes the reply.
    """

    request_id: int
    body: Document
    flags: int = 0
    sequences: Sequences = field(default_factory=dict)
    is_legacy: bool = False
    compressor: int = 0

    @property
    def wants_reply(self) -> bool:
        """The peer waits for an answer."""
        return not self.flags & MORE_TO_COME


def read_body(data: bytes, start: int, end: int) -> tuple[int, Document, Sequences]:
    """Read the part of an OP_MSG that follows its header.

    Args:
        data: Holds it.
        start: Where it begins.
        end: Where it ends, a checksum left out.

    Returns:
        Flags, the command with its sequences merged in, the sequences as sent.

    Raises:
        MalformedMessage: Lengths or kinds do not fit.
        InvalidDocument: What is framed is no BSON.
    """
    (flags,) = _UINT.unpack_from(data, start)
    if flags & _REQUIRED_FLAGS:
        raise MalformedMessage(f"unknown required flag bits {flags & _REQUIRED_FLAGS:#x}")
    body: Document | None = None
    sequences: Sequences = {}
    at = start + 4
    while at < end:
        kind = data[at]
        at += 1
        if kind == 0:
            if body is not None:
                raise MalformedMessage("more than one body section")
            length = _length(data, at, end)
            body = _document(data[at : at + length])
        elif kind == 1:
            length = _length(data, at, end)
            name, documents = _sequence(data, at + 4, at + length)
            if name in sequences:
                raise MalformedMessage(f"duplicate document sequence {name}")
            sequences[name] = documents
        else:
            raise MalformedMessage(f"unknown section kind {kind}")
        at += length
    if body is None:
        raise MalformedMessage("no body section")
    for name, documents in sequences.items():
        if name in body:
            raise MalformedMessage(f"duplicate field {name}")
        body[name] = [_document(document) for document in documents]
    return flags, body, sequences


def _document(data: bytes) -> Document:
    """Decode a document that a peer sent.

    Raises:
        InvalidDocument: It is none (code 22), or nests too deep (code 15).
    """
    try:
        document = decode(data)
    except (BSONError, ValueError, OverflowError) as error:
        raise InvalidDocument(22, f"invalid BSON: {error}") from error
    except RecursionError as error:
        raise InvalidDocument(15, _TOO_DEEP) from error
    if is_deeper(document, data, MAX_READ):
        raise InvalidDocument(15, _TOO_DEEP)
    return document


def _length(data: bytes, at: int, end: int) -> int:
    if at + 4 > end:
        raise MalformedMessage("a section is cut off")
    (length,) = _INT.unpack_from(data, at)
    if length < _MIN_DOCUMENT or at + length > end:
        raise MalformedMessage("a section's length does not fit")
    return int(length)


def _sequence(data: bytes, at: int, end: int) -> tuple[str, list[bytes]]:
    stop = data.find(b"\0", at, end)
    if stop < 0:
        raise MalformedMessage("a document sequence has no name")
    name = data[at:stop].decode()
    documents = []
    at = stop + 1
    while at < end:
        length = _length(data, at, end)
        documents.append(data[at : at + length])
        at += length
    return name, documents


def encode_document(document: Document) -> bytes:
    """Return the BSON of a reply."""
    return bson_encode(document, False, CODEC)


def op_msg(document: bytes, request_id: int, response_to: int, flags: int = 0) -> bytes:
    """Return an OP_MSG of one body section."""
    header = _HEADER.pack(21 + len(document), request_id, response_to, OP_MSG)
    return b"".join((header, _UINT.pack(flags), b"\0", document))


def op_reply(document: bytes, request_id: int, response_to: int) -> bytes:
    """Return an OP_REPLY of one document."""
    header = _HEADER.pack(36 + len(document), request_id, response_to, OP_REPLY)
    return b"".join((header, _REPLY.pack(8, 0, 0, 1), document))


def header_of(data: bytes, at: int = 0) -> tuple[int, int, int, int]:
    """Return length, request id, response-to and opcode."""
    length, request_id, response_to, opcode = _HEADER.unpack_from(data, at)
    return length, request_id, response_to, opcode


def op_query(data: bytes, start: int, end: int) -> Document:
    """Return the command of an OP_QUERY, `$db` filled in from its namespace.

    Raises:
        MalformedMessage: It is none, or asks for no command.
    """
    stop = data.find(b"\0", start + 4, end)
    if stop < 0:
        raise MalformedMessage("a query has no namespace")
    namespace = data[start + 4 : stop].decode()
    at = stop + 9
    length = _length(data, at, end)
    body = _document(data[at : at + length])
    db, _, name = namespace.partition(".")
    if name != "$cmd":
        raise MalformedMessage("OP_QUERY is no longer supported but for the handshake")
    query = body.get("$query")
    if isinstance(query, dict):
        body = query
    body["$db"] = db
    return body


def split(buffer: bytes) -> Iterator[tuple[int, int]]:
    """Yield the bounds of every whole message in a buffer.

    Raises:
        MalformedMessage: A length cannot be one.
    """
    at = 0
    while len(buffer) - at >= _HEADER.size:
        (length,) = _INT.unpack_from(buffer, at)
        if not _HEADER.size <= length <= MAX_MESSAGE_BYTES:
            raise MalformedMessage(f"a message's length cannot be {length}")
        if len(buffer) - at < length:
            return
        yield at, at + length
        at += length
