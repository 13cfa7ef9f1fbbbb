"""Binary data made of text and numbers, and they of it."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bson import Binary

from dotdo_mongo.engine.conversions.target import Target, Unconvertible
from dotdo_mongo.engine.values import (
    binary_parts,
    stored_parts,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable


def _url_bytes(text: str) -> bytes:
    if re.search(r"[^A-Za-z0-9_=-]", text):
        raise ValueError("not base64url")
    padded = text + "=" * (-len(text) % 4)
    if len(text.rstrip("=")) % 4 == 1:
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(padded)


_TO_BYTES: dict[str, Callable[[str], bytes]] = {
    "base64": lambda text: base64.b64decode(text, validate=True),
    "base64url": _url_bytes,
    "hex": binascii.unhexlify,
    "utf8": str.encode,
    "uuid": lambda text: UUID(text).bytes,
}


_UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _need_format(target: Target, source: str) -> str:
    if target.format is None:
        raise failure(
            4341115,
            f"$convert requires 'format' to be specified when converting from {source} to {target.kind}",
        )
    return target.format


def text_to_binary(text: str, target: Target) -> Any:
    """Return the bytes that a text tells in the target's format. Code 4341115 with none."""
    form = _need_format(target, "string")
    if (form == "uuid") != (target.subtype == 4):
        raise Unconvertible("Only the UUID string format is allowed with the UUID subtype")
    if form == "auto" or (form == "uuid" and not _UUID_TEXT.fullmatch(text)):
        raise Unconvertible(f"Input string is not a valid {form} string: {text}")
    try:
        content = _TO_BYTES[form](text)
    except (ValueError, binascii.Error) as error:
        raise Unconvertible(f"Input string is not a valid {form} string: {text}") from error
    return _binary(content, target.subtype)


def _binary(content: bytes, subtype: int) -> Any:
    return Binary(content, subtype) if subtype else content


def _uuid_text(content: bytes) -> str:
    if len(content) != 16:
        raise ValueError("not a UUID")
    return str(UUID(bytes=content))


_FROM_BYTES: dict[str, Callable[[bytes], str]] = {
    "base64": lambda content: base64.b64encode(content).decode(),
    "base64url": lambda content: base64.urlsafe_b64encode(content).decode().rstrip("="),
    "hex": lambda content: content.hex().upper(),
    "utf8": lambda content: content.decode(),
    "uuid": _uuid_text,
}


def binary_to_text(value: Any, target: Target) -> str:
    """Return binary data as text in the target's format. Code 4341115 with none."""
    subtype, content = stored_parts(value)
    form = _need_format(target, "binData")
    if form == "auto":
        form = "uuid" if subtype == 4 and len(content) == 16 else "base64"
    elif form == "uuid" and subtype != 4:
        raise Unconvertible("Only the UUID subtype can be converted with the uuid format")
    try:
        return _FROM_BYTES[form](content)
    except ValueError as error:
        raise Unconvertible(f"BinData content is not valid {form}") from error


def binary_to_binary(value: Any, target: Target) -> Any:
    """Return binary data of the subtype that it must have already."""
    subtype, content = binary_parts(value)
    if subtype != target.subtype:
        raise Unconvertible("Conversions between different BinData subtypes are not supported")
    return _binary(content, subtype)


def binary_number(value: Any, target: Target, formats: dict[int, str]) -> Any:
    """Read a number of the lengths that `formats` knows, as struct's letters."""
    _, content = stored_parts(value)
    form = formats.get(len(content))
    if form is None:
        raise Unconvertible(
            f"Failed to convert '{content!r}' to number in $convert because of invalid length: {len(content)}"
        )
    return struct.unpack(("<" if target.is_little else ">") + form, content)[0]


def number_to_binary(form: str) -> Callable[[Any, Target], Any]:
    """Return the conversion of numbers to bytes in a format of struct."""

    def convert(value: Any, target: Target) -> Any:
        content = struct.pack(("<" if target.is_little else ">") + form, value)
        return _binary(content, target.subtype)

    return convert
