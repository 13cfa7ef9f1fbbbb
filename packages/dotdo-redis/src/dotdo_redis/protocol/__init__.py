"""Bytes to commands and replies to bytes, RESP2 and RESP3; it refuses I/O and what commands mean."""

from dotdo_redis.protocol.reader import CommandReader, RequestError
from dotdo_redis.protocol.writer import encode_replies, encode_reply, write_reply

__all__ = ["CommandReader", "RequestError", "encode_replies", "encode_reply", "write_reply"]
