"""Keys whose values lie outside of memory, taken in when they are asked for; it refuses I/O, which is the vault's."""

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dotdo_redis.engine.database import Database
    from dotdo_redis.engine.types import Value

Found = tuple[bytes, "Value", int | None]
"""A key, its value, and when it ends (milliseconds since 1970)."""
_raw_get = dict.get
_raw_pop = dict.pop
_MISSING = object()


class Place:
    """Where a value lies; one stands for all keys of a type."""

    __slots__ = ("fetch", "type_name")

    def __init__(self, type_name: bytes, fetch: Callable[[bytes], "Value | None"]) -> None:
        self.type_name = type_name
        self.fetch = fetch


class Vault(Protocol):
    """What was a database's when it was opened."""

    def find(self, key: bytes) -> Found | None:
        """The key with its value."""
        ...

    def next_page(
        self, *, is_awaited: bool
    ) -> "tuple[dict[bytes, Any], Iterable[tuple[bytes, Any, int | None]]] | None":
        """Some more of all keys, with their values or places: those that never end, and the others; None behind the last ones.

        Args:
            is_awaited: the rest is asked for, too.
        """
        ...


class ColdKeys(dict[bytes, Any]):
    """A database's keys, of which some values are places, and some keys perhaps not known yet.

    Whoever asks for one key gets its value, which is in memory from then on. Whoever asks for all of them has them
    listed first; those who go through all values do not bring them into memory.
    """

    __slots__ = ("_database", "_gone", "_vault")

    def __init__(
        self, database: "Database", vault: Vault | None = None, known: Iterable[Any] = ()
    ) -> None:
        super().__init__(known)
        self._database = database
        self._vault = vault
        self._gone: set[bytes] = set()
        """Keys that the vault still has."""

    # -- one key

    def get(self, key: bytes, default: Any = None) -> Any:
        """The value of a key, from wherever it is."""
        value = _raw_get(self, key)
        if value.__class__ is Place:
            value = self._load(key, value)
        elif value is None and self._vault is not None and key not in self._gone:
            value = self._discover(self._vault, key)
        return default if value is None else value

    def __getitem__(self, key: bytes) -> Any:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or (
            self._vault is not None and self.get(key) is not None  # type: ignore[arg-type]  # a key
        )

    def pop(self, key: bytes, default: Any = _MISSING) -> Any:
        """Take a key away."""
        value = self.get(key)
        if value is None:
            if default is _MISSING:
                raise KeyError(key)
            return default
        _raw_pop(self, key)
        if self._vault is not None:
            self._gone.add(key)
        return value

    def __delitem__(self, key: bytes) -> None:
        self.pop(key)

    def _load(self, key: bytes, place: Place) -> Any:
        value = place.fetch(key)
        if value is None:  # others have deleted it
            _raw_pop(self, key)
            self._database.expires.pop(key, None)
        else:
            self[key] = value
        self._note(key)
        return value

    def put_away(self, key: bytes, place: Place) -> None:
        """Leave a value where it lies."""
        self[key] = place
        self._note(key)

    def _note(self, key: bytes) -> None:
        if self._database.fresh is not None:
            self._database.fresh[key] = None

    def _discover(self, vault: Vault, key: bytes) -> Any:
        found = vault.find(key)
        if found is None:
            return None
        _, value, expires_ms = found
        self[key] = value
        self._database.note_ends(key, value, expires_ms)
        if expires_ms is not None and self._database.engine.now_ms > expires_ms:
            self._database.expire(key)
            return None
        return value

    # -- all keys

    def advance(self, *, is_awaited: bool = False) -> None:
        """Learn of some more keys."""
        if self._vault is None:
            return
        page = self._vault.next_page(is_awaited=is_awaited)
        if page is None:
            self._vault = None
            self._gone.clear()
            if self._database.keys is self and Place not in set(map(type, super().values())):
                self._database.keys = dict(super().items())
            return
        endless, others = page
        gone, has = self._gone, super().__contains__
        if not len(gone) and not super().__len__():
            self.update(endless)
        else:
            self.update({k: v for k, v in endless.items() if not has(k) and k not in gone})
        for key, value, expires_ms in others:
            if not has(key) and key not in gone:
                self[key] = value
                self._database.note_ends(key, value, expires_ms)

    def complete(self) -> None:
        """Learn of all keys."""
        while self._vault is not None:
            self.advance(is_awaited=True)

    def belong_to(self, database: "Database") -> None:
        """Be another database's keys from now on; all are known."""
        self._database = database

    def __len__(self) -> int:
        self.complete()
        return super().__len__()

    def __iter__(self) -> Iterator[bytes]:
        self.complete()
        return super().__iter__()

    def keys(self) -> Any:
        """All keys."""
        self.complete()
        return super().keys()

    def items(self) -> Any:
        """All keys with their values, which stay where they are."""
        self.complete()
        for key, value in list(super().items()):
            held = value.fetch(key) if value.__class__ is Place else value
            if held is not None:
                yield key, held

    def values(self) -> Any:
        """All values, which stay where they are."""
        return map(itemgetter(1), self.items())

    def types(self) -> Iterator[tuple[bytes, Any]]:
        """All keys with their values or places."""
        self.complete()
        return iter(list(super().items()))


def held(keys: dict[bytes, Any], key: bytes) -> Any:
    """What stands for a key in memory: its value, its place, or None when it is not known there."""
    return _raw_get(keys, key)


def is_cold(value: object) -> bool:
    """Whether something stands for a value that is not in memory."""
    return value.__class__ is Place
