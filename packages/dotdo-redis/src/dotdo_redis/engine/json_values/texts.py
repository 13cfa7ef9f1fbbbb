"""JSON text to Python values and back, as strictly and with the spelling of RedisJSON; it refuses paths."""

import re
from typing import TypeAlias

import msgspec

from dotdo_redis.engine.json_values.scanning import JsonError, Scanner

__all__ = ["Json", "JsonError", "compact", "pretty", "read_json"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DEEPEST = 128
_UNUSUAL = re.compile(rb"-0(?![0-9]*\.)|[0-9]{19}")
"""Numbers that the fast reader takes otherwise: minus zero, and those near the end of 64 bits."""
_fast = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode


def read_json(text: bytes) -> Json:
    """Read the first value of a text.

    Raises:
        JsonError: it is none; the text tells what was expected where.
    """
    if text.count(b"[") + text.count(b"{") < DEEPEST and not _UNUSUAL.search(text):
        try:
            value: Json = _fast.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # the slow reader says why, or reads it after all
        else:
            return value
    return Scanner(text, DEEPEST).read()


def compact(value: Json) -> bytes:
    """Spell a value without white space."""
    return _encode(value)


def pretty(value: Json, indent: bytes, newline: bytes, space: bytes) -> bytes:
    """Spell a value over lines.

    Args:
        value: what to spell.
        indent: what each level puts in front of a line.
        newline: what ends a line.
        space: what stands between a colon and the value behind it.
    """
    if not indent and not newline and not space:
        return compact(value)
    out: list[bytes] = []
    _spell(value, newline, out, (indent, space, newline))
    return b"".join(out)


def _spell(value: Json, margin: bytes, out: list[bytes], style: tuple[bytes, bytes, bytes]) -> None:
    if not isinstance(value, dict | list) or not value:
        out.append(_encode(value))
        return
    indent, space, _newline = style
    inner = margin + indent
    is_object = isinstance(value, dict)
    out.append(b"{" if is_object else b"[")
    for number, item in enumerate(value):
        out.append(b"," + inner if number else inner)
        if isinstance(value, dict):
            out.append(_encode(item) + b":" + space)
            _spell(value[str(item)], inner, out, style)
        else:
            _spell(item, inner, out, style)
    out.append(margin + (b"}" if is_object else b"]"))
