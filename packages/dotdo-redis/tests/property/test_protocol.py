"""Mutated frames never break the reader, and what it gives keeps its bounds; `DOTDO_FRAMES` sets how many."""

import os
from random import Random

from dotdo_redis.protocol import CommandReader

FRAMES = int(os.environ.get("DOTDO_FRAMES", "3000"))
SEEDS = (
    b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n",
    b"PING\r\n",
    b"SET \"a\\x41\" 'b c'\r\n",
    b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
    b"*0\r\n*-1\r\n$5\r\n",
)
PIECES = (b"*", b"$", b"\r\n", b"\r", b"\n", b"-1", b"99999999999", b'"', b"'", b"\\x", b"\0", b"1")


def mutated(random: Random) -> bytes:
    data = bytearray(random.choice(SEEDS) * random.randint(1, 3))
    for _ in range(random.randint(0, 6)):
        at = random.randrange(len(data) + 1)
        match random.randrange(4):
            case 0:
                data[at:at] = random.choice(PIECES)
            case 1:
                del data[at : at + random.randint(1, 4)]
            case 2 if at < len(data):
                data[at] = random.randrange(256)
            case _:
                data[at:at] = data[: random.randint(0, 12)]
    return bytes(data) or b"x"


def test_mutated_frames_are_read_or_refused() -> None:
    random = Random(7)
    for _ in range(FRAMES):
        data = mutated(random)
        whole, pieces = CommandReader(), CommandReader()
        whole.bulk_max_bytes = pieces.bulk_max_bytes = 1000
        expected = whole.feed(data)
        cut = random.randrange(len(data) + 1)
        found = pieces.feed(data[:cut]) + pieces.feed(data[cut:])
        assert found == expected
        assert str(whole.failure) == str(pieces.failure)
        assert all(words and all(len(word) <= 65_536 for word in words) for words in found)
