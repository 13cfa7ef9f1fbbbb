"""JSON documents: their text, the paths into them, and the value of a key; it refuses commands."""

from dotdo_redis.engine.json_values.document import Document
from dotdo_redis.engine.json_values.paths import Path, PathError, parse_path
from dotdo_redis.engine.json_values.texts import Json, JsonError, compact, pretty, read_json
from dotdo_redis.engine.json_values.walking import Match, find, outermost

__all__ = [
    "Document",
    "Json",
    "JsonError",
    "Match",
    "Path",
    "PathError",
    "compact",
    "find",
    "outermost",
    "parse_path",
    "pretty",
    "read_json",
]
