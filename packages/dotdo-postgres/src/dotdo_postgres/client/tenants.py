"""Opens an engine session on the tenant that a connection string names."""

from psycopg import errors as e

from dotdo import tenancy
from dotdo.errors import DotdoError
from dotdo_postgres.client.conninfo import Conninfo
from dotdo_postgres.engine.databases import Databases
from dotdo_postgres.engine.session import Session


def open_session(info: Conninfo) -> Session:
    """Open a session.

    Raises:
        psycopg.OperationalError: there is no such tenant, branch or moment, or its file cannot be used.
    """
    try:
        home = tenancy.default_home()
        store = tenancy.connect(info.reference, home=home)
        return Session(
            store,
            user=info.user,
            database=info.reference,
            application_name=info.application_name,
            databases=Databases(home, info.reference),
        )
    except DotdoError as failure:
        raise e.OperationalError(
            f'connection failed: FATAL:  database "{info.reference}" does not exist\n'
            f"DETAIL:  {failure}"
        ) from failure
