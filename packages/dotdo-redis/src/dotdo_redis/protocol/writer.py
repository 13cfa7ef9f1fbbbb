"""Replies as bytes of RESP2 or RESP3; it refuses values that are no replies."""

from collections.abc import Callable, Sequence

from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.doubles import double_text
from dotdo_redis.mapping.replies import (
    NO_REPLY,
    NULL_ARRAY,
    OK,
    Attributed,
    BigNumber,
    EarlyPush,
    Push,
    Reply,
    SetReply,
    Status,
    Verbatim,
)

Append = Callable[[bytes], object]
Writer = Callable[..., None]  # type: ignore[explicit-any]  # each takes its own kind of reply


def write_reply(reply: Reply, append: Append, resp: int) -> None:
    """Append the bytes of a reply.

    Args:
        reply: see `dotdo_redis.mapping.replies`.
        append: takes pieces in order.
        resp: the protocol, 2 or 3.

    Raises:
        TypeError: the value is no reply.
    """
    writer = _WRITERS.get(reply.__class__)
    if writer is None:
        writer = _inherited(reply)
    writer(reply, append, resp)


_CRLF = b"\r\n"
_HEADERS = [b"$%d\r\n" % size for size in range(1025)]
_NUMBERS = [b":%d\r\n" % number for number in range(1025)]


def encode_reply(reply: Reply, resp: int) -> bytes:
    """Give the bytes of one reply."""
    if reply is OK:
        return b"+OK\r\n"
    if type(reply) is bytes:
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    if type(reply) is int:
        return b":%d\r\n" % reply
    pieces: list[bytes] = []
    write_reply(reply, pieces.append, resp)
    return b"".join(pieces)


def encode_replies(replies: Sequence[Reply], resp: int) -> bytes:
    """Give the bytes of replies, one after the other; the commonest kinds without a call for each."""
    pieces: list[bytes] = []
    append = pieces.append
    for reply in replies:
        if reply is OK:
            append(b"+OK\r\n")
        elif type(reply) is bytes:
            size = len(reply)
            append(_HEADERS[size] if size < 1025 else b"$%d\r\n" % size)
            append(reply)
            append(_CRLF)
        elif type(reply) is int:
            append(_NUMBERS[reply] if 0 <= reply < 1025 else b":%d\r\n" % reply)
        else:
            write_reply(reply, append, resp)
    return b"".join(pieces)


def _inherited(reply: Reply) -> Writer:
    if reply is NULL_ARRAY:
        return _null_array
    if reply is NO_REPLY:
        return _nothing
    for kind, writer in _BASES:
        if isinstance(reply, kind):
            return writer
    message = f"{type(reply).__name__} is no reply"
    raise TypeError(message)


def _bulk(reply: bytes, append: Append, _resp: int) -> None:
    append(b"$%d\r\n%b\r\n" % (len(reply), reply))


def _status(reply: bytes, append: Append, _resp: int) -> None:
    append(b"+%b\r\n" % reply)


def _text(reply: Reply, append: Append, resp: int) -> None:
    _bulk(str(reply).encode(), append, resp)


def _integer(reply: int, append: Append, _resp: int) -> None:
    append(b":%d\r\n" % reply)


def _null(_reply: Reply, append: Append, resp: int) -> None:
    append(b"_\r\n" if resp == 3 else b"$-1\r\n")


def _null_array(_reply: Reply, append: Append, resp: int) -> None:
    append(b"_\r\n" if resp == 3 else b"*-1\r\n")


def _nothing(_reply: Reply, _append: Append, _resp: int) -> None:
    """Send nothing."""


def _boolean(reply: Reply, append: Append, resp: int) -> None:
    if resp == 3:
        append(b"#t\r\n" if reply else b"#f\r\n")
    else:
        append(b":1\r\n" if reply else b":0\r\n")


def _double(reply: float, append: Append, resp: int) -> None:
    text = double_text(reply)
    append(b",%b\r\n" % text if resp == 3 else b"$%d\r\n%b\r\n" % (len(text), text))


def _error(reply: Exception, append: Append, _resp: int) -> None:
    text = reply.text if isinstance(reply, ReplyError) else f"ERR {reply}"
    line = text.replace("\r", " ").replace("\n", " ")
    append(b"-%b\r\n" % line.encode("utf-8", "surrogateescape"))


def _elements(reply: Sequence[Reply], append: Append, resp: int) -> None:
    if len(reply) > 1 and set(map(type, reply)) == _BYTES:
        words: Sequence[bytes] = reply  # type: ignore[assignment]  # as just seen
        append(b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words]))
        return
    writers = _WRITERS
    for element in reply:
        writer = writers.get(element.__class__) or _inherited(element)
        writer(element, append, resp)


_BYTES = {bytes}


def _array(reply: Sequence[Reply], append: Append, resp: int) -> None:
    append(b"*%d\r\n" % len(reply))
    _elements(reply, append, resp)


def _set(reply: Sequence[Reply], append: Append, resp: int) -> None:
    append((b"~%d\r\n" if resp == 3 else b"*%d\r\n") % len(reply))
    _elements(reply, append, resp)


def _push(reply: Sequence[Reply], append: Append, resp: int) -> None:
    append((b">%d\r\n" if resp == 3 else b"*%d\r\n") % len(reply))
    _elements(reply, append, resp)


def _map(reply: dict[object, Reply], append: Append, resp: int) -> None:
    append(b"%%%d\r\n" % len(reply) if resp == 3 else b"*%d\r\n" % (2 * len(reply)))
    for key, value in reply.items():
        write_reply(key, append, resp)
        write_reply(value, append, resp)


def _big_number(reply: int, append: Append, resp: int) -> None:
    text = b"%d" % reply
    append(b"(%b\r\n" % text if resp == 3 else b"$%d\r\n%b\r\n" % (len(text), text))


def _verbatim(reply: Verbatim, append: Append, resp: int) -> None:
    if resp == 3:
        append(b"=%d\r\n%b:%b\r\n" % (len(reply) + 4, reply.format, reply))
    else:
        append(b"$%d\r\n%b\r\n" % (len(reply), reply))


def _attributed(reply: Attributed, append: Append, resp: int) -> None:
    if resp == 3:
        append(b"|%d\r\n" % len(reply.attributes))
        for key, value in reply.attributes.items():
            write_reply(key, append, resp)
            write_reply(value, append, resp)
    write_reply(reply.reply, append, resp)


_WRITERS: dict[type, Writer] = {
    bytes: _bulk,
    bytearray: _bulk,
    str: _text,
    Status: _status,
    int: _integer,
    type(None): _null,
    bool: _boolean,
    float: _double,
    list: _array,
    tuple: _array,
    dict: _map,
    SetReply: _set,
    Push: _push,
    EarlyPush: _push,
    BigNumber: _big_number,
    Verbatim: _verbatim,
    Attributed: _attributed,
    ReplyError: _error,
}
_BASES: tuple[tuple[type, Writer], ...] = (
    (Exception, _error),
    (bytes, _bulk),
    (int, _integer),
    (list, _array),
)
