"""json and jsonb: validation, jsonb's canonical form (keys by length then bytes, last duplicate wins) and its spaced text."""

import json
import struct
from decimal import Decimal

from dotdo_postgres.errors import error
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping.numeric import CONTEXT


class Number(str):
    """A JSON number kept as the text that was typed."""

    __slots__ = ()


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _number(text: str) -> Number:
    return Number(text)


def parse(text: str, type_name: str = "json") -> object:
    """Read JSON, numbers as `Number`, objects as dicts.

    Raises:
        PostgresError: not JSON (SQLSTATE 22P02).
    """
    try:
        return json.loads(
            text, parse_int=_number, parse_float=_number, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as failure:
        at = getattr(failure, "pos", 0)
        detail = "The input string ended unexpectedly." if at >= len(text.rstrip()) else None
        raise error(
            "22P02", f"invalid input syntax for type {type_name}", detail=detail
        ) from failure


def canonical(value: object) -> object:
    """Order the keys as jsonb does and write numbers as numeric does."""
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return {key: canonical(value[key]) for key in ordered}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, Number) and ("e" in value or "E" in value or value.startswith("-0")):
        number = Decimal(value)
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent > 0:
            number = number.quantize(Decimal(1), context=CONTEXT)
        return Number(f"{abs(number) if number.is_zero() else number:f}")
    return value


def dump(value: object, comma: str = ",", colon: str = ":") -> str:
    """Write JSON text; jsonb's own text has a space after comma and colon."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return (
            "{"
            + comma.join(
                [
                    f"{json.dumps(k, ensure_ascii=False)}{colon}{dump(v, comma, colon)}"
                    for k, v in value.items()
                ]
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + comma.join([dump(item, comma, colon) for item in value]) + "]"
    return json.dumps(value)


def jsonb_from_text(text: str) -> str:
    """Read jsonb into its canonical text without spaces, the form values have inside statements."""
    return dump(canonical(parse(text)))


def jsonb_to_text(stored: str) -> str:
    """Write jsonb the way PostgreSQL shows it."""
    return dump(parse(stored), ", ", ": ")


def kind_of(value: object) -> str:
    """Return the name of a value's kind."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Number):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def sort_key(stored: str) -> bytes:
    """Return bytes that order as jsonb does: by kind, then size, then members; numbers by value."""
    value = parse(stored)
    if isinstance(value, (dict, list)):
        return _key(value, is_outermost=True)
    return b"\x10" + struct.pack(">I", 1) + b"\0" + _key(value)


def _key(value: object, *, is_outermost: bool = False) -> bytes:
    if value is None:
        return b"\0"
    if isinstance(value, bool):
        return b"\3\1" if value else b"\3\0"
    if isinstance(value, Number):
        return b"\2" + numeric.encode(Decimal(value))[:-2]
    if isinstance(value, str):
        return b"\1" + value.encode() + b"\0"
    if isinstance(value, list):
        mark = b"\1" if is_outermost else b""
        members = b"".join(map(_key, value))
        return b"\x10" + struct.pack(">I", len(value)) + mark + members
    assert isinstance(value, dict)
    pairs = canonical(value)
    assert isinstance(pairs, dict)
    members = b"".join(key.encode() + b"\0" + _key(item) for key, item in pairs.items())
    return b"\x11" + struct.pack(">I", len(pairs)) + members


def json_from_text(text: str) -> str:
    """Check json and keep it verbatim."""
    parse(text)
    return text
