"""Codecs for clients of other encodings than UTF-8: the binary form of text is theirs, too."""

from dataclasses import replace

from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.array_codecs import array_codec
from dotdo_postgres.mapping.codecs import codec_of
from dotdo_postgres.mapping.encodings import UTF8, Encoding
from dotdo_postgres.mapping.forms import Codec

_TEXTUAL = frozenset({t.JSON, t.UNKNOWN, 142, 18})
_VERSIONED = frozenset({t.JSONB, t.JSONPATH})


def in_encoding(codec: Codec, oid: int, encoding: Encoding) -> Codec:
    """Return the codec of a type for a client of an encoding.

    Args:
        codec: The type's.
        oid: The type.
        encoding: The client's.
    """
    if encoding is UTF8 or encoding.codec == "utf-8":
        return codec
    pg_type = t.BY_OID.get(oid)
    if pg_type is None:
        return codec
    if pg_type.kind == "d":
        return in_encoding(codec, pg_type.base, encoding)
    if pg_type.category == "A" and pg_type.element:
        element = codec_of(pg_type.element)
        made = None if element is None else in_encoding(element, pg_type.element, encoding)
        return codec if made is None or made is element else array_codec(made, pg_type.element)
    if pg_type.category == "S" or pg_type.kind == "e" or oid in _TEXTUAL:
        return _recoded(codec, encoding, b"")
    return _recoded(codec, encoding, b"\x01") if oid in _VERSIONED else codec


def _recoded(codec: Codec, encoding: Encoding, version: bytes) -> Codec:
    def from_binary(data: bytes) -> object:
        return codec.from_text(encoding.decode(data[len(version) :]))

    def to_binary(value: object) -> bytes:
        return version + encoding.encode(codec.to_text(value))

    return replace(codec, from_binary=from_binary, to_binary=to_binary)
