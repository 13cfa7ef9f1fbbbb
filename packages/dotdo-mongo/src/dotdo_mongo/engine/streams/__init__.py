"""Change streams: the kernel's log told as MongoDB's events."""

from dotdo_mongo.engine.streams.options import StreamOptions, stream_options
from dotdo_mongo.engine.streams.stream import ChangeStream

__all__ = ["ChangeStream", "StreamOptions", "stream_options"]
