"""Commands of 7.2 and later, new or with more arguments, declared by hand from their public reference pages; it refuses what 7.0 describes itself."""

from typing import Any

_KEY_AT_1 = {
    "begin_search": {"type": "index", "spec": {"index": 1}},
    "find_keys": {"type": "range", "spec": {"lastkey": 0, "keystep": 1, "limit": 0}},
}
_READ = ({"flags": ("RO", "ACCESS"), **_KEY_AT_1},)
_UPDATE = ({"flags": ("RW", "UPDATE"), **_KEY_AT_1},)


def _hash_read(arity: int) -> tuple[Any, ...]:
    return (arity, ("readonly", "fast"), 1, 1, 1, ("@read", "@hash", "@fast"), (), _READ)


def _sorted_set_read(arity: int) -> tuple[Any, ...]:
    return (arity, ("readonly", "fast"), 1, 1, 1, ("@read", "@sortedset", "@fast"), (), _READ)


def _hash_write(arity: int) -> tuple[Any, ...]:
    flags = ("write", "denyoom", "fast")
    return (arity, flags, 1, 1, 1, ("@write", "@hash", "@fast"), (), _UPDATE)


def _written(arity: int, *flags: str, category: str) -> tuple[Any, ...]:
    return (arity, flags, 1, 1, 1, ("@write", category, "@fast"), (), _UPDATE)


def _subcommand(arity: int, *flags: str, categories: tuple[str, ...] = ()) -> tuple[Any, ...]:
    return (arity, flags, 0, 0, 0, categories, (), ())


_CONNECTION = ("@slow", "@connection")

ADDITIONS: dict[str, Any] = {
    "HEXPIRE": _hash_write(-6),
    "HPEXPIRE": _hash_write(-6),
    "HEXPIREAT": _hash_write(-6),
    "HPEXPIREAT": _hash_write(-6),
    "HPERSIST": _hash_write(-5),
    "HGETDEL": _written(-5, "write", "fast", category="@hash"),
    "HGETEX": _written(-5, "write", "fast", category="@hash"),
    "HSETEX": _hash_write(-6),
    "XDELEX": _written(-5, "write", "fast", category="@stream"),
    "XACKDEL": _written(-6, "write", "fast", category="@stream"),
    "HTTL": _hash_read(-5),
    "HPTTL": _hash_read(-5),
    "HEXPIRETIME": _hash_read(-5),
    "HPEXPIRETIME": _hash_read(-5),
    "ZRANK": _sorted_set_read(-3),
    "ZREVRANK": _sorted_set_read(-3),
    "CLIENT|SETINFO": _subcommand(4, "noscript", "loading", "stale", categories=_CONNECTION),
    "CLIENT|NO-TOUCH": _subcommand(3, "noscript", "loading", "stale", categories=_CONNECTION),
    "CLUSTER|MYSHARDID": _subcommand(2, "loading", "stale", categories=("@slow",)),
    "VRANGE": (-1, ("readonly", "module"), 1, 1, 1, ("@read", "@slow"), (), _READ),
    "WAITAOF": (4, ("blocking",), 0, 0, 0, ("@slow", "@blocking"), (), ()),
}
