"""MongoDB's hash of a value: the first eight bytes of an MD5 over its type and its content."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import bson
from bson import Int64

from dotdo_mongo.engine.numbers import truncated64
from dotdo_mongo.engine.values import NUMBERS, rank

_SEED = b"\0\0\0\0"


def _hash_into(digest: Any, value: Any, with_name: bytes) -> None:
    digest.update(struct.pack("<i", rank(value)))
    digest.update(with_name)
    if type(value) in NUMBERS:
        digest.update(struct.pack("<q", truncated64(value)))
    elif isinstance(value, dict):
        for name, member in value.items():
            _hash_into(digest, member, name.encode() + b"\0")
        digest.update(struct.pack("<i", 0) + b"\0")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _hash_into(digest, member, str(index).encode() + b"\0")
        digest.update(struct.pack("<i", 0) + b"\0")
    else:
        digest.update(bson.encode({"": value})[6:-1])


def hashed(value: Any) -> Int64:
    """Return the hash that a hashed index holds."""
    digest = hashlib.md5(usedforsecurity=False)
    digest.update(_SEED)
    _hash_into(digest, value, b"")
    return Int64(struct.unpack("<q", digest.digest()[:8])[0])
