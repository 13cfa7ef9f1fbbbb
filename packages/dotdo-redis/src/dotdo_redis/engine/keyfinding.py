"""Which words of a call are keys, and what is done with each; it refuses to read the keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dotdo_redis.spec.facts import Facts

READS = frozenset({"access"})
WRITES = frozenset({"insert", "delete", "update"})


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key in the words of a call, and what the command says it does with it."""

    at: int
    key: bytes
    flags: tuple[str, ...]

    @property
    def is_read(self) -> bool:
        """Whether its value is seen."""
        return "access" in self.flags

    @property
    def is_written(self) -> bool:
        """Whether its value may change."""
        return not WRITES.isdisjoint(self.flags)


class NoKeys(ValueError):
    """The words do not tell the keys: a count that is no number, or too few words."""


def find_keys(facts: Facts, words: Sequence[bytes]) -> list[FoundKey]:
    """Find the keys of a call.

    Args:
        facts: of the command.
        words: the call, the name first.

    Raises:
        NoKeys: the words cannot be read that far.
    """
    special = _SPECIAL.get(facts.name)
    if special is not None:
        return special(words)
    found: list[FoundKey] = []
    for specification in facts.key_specifications:
        flags = tuple(flag.lower() for flag in specification["flags"])
        if "not_key" in flags:
            continue
        begin = _begin(specification["begin_search"], words)
        if begin is not None:
            found += [
                FoundKey(at, words[at], flags)
                for at in _places(specification["find_keys"], begin, words)
            ]
    return found


def has_keys(facts: Facts) -> bool:
    """Whether calls of the command may name keys."""
    return facts.name in _SPECIAL or any(
        "not_key" not in specification["flags"] for specification in facts.key_specifications
    )


def _begin(search: dict[str, Any], words: Sequence[bytes]) -> int | None:
    details = search.get("spec", {})
    if search["type"] == "index":
        index: int = details["index"]
        return index if index < len(words) else None
    if search["type"] != "keyword":
        return None
    keyword, start = details["keyword"].encode().upper(), details["startfrom"]
    places = range(start, len(words)) if start >= 0 else range(len(words) + start, 0, -1)
    for at in places:
        if words[at].upper() == keyword:
            return at + 1
    return None


def _places(found: dict[str, Any], begin: int, words: Sequence[bytes]) -> range:
    details = found.get("spec", {})
    if found["type"] == "range":
        last, step, limit = details["lastkey"], details["keystep"], details["limit"]
        if last >= 0:
            end = begin + last
        elif limit > 1:
            end = begin + (len(words) - begin) // limit + last
        else:
            end = len(words) + last
        if end >= len(words):
            raise NoKeys
        return range(begin, end + 1, step)
    if found["type"] != "keynum":
        return range(0)
    count_at, first = begin + details["keynumidx"], begin + details["firstkey"]
    try:
        count = int(words[count_at])
    except (ValueError, IndexError):
        raise NoKeys from None
    end = first + count * details["keystep"]
    if count < 0 or end > len(words):
        raise NoKeys
    return range(first, end, details["keystep"])


_READ = ("ro", "access")
_OVERWRITE = ("ow", "update")
_READ_WRITE = ("rw", "access", "update")


def _set(words: Sequence[bytes]) -> list[FoundKey]:
    reads = any(word.upper() == b"GET" for word in words[3:])
    return [FoundKey(1, words[1], _READ_WRITE if reads else _OVERWRITE)]


def _bitfield(words: Sequence[bytes]) -> list[FoundKey]:
    writes = any(word.upper() in {b"SET", b"INCRBY"} for word in words[2:])
    return [FoundKey(1, words[1], _READ_WRITE if writes else _READ)]


def _sort(words: Sequence[bytes]) -> list[FoundKey]:
    found = [FoundKey(1, words[1], _READ)]
    at, store = 2, 0
    skips = {b"LIMIT": 2, b"GET": 1, b"BY": 1}
    while at < len(words):
        option = words[at].upper()
        if option == b"STORE" and at + 1 < len(words):
            store = at + 1
            at += 1
        at += 1 + skips.get(option, 0)
    if store:
        found.append(FoundKey(store, words[store], _OVERWRITE))
    return found


def _migrate(words: Sequence[bytes]) -> list[FoundKey]:
    flags = ("rw", "access", "delete")
    if len(words) > 3 and not words[3]:
        for at in range(6, len(words)):
            if words[at].upper() == b"KEYS":
                return [FoundKey(place, words[place], flags) for place in range(at + 1, len(words))]
    return [FoundKey(3, words[3], flags)] if len(words) > 3 else []


_SPECIAL = {
    "SET": _set,
    "BITFIELD": _bitfield,
    "SORT": _sort,
    "SORT_RO": lambda w: _sort(w)[:1],
    "MIGRATE": _migrate,
}
