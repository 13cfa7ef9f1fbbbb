"""Commands on users and roles: the host's credentials are kept outside of databases, so these list nobody and change nothing."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import command
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_REFUSED = "users are kept in the credentials of the serving host: {0} is not supported, use the command line instead"


@command("usersInfo", is_lenient=True)
def users_info(request: Request) -> Document:
    """List users: those of this connection alone are known here."""
    client = request.client
    if client.user is None:
        return {"users": []}
    return {
        "users": [
            {
                "_id": f"admin.{client.user}",
                "user": client.user,
                "db": "admin",
                "roles": [{"role": "root", "db": "admin"}],
            }
        ]
    }


@command("rolesInfo", is_lenient=True)
def roles_info(request: Request) -> Document:  # noqa: ARG001
    """List roles: none are defined."""
    return {"roles": []}


def _refusing(name: str) -> Any:
    def refuse(request: Request) -> Document:
        raise failure(20, _REFUSED.format(request.name))

    refuse.__doc__ = "Refuse: users and roles are kept outside of databases."
    return command(name, {"pwd": kinds.ANY}, is_lenient=True, is_write=True)(refuse)


REFUSED = (
    "createUser", "updateUser", "dropUser", "dropAllUsersFromDatabase", "grantRolesToUser", "revokeRolesFromUser",
    "createRole", "updateRole", "dropRole", "dropAllRolesFromDatabase", "grantRolesToRole", "revokeRolesFromRole",
    "grantPrivilegesToRole", "revokePrivilegesFromRole",
)  # fmt: skip
COMMANDS = (users_info, roles_info, *map(_refusing, REFUSED))
