"""Django's backend of PostgreSQL with connections to tenants in the same process."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg.client_cursor import ClientCursorMixin

import dotdo_postgres


class Cursor(base.CursorMixin, dotdo_postgres.ClientCursor):
    """Binds parameters in the client, as Django's own does by default."""


class ServerBindingCursor(base.CursorMixin, dotdo_postgres.Cursor):
    """Sends parameters beside the statement."""


class ServerSideCursor(base.CursorMixin, ClientCursorMixin[Any], dotdo_postgres.ServerCursor[Any]):
    """Reads rows in portions, with parameters bound in the client."""


class DatabaseWrapper(base.DatabaseWrapper):
    """`"ENGINE": "dotdo_postgres.django"`: NAME is the tenant; host, user and password are accepted and ignored."""

    display_name = "dotdo"
    Database = dotdo_postgres

    def get_connection_params(self) -> dict[str, Any]:
        """Return what connects, with cursors over tenants."""
        params: dict[str, Any] = super().get_connection_params()
        is_server_side = params["cursor_factory"] is base.ServerBindingCursor
        return params | {"cursor_factory": ServerBindingCursor if is_server_side else Cursor}

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor; one with a name reads rows in portions."""
        if not name or self.settings_dict["OPTIONS"].get("server_side_binding") is True:
            return super().create_cursor(name)
        is_held = self.connection.autocommit
        cursor = ServerSideCursor(self.connection, name=name, scrollable=False, withhold=is_held)
        loader = self.connection.adapters.get_loader(base.TIMESTAMPTZ_OID, base.Format.TEXT)
        if self.timezone != loader.timezone:
            base.register_tzloader(self.timezone, cursor)
        return cursor
