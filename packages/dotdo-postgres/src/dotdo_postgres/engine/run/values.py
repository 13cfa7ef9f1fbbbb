"""Values of the session that compiled text takes as parameters: clocks, names, sequence numbers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dotdo_postgres.engine.documents.present import OBJECT_ID_START
from dotdo_postgres.engine.objects.search_path import split_identifiers
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes, zonedtimes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.compile.compiler import SessionKey
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

VERSION = "PostgreSQL 15.18 (dotdo) on x86_64-pc-linux-gnu, compiled by SQLite, 64-bit"


def session_values(session: Session, keys: Sequence[SessionKey]) -> list[StorageValue]:
    """Compute the values for one run of a statement."""
    return [_value(session, kind, argument) for kind, argument in keys]


def _value(session: Session, kind: str, argument: str) -> StorageValue:
    facts = session.facts
    if kind in {"now", "statement"}:
        return facts.transaction_us if kind == "now" else facts.statement_us
    if kind in {"clock", OBJECT_ID_START}:
        now_us = facts.clock()
        is_id = kind == OBJECT_ID_START
        return f"{now_us // 1_000_000:08x}{os.urandom(5).hex()}" if is_id else now_us
    local = datetimes.utc_to_local(facts.transaction_us, facts.zone)
    simple: dict[str, StorageValue] = {
        "current_date": local // datetimes.DAY_US, "localtime": local % datetimes.DAY_US, "localtimestamp": local,
        "user": facts.user, "session_user": facts.session_user, "database": facts.database, "schema": _schema(facts), "version": VERSION, "pid": session.pid,
    }  # fmt: skip
    if kind in simple:
        return simple[kind]
    if kind == "current_time":
        west_s = (facts.transaction_us - local) // 1_000_000
        return zonedtimes.encode(local % datetimes.DAY_US, west_s)
    if kind in {"date", "timestamp", "timestamptz"}:  # midnight of a day near today
        day = local // datetimes.DAY_US + int(argument)
        midnight = day * datetimes.DAY_US
        if kind == "timestamptz":
            return datetimes.local_to_utc(midnight, facts.zone)
        return day if kind == "date" else midnight
    if kind == "rowid":
        noun = session.kernel.catalog.by_table[argument]
        return session.kernel.allocate(noun)
    return session.sequences.value(kind, argument)


def _schema(facts: Facts) -> str | None:
    told = split_identifiers(facts.settings["search_path"])
    return next(
        (
            name
            for name in facts.names.path
            if name != facts.names.temporary and (name != "pg_catalog" or name in told)
        ),
        None,
    )


def unknown_sequence(name: str) -> Exception:
    """Make the error for a sequence that does not exist (42P01)."""
    return error("42P01", f'relation "{name}" does not exist')
