"""What installed packages offer to the kernel, found by entry points only when a file's definitions ask for it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from dotdo.storage.owners import Owner
    from dotdo.storage.store import Store

FUNCTIONS = "dotdo.functions"
OWNERS = "dotdo.owners"


Call = Callable[..., int | float | str | bytes | None]  # type: ignore[explicit-any]  # of any number of arguments


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """A function that definitions may use: in checks, indexes, defaults, generated columns.

    Args:
        call: Takes and gives what SQLite stores; the same for the same arguments at all times, on every machine.
        n_args: How many arguments; -1 for any number.
    """

    call: Call
    n_args: int = -1


FindFunction = Callable[[str], SqlFunction | None]
"""What an entry point of `dotdo.functions` is: from a name in lower case to the function, None when it has none.
The entry point's own name is what the names of its functions begin with."""

MakeOwner = Callable[["Store"], "Owner"]
"""What an entry point of `dotdo.owners` is: makes the owner of a store's nouns that name it as theirs."""


def find_function(name: str) -> SqlFunction | None:
    """Return the function of that name that an installed package offers, None when none does.

    Raises:
        ImportError: The package that offers it cannot be imported.
    """
    name = name.lower()
    for entry in _offers(FUNCTIONS):
        if name.startswith(entry.name.lower()):
            found = cast("FindFunction", entry.load())(name)
            if found is not None:
                return found
    return None


def find_owner(name: str) -> MakeOwner | None:
    """Return what makes the owner of that name, None when no installed package offers it.

    Raises:
        ImportError: The package that offers it cannot be imported.
    """
    for entry in _offers(OWNERS):
        if entry.name == name:
            return cast("MakeOwner", entry.load())
    return None


@lru_cache(maxsize=8)
def _offers(group: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=group))
