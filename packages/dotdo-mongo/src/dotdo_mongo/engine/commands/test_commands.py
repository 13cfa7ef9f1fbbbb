"""Commands for tests of drivers; they are there only where the deployment was started with test commands."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import Declared, command, optional, required
from dotdo_mongo.engine.request import Request

_CONFIGURE: Declared = {
    "mode": required(kinds.ANY),
    "data": optional(kinds.OBJECT),
    "sync": kinds.SAFE_BOOL,
}


@command(
    "configureFailPoint", _CONFIGURE, target=kinds.STRING, is_admin_only=True, is_for_tests=True
)
def configure_fail_point(request: Request) -> dict[str, Any]:
    """Have commands fail."""
    arguments = request.arguments
    count = request.deployment.fail_points.configure(
        arguments["target"], arguments["mode"], arguments["data"] or {}
    )
    request.deployment.look_who_watches()
    return {"count": count}


@command("testVersion2", is_for_tests=True)
def test_version_2(request: Request) -> dict[str, Any]:  # noqa: ARG001
    """Do nothing; it is no command of the Stable API, version 1."""
    return {}


COMMANDS = (configure_fail_point, test_version_2)
