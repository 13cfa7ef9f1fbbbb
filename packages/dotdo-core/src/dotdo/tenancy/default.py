"""The home that is used when none is named."""

import threading

from dotdo.tenancy.home import Home, default_path

_guard = threading.Lock()
_homes: dict[str, Home] = {}


def default_home() -> Home:
    """Return the home of `$DOTDO_HOME`, else of the nearest `.dotdo` upward, else `~/.dotdo`."""
    path = default_path()
    with _guard:
        if path not in _homes:
            _homes[path] = Home(path)
        return _homes[path]
