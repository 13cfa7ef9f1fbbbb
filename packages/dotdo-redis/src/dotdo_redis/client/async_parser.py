"""redis-py's asyncio parser over a line; it refuses to parse."""

from typing import Any

from redis._parsers.resp3 import _AsyncRESP3Parser
from redis.exceptions import ConnectionError as RedisConnectionError

from dotdo_redis.client.parser import SERVER_CLOSED
from dotdo_redis.client.shapes import Shape, decoder_of, plain
from dotdo_redis.mapping.replies import Push


class AsyncParser(_AsyncRESP3Parser):
    """What an asyncio connection reads from."""

    async def _read_response(
        self,
        disable_decoding: bool = False,
        push_request: bool | None = False,
    ) -> Any:
        """Read one reply, for redis-py's `read_response`; pushes go to their handlers and are returned only when asked for."""
        line: Any = self._stream
        encoder = self.encoder
        if line is None or encoder is None or not self._connected:
            raise RedisConnectionError(SERVER_CLOSED)
        is_resp3 = line.client.resp == 3
        decode = plain if disable_decoding else decoder_of(encoder)
        while True:
            try:
                reply = line.inbox.popleft() if line.inbox else await line.receive()
            except ConnectionResetError:
                raise RedisConnectionError(SERVER_CLOSED) from None
            shaped = Shape(decode, is_resp3=is_resp3)(reply)
            if reply.__class__ is Push and is_resp3:
                shaped = await self.handle_push_response(shaped)
                if push_request:
                    return shaped
                continue
            if isinstance(shaped, RedisConnectionError):
                raise shaped
            return shaped
