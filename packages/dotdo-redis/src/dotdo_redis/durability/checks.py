"""What other doors may write as a key: a check of the kernel on the nouns of keys; it refuses values that no key can have."""

from typing import Any

from dotdo.registry import SqlFunction
from dotdo.registry import find_function as find_offered
from dotdo.sql import key_to_python
from dotdo.storage import Check
from dotdo.storage.names import literal
from dotdo.values import decode
from dotdo_redis.durability.documents import value_of, word
from dotdo_redis.engine.config import Config

NAME = "value"
_LISTS = frozenset({b"list", b"set", b"stream"})
_WRONG = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError)


def checks_of(kind: bytes) -> tuple[Check, ...]:
    """The checks of the noun that holds the keys of a type; none where the package is not installed, for others could not ask them."""
    if find_offered("redis_fits") is None:
        return ()
    sql = f"redis_fits({literal(kind.decode())}, new.id, json(new.data))"
    return (Check(NAME, sql, f"a {kind.decode()} of Redis"),)


def _fits(kind: str, key: Any, text: str) -> int:
    name = kind.encode()
    try:
        word(key_to_python(key))
        document = decode(text)
        value = document["value"]
        if name in _LISTS and not isinstance(value, list):
            return 0
        if name != b"string" and not value:
            return 0
        value_of(name, document, Config())
    except _WRONG:
        return 0
    return 1


def find_function(name: str) -> SqlFunction | None:
    """Return the function of that name; an entry point of `dotdo.functions`."""
    return SqlFunction(_fits, 3) if name == "redis_fits" else None
