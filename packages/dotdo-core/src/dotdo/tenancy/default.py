"""The home that is used when none is named, and stores by reference."""

import os
import threading

from dotdo.errors import UnknownTenant
from dotdo.storage import Store
from dotdo.tenancy.home import Home, default_path
from dotdo.tenancy.references import MAIN, parse_reference

_guard = threading.Lock()
_homes: dict[str, Home] = {}


def default_home() -> Home:
    """Return the home of `$DOTDO_HOME`, else of the nearest `.dotdo` upward, else `~/.dotdo`."""
    path = default_path()
    with _guard:
        if path not in _homes:
            _homes[path] = Home(path)
        return _homes[path]


def connect(reference: str, *, create: bool | None = None, home: Home | None = None) -> Store:
    """Return the store that a reference names.

    Args:
        reference: `acme`, `acme@experiment`, `acme@v12`, `acme@~1`, `acme@2026-01-08`.
        create: Create a missing tenant; by default unless `DOTDO_CREATE=0`.
        home: Where to look; by default `default_home()`.

    Raises:
        UnknownTenant: There is none, and none is to be created.
        InvalidName: The name is not allowed.
        InvalidReference: The reference cannot be read.
    """
    home = home or default_home()
    parsed = parse_reference(reference)
    may_create = os.environ.get("DOTDO_CREATE", "1") != "0" if create is None else create
    if may_create and parsed.branch == MAIN and parsed.moment is None and not home.exists(parsed):
        return home.create(parsed.tenant)
    if parsed.moment is not None:
        msg = "the past is not there yet"
        raise UnknownTenant(msg)
    return home.store(parsed)
