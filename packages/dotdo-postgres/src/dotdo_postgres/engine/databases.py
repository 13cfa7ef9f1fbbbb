"""CREATE and DROP DATABASE: a database is a tenant of the home; one that somebody is connected to is not dropped."""

from dotdo import errors as kernel
from dotdo.tenancy import Home, Reference, parse_reference
from dotdo_postgres.errors import PostgresError, error, not_supported


class Databases:
    """The tenants of a home, by the names that statements of one connection give them.

    Args:
        home: where the tenants live.
        current: what the connection is open on.
    """

    def __init__(self, home: Home, current: str) -> None:
        self._home = home
        self._current = parse_reference(current)

    def create(self, name: str) -> None:
        """Create a tenant.

        Raises:
            PostgresError: it exists (42P04), or no tenant can have that name (0A000).
        """
        try:
            self._home.create(name)
        except kernel.AlreadyExists:
            raise error("42P04", f'database "{name}" already exists') from None
        except kernel.InvalidName:
            raise not_supported(f'a database named "{name}"') from None

    def drop(self, name: str) -> None:
        """Remove a tenant with its branches, or the one branch that is named.

        Raises:
            PostgresError: there is none (3D000), or somebody is connected to it (55006).
        """
        wanted = self._existing(name)
        is_tenant = wanted == Reference(wanted.tenant)
        names = self._home.branches(wanted.tenant) if is_tenant else [wanted.branch]
        branches = [Reference(wanted.tenant, branch) for branch in names]
        here = Reference(self._current.tenant, self._current.branch)
        if here in branches:
            raise error("55006", "cannot drop the currently open database")
        if users := sum(map(self._users, branches)):
            raise _in_use(name, users)
        for branch in reversed(branches):  # the main one last: what is left is then still whole
            self._home.remove(branch)

    def _existing(self, name: str) -> Reference:
        try:
            reference = parse_reference(name)
        except (kernel.InvalidName, kernel.InvalidReference):
            raise _missing(name) from None
        if reference.moment is not None:
            raise not_supported("dropping the past of a database")
        if not self._home.exists(reference):
            raise _missing(name)
        return reference

    def _users(self, reference: Reference) -> int:
        """Count the connections to a branch; those of each other process as one."""
        store = self._home.store(reference)
        store.trim()
        return len(store.sessions) + store.is_shared()


def _missing(name: str) -> PostgresError:
    return error("3D000", f'database "{name}" does not exist')


def _in_use(name: str, users: int) -> PostgresError:
    detail = (
        "There is 1 other session using the database."
        if users == 1
        else f"There are {users} other sessions using the database."
    )
    message = f'database "{name}" is being accessed by other users'
    return error("55006", message, detail=detail)
