"""The views of what sessions have open: pg_prepared_statements, pg_cursors and pg_prepared_xacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog.providers import Provider, Row
from dotdo_postgres.engine.pending import prepared_transactions

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


def _transactions(session: Session) -> Iterator[Row]:
    for one in prepared_transactions(session.kernel.store).values():
        yield {
            "transaction": one.number, "gid": one.gid, "prepared": one.prepared_us, "owner": one.owner, "database": one.database,
        }  # fmt: skip


PROVIDERS = (
    Provider("pg_catalog.pg_prepared_xacts", _transactions, needs_session=True),
    Provider("pg_catalog.pg_prepared_statements", _statements, needs_session=True),
    Provider("pg_catalog.pg_cursors", _cursors, needs_session=True),
)
