"""Mongo on a dotdo tenant; it re-exports the client's surface and holds nothing of its own."""

from dotdo_mongo.errors import CommandFailure, MongoError

__version__ = "0.1.0"

__all__ = ["CommandFailure", "MongoError", "__version__"]
