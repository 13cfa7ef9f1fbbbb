"""BSON as the engine reads and writes it: one set of codec options; refuses no document that a driver may send."""

from typing import TypeAlias

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.dbref import DBRef
from bson.raw_bson import RawBSONDocument

Value: TypeAlias = object
Document: TypeAlias = dict[str, object]

CODEC: CodecOptions[Document] = CodecOptions(
    document_class=dict,
    tz_aware=True,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""Dates are aware, those beyond Python's years `DatetimeMS`; binary of every subtype stays `Binary`."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024


def decode(data: bytes) -> Document:
    """Return the document of its BSON; references to other documents stay documents."""
    document = bson.decode(data, CODEC)
    return _without_dbrefs(document) if b"$ref\0" in data else document  # type: ignore[return-value]  # a dict stays one


def encode(document: Document) -> bytes:
    """Return the BSON of a document."""
    return bson.encode(document, False, CODEC)


def raw(data: bytes) -> RawBSONDocument:
    """Return encoded BSON as a document that is spliced, unread, into a reply."""
    return RawBSONDocument(data)


def _without_dbrefs(value: Value) -> Value:
    if isinstance(value, DBRef):
        return {name: _without_dbrefs(item) for name, item in value.as_doc().items()}
    if isinstance(value, dict):
        return {name: _without_dbrefs(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_dbrefs(item) for item in value]
    return value
