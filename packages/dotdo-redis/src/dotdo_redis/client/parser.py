"""redis-py's parser over a line: replies in shape instead of bytes; it refuses to parse."""

from typing import TYPE_CHECKING, Any

from redis._parsers.resp3 import _RESP3Parser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.utils import SENTINEL

from dotdo_redis.client.shapes import Shape, decoder_of, plain
from dotdo_redis.mapping.replies import Push

if TYPE_CHECKING:
    from dotdo_redis.client.line import Line

SERVER_CLOSED = "Connection closed by server."


class Parser(_RESP3Parser):
    """What a connection reads from."""

    def on_connect(self, connection: Any) -> None:
        """Read from the connection's line."""
        self.encoder = connection.encoder
        self.timeout_s = connection.socket_timeout
        self.line: Line | None = connection.line

    def on_disconnect(self) -> None:
        """Read no more."""
        self.line = None

    def can_read(self, timeout: float | None = 0) -> bool:
        """Whether something can be read within so many seconds."""
        return self.line is not None and self.line.is_readable(timeout)

    def _read_response(
        self,
        disable_decoding: bool = False,
        push_request: bool = False,
        timeout: Any = SENTINEL,
    ) -> Any:
        """Read one reply, for redis-py's `read_response`; pushes go to their handlers and are returned only when asked for."""
        line, encoder = self.line, self.encoder
        if line is None or encoder is None:
            raise RedisConnectionError(SERVER_CLOSED)
        wait_s = self.timeout_s if timeout is SENTINEL else timeout
        is_resp3 = line.client.resp == 3
        shape = Shape(plain if disable_decoding else decoder_of(encoder), is_resp3=is_resp3)
        while True:
            try:
                reply = line.take(wait_s)
            except ConnectionResetError:
                raise RedisConnectionError(SERVER_CLOSED) from None
            shaped = shape(reply)
            if reply.__class__ is Push and is_resp3:
                shaped = self.handle_push_response(shaped)
                if push_request:
                    return shaped
                continue
            if isinstance(shaped, RedisConnectionError):
                raise shaped
            return shaped
