"""The home that is used when none is named."""

import threading

from dotdo.tenancy.home import Home, default_path

_guard = threading.Lock()
_homes: dict[str, Home] = {}


def home_to_use(home: object) -> Home:
    """Return the home that was given, or the default one.

    Raises:
        TypeError: Something else was given.
    """
    if home is None:
        return default_home()
    if not isinstance(home, Home):
        msg = f"home is a dotdo.Home, not {type(home).__name__}"
        raise TypeError(msg)
    return home


def default_home() -> Home:
    """Return the home of `$DOTDO_HOME`, else of the nearest `.dotdo` upward, else `~/.dotdo`."""
    path = default_path()
    with _guard:
        if path not in _homes:
            _homes[path] = Home(path)
        return _homes[path]
