"""Chunks of whole commands, and what is none."""

import pytest

from dotdo_redis.protocol.chunks import ChunkReader

ONE = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"


def test_whole_commands_are_read_at_once():
    assert ChunkReader().read(ONE * 2) == [[b"GET", b"k"]] * 2


@pytest.mark.parametrize(
    "data",
    [
        ONE + b"*",
        ONE + b"*2\r\n",
        ONE + b"*2\r\n$3\r\nGET\r\n",
        b"*1\r\n+PING\r\n",
        b"*1\r\n:0\r\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"*1\r\n*1\r\n$4\r\nPING\r\n",
        b"PING\r\n",
        b":0\r\n",
        ONE + ONE.replace(b"*", b"~"),
        ONE + ONE.replace(b"$3", b"=3"),
    ],
)
def test_anything_else_is_left_to_the_thorough_way(data):
    reader = ChunkReader()
    assert reader.read(data) is None
    assert reader.read(ONE) == [[b"GET", b"k"]]
