"""How replies are spelled in both protocols."""

import pytest

from dotdo_redis.errors import ReplyError, WrongType
from dotdo_redis.mapping.replies import (
    NO_REPLY,
    NULL_ARRAY,
    OK,
    Attributed,
    BigNumber,
    Push,
    SetReply,
    Verbatim,
)
from dotdo_redis.protocol import write_reply

BIG = 10**30


def spelled(reply: object, resp: int) -> bytes:
    pieces: list[bytes] = []
    write_reply(reply, pieces.append, resp)
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("reply", "resp2", "resp3"),
    [
        (OK, b"+OK\r\n", b"+OK\r\n"),
        (b"a\r\n", b"$3\r\na\r\n\r\n", b"$3\r\na\r\n\r\n"),
        (bytearray(b"x"), b"$1\r\nx\r\n", b"$1\r\nx\r\n"),
        (-7, b":-7\r\n", b":-7\r\n"),
        (None, b"$-1\r\n", b"_\r\n"),
        (NULL_ARRAY, b"*-1\r\n", b"_\r\n"),
        (NO_REPLY, b"", b""),
        (True, b":1\r\n", b"#t\r\n"),
        (1.5, b"$3\r\n1.5\r\n", b",1.5\r\n"),
        (3.0, b"$1\r\n3\r\n", b",3\r\n"),
        (float("-inf"), b"$4\r\n-inf\r\n", b",-inf\r\n"),
        ([b"a", [1, None]], b"*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n", b"*2\r\n$1\r\na\r\n*2\r\n:1\r\n_\r\n"),
        ({b"a": 1}, b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
        (SetReply([1]), b"*1\r\n:1\r\n", b"~1\r\n:1\r\n"),
        (Push([1]), b"*1\r\n:1\r\n", b">1\r\n:1\r\n"),
        (BigNumber(BIG), b"$31\r\n%d\r\n" % BIG, b"(%d\r\n" % BIG),
        (Verbatim(b"hi"), b"$2\r\nhi\r\n", b"=6\r\ntxt:hi\r\n"),
        (Attributed({b"ttl": 1}, 5), b":5\r\n", b"|1\r\n$3\r\nttl\r\n:1\r\n:5\r\n"),
        (ReplyError("a\nb"), b"-ERR a b\r\n", b"-ERR a b\r\n"),
        (WrongType("no"), b"-WRONGTYPE no\r\n", b"-WRONGTYPE no\r\n"),
    ],
)  # fmt: skip
def test_a_reply_has_its_spelling(reply, resp2, resp3) -> None:
    assert spelled(reply, 2) == resp2
    assert spelled(reply, 3) == resp3


def test_what_is_no_reply_is_refused() -> None:
    with pytest.raises(TypeError):
        spelled(object(), 2)
