"""What the serving host loads: the protocol `mongo` on its port, all connections of it one deployment."""

import os

from dotdo.errors import InvalidName, InvalidReference, UnknownTenant
from dotdo.serving import SessionContext, WireProtocol
from dotdo.storage import Store
from dotdo.tenancy import Home, Tenant, default_home, parse_reference
from dotdo_mongo.engine.deployment import Deployment, HomeDatabases
from dotdo_mongo.errors import failure
from dotdo_mongo.server.session import MongoSession

DEFAULT_PORT = 27017


class ServedDatabases(HomeDatabases):
    """The tenants that a host serves, opened by its resolver.

    Args:
        context: Of any session of the host.
        home: Where the tenants are listed and created.
        may_create: The first write to a database that is missing creates it.
    """

    def __init__(self, context: SessionContext, home: Home, *, may_create: bool) -> None:
        super().__init__(home)
        self._resolve, self._creates = context.resolve_tenant, may_create

    def open(self, name: str, *, create: bool) -> Store | None:
        """Return the store of a database; None when there is none and none is to be created."""
        try:
            tenant = self._resolve(name)
        except UnknownTenant:
            if not create:
                return None
            if not self._creates:
                raise failure(
                    26, f"database {name} does not exist, and this server creates none"
                ) from None
            return self.home.create(parse_reference(name).tenant)
        except (InvalidName, InvalidReference):
            raise failure(73, f"Invalid namespace specified '{name}'") from None
        assert isinstance(tenant, Tenant)
        return tenant.store


def mongo_protocol(
    home: Home | None = None,
    *,
    may_create: bool | None = None,
    has_test_commands: bool | None = None,
) -> WireProtocol:
    """Make the protocol with a deployment of its own.

    Args:
        home: Where tenants are listed and created; by default the home in use.
        may_create: The first write to a database that is missing creates it; by default when `DOTDO_CREATE=1`.
        has_test_commands: Drivers' tests may set fail points; by default when `DOTDO_MONGO_TEST_COMMANDS=1`.
    """
    made: list[Deployment] = []

    def new_session(context: SessionContext) -> MongoSession:
        if not made:
            creates = os.environ.get("DOTDO_CREATE") == "1" if may_create is None else may_create
            databases = ServedDatabases(context, home or default_home(), may_create=creates)
            tests = os.environ.get("DOTDO_MONGO_TEST_COMMANDS") == "1"
            made.append(
                Deployment(
                    databases,
                    context.clock,
                    context.randomness,
                    has_test_commands=tests if has_test_commands is None else has_test_commands,
                )
            )
        return MongoSession(context, made[0])

    return WireProtocol("mongo", DEFAULT_PORT, new_session)


protocol = mongo_protocol()
