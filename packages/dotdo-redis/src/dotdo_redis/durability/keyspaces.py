"""The keyspaces of this process, one per tenant's file; it refuses those that another process owns."""

import atexit
import os
import threading
from pathlib import Path
from typing import cast, get_args

from dotdo.errors import InvalidValue
from dotdo.storage import Durability, Owner, Store
from dotdo.tenancy import Home, connect, default_home, parse_reference
from dotdo_redis.durability.elsewhere import Elsewhere
from dotdo_redis.durability.keyspace import Keyspace
from dotdo_redis.durability.ownership import OwnedElsewhere

_guard = threading.RLock()
_keyspaces: dict[Path, Keyspace] = {}


def namespace() -> str:
    """The tenant that clients mean: `$DOTDO_NS`, else `default`."""
    return os.environ.get("DOTDO_NS", "default")


def chosen_durability(default: Durability) -> Durability:
    """What an acknowledged write survives: `$DOTDO_DURABILITY`, else what the home says.

    Raises:
        InvalidValue: there is no such level.
    """
    name = os.environ.get("DOTDO_DURABILITY", default)
    if name not in get_args(Durability):
        raise InvalidValue(f"{name!r} is no durability: give {', '.join(get_args(Durability))}")
    return cast("Durability", name)


def keyspace_of(tenant: str, home: Home | None = None) -> Keyspace:
    """The keyspace of a tenant, brought up when it is first asked for.

    Raises:
        OwnedElsewhere: another process has it up.
    """
    place = home or default_home()
    reference = parse_reference(tenant)
    path = place.file_of(reference)
    if reference.moment is not None:
        return past_keyspace(tenant, place, path)
    with _guard:
        found = _keyspaces.get(path)
        if found is None:
            durability = chosen_durability(place.durability)
            found = Keyspace(
                path, durability, place.clock, lambda: connect(tenant, create=True, home=place)
            )
            found.open()
            _keyspaces[path] = found
        return found


def past_keyspace(tenant: str, home: Home, path: Path) -> Keyspace:
    """A tenant's keys as they were; writes are refused."""
    key = Path(f"{path}#{tenant}")
    with _guard:
        found = _keyspaces.get(key)
        if found is None:
            store = connect(tenant, create=False, home=home)
            found = _keyspaces[key] = Keyspace(path, "memory", home.clock, lambda: store)
            found.open_past()
        return found


def map_keys(
    pattern: str,
    noun: str,
    *,
    tenant: str | None = None,
    database: int = 0,
    home: Home | None = None,
) -> None:
    """Let the hashes under a prefix be the things of a noun: `map_keys("customer:*", "Customer")`; kept with the definitions.

    Args:
        pattern: a prefix and `*`; what stands for that is the thing's id.
        noun: an SQL table with a key of one column, a collection, or a new noun.
        tenant: by default the one that clients mean.
        database: number of the keys' database.
        home: where tenants are.

    Raises:
        InvalidName: the pattern is no prefix followed by `*`, or meets another one.
        InvalidValue: the noun's things cannot be hashes.
        OwnedElsewhere: another process has the keys: call it there.
    """
    keyspace_of(tenant or namespace(), home).map(pattern, noun, database)


def is_up(tenant: str) -> bool:
    """Whether this process owns the tenant's keys."""
    with _guard:
        return default_home().file_of(parse_reference(tenant)) in _keyspaces


def keyspace_at(store: Store) -> Keyspace:
    """The keyspace of a store, brought up when it is first asked for.

    Raises:
        OwnedElsewhere: another process has it up.
    """
    path = Path(store.path)
    with _guard:
        found = _keyspaces.get(path)
        if found is None:
            durability = chosen_durability(store.durability)
            found = _keyspaces[path] = Keyspace(path, durability, store.clock, lambda: store)
            try:
                found.open()
            except BaseException:
                del _keyspaces[path]
                raise
        return found


def make_owner(store: Store) -> Owner:
    """The owner of a store's keys, for a program that reads them before it used Redis; what stands for it when that is another process."""
    try:
        return keyspace_at(store)
    except OwnedElsewhere as owned:
        return Elsewhere(owned.address, store, lambda: keyspace_at(store))


def abandon_all() -> None:
    """Forget every keyspace as it is: in a forked child they are the parent's, and in tests somebody died."""
    global _guard  # noqa: PLW0603 - a lock that a thread of the parent held stays locked in the child
    _guard = threading.RLock()
    for keyspace in _keyspaces.values():
        keyspace.abandon()
    _keyspaces.clear()


def close_all() -> None:
    """Flush every keyspace, and forget them."""
    with _guard:
        for keyspace in _keyspaces.values():
            keyspace.close()
        _keyspaces.clear()


atexit.register(close_all)
os.register_at_fork(after_in_child=abandon_all)
