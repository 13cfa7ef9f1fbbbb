"""The views of what a session has open: pg_prepared_statements and pg_cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog.providers import Provider, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.session import Session


def _statements(session: Session) -> Iterator[Row]:
    for name, one in session.statements.items():
        if not name:
            continue
        yield {
            "name": name, "statement": one.source or one.sql, "prepare_time": one.made_us,
            "parameter_types": list(one.param_types),
            "from_sql": int(one.is_sql), "generic_plans": 0, "custom_plans": 0,
        }  # fmt: skip


def _cursors(session: Session) -> Iterator[Row]:
    for name, one in session.portals.named.items():
        if not name:
            continue
        yield {
            "name": name, "statement": one.sql, "is_holdable": int(one.is_hold), "is_binary": int(one.is_binary),
            "is_scrollable": int(one.is_scroll), "creation_time": one.made_us,
        }  # fmt: skip


PROVIDERS = (
    Provider("pg_catalog.pg_prepared_statements", _statements, needs_session=True),
    Provider("pg_catalog.pg_cursors", _cursors, needs_session=True),
)
