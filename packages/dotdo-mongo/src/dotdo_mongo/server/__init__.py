"""The server's side: OP_MSG on the serving host."""

from dotdo_mongo.server.service import mongo_protocol, protocol

__all__ = ["mongo_protocol", "protocol"]
