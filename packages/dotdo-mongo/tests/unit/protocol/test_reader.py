"""Messages out of bytes in any pieces."""

import struct
import zlib
from contextlib import suppress

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotdo_mongo.protocol.compression import pack
from dotdo_mongo.protocol.crc32c import crc32c
from dotdo_mongo.protocol.messages import MalformedMessage, op_msg
from dotdo_mongo.protocol.reader import MessageReader

PING = op_msg(bson.encode({"ping": 1, "$db": "admin"}), 7, 0)


def read(*pieces):
    reader = MessageReader(48_000_000)
    found = []
    for piece in pieces:
        reader.feed(piece)
        found += reader.messages()
    return found


@given(st.integers(1, len(PING) * 2 - 1))
def test_messages_may_come_in_any_pieces(cut):
    both = PING + PING
    assert [m.body["ping"] for m in read(both[:cut], both[cut:])] == [1, 1]


def test_a_document_sequence_becomes_a_field():
    body = bson.encode({"insert": "c", "$db": "t"})
    documents = bson.encode({"a": 1}) + bson.encode({"a": 2})
    section = b"documents\0" + documents
    payload = (
        struct.pack("<I", 0) + b"\0" + body + b"\1" + struct.pack("<i", len(section) + 4) + section
    )
    data = struct.pack("<iiii", 16 + len(payload), 1, 0, 2013) + payload
    [message] = read(data)
    assert message.body["documents"] == [{"a": 1}, {"a": 2}]


def test_a_checksum_is_checked():
    assert crc32c(b"123456789") == 0xE3069283
    header = struct.pack("<iiii", len(PING) + 4, 7, 0, 2013)
    data = header + struct.pack("<I", 1) + PING[20:]
    good = data + struct.pack("<I", crc32c(data))
    assert read(good)[0].body["ping"] == 1
    with pytest.raises(MalformedMessage):
        read(data + b"\0\0\0\0")


def test_compressed_messages_are_unpacked_within_bounds():
    assert read(pack(PING, 2))[0].body["ping"] == 1
    packed = zlib.compress(b"\0" * 1000)
    bomb = (
        struct.pack("<iiii", 25 + len(packed), 1, 0, 2012)
        + struct.pack("<iib", 2013, 10, 2)
        + packed
    )
    with pytest.raises(MalformedMessage):
        read(bomb)


@given(st.binary(min_size=16, max_size=200))
def test_noise_is_refused_or_waited_for(noise):
    with suppress(MalformedMessage, UnicodeDecodeError, ValueError, bson.errors.InvalidBSON):
        assert isinstance(read(noise), list)
