"""The views of pg_catalog: pg_tables, pg_indexes, pg_roles, pg_settings, pg_stat_activity and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog.definitions import (
    constraint_definition,
    index_definition,
    view_definition,
)
from dotdo_postgres.engine.catalog.pg_relations import has_triggers, relation_oid
from dotdo_postgres.engine.catalog.providers import Provider, Row, empty
from dotdo_postgres.engine.catalog.roles import role_oid, role_rows
from dotdo_postgres.engine.objects.grantable import of_sequence
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.objects.tables import index_entries, table_columns
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import relations, static_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.session import Session


def _tables(session: Session) -> Iterator[Row]:
    for (schema, name), noun in session.names.objects.relations.items():
        if kind_of(noun) == "r":
            facts = facts_of(noun)
            yield {
                "schemaname": schema, "tablename": name, "tableowner": owner(session, facts), "hasindexes": int(bool(index_entries(noun))),
                "hasrules": 0, "hastriggers": int(has_triggers(session, noun)),
                "rowsecurity": int(bool(facts.get("row_security"))),
            }  # fmt: skip
    names = {11: "pg_catalog", 13000: "information_schema"}
    for row in static_rows("pg_class"):
        if row[16] == "r":
            yield {"schemaname": names.get(row[2], "information_schema"), "tablename": row[1], "tableowner": "postgres",
                   "hasindexes": row[13], "hasrules": 0, "hastriggers": 0, "rowsecurity": 0}  # fmt: skip


def owner(session: Session, facts: Row) -> str:  # noqa: ARG001 -- called as its kin
    """Return the owner of an object."""
    found: str = facts.get("owner", "postgres")
    return found


def _views(session: Session) -> Iterator[Row]:
    for (schema, name), noun in session.names.objects.relations.items():
        if kind_of(noun) == "v":
            yield {"schemaname": schema, "viewname": name, "viewowner": owner(session, facts_of(noun)),
                   "definition": view_definition(session.facts, noun)}  # fmt: skip


def _materialized(session: Session) -> Iterator[Row]:
    for (schema, name), noun in session.names.objects.relations.items():
        if kind_of(noun) == "m":
            yield {"schemaname": schema, "matviewname": name, "matviewowner": owner(session, facts_of(noun)),
                   "hasindexes": int(bool(index_entries(noun))), "ispopulated": int(facts_of(noun).get("is_populated", True)),
                   "definition": view_definition(session.facts, noun)}  # fmt: skip


def _indexes(session: Session) -> Iterator[Row]:
    for (schema, name), noun in session.names.objects.relations.items():
        for index in index_entries(noun):
            yield {"schemaname": schema, "tablename": name, "indexname": index.name,
                   "indexdef": index_definition(session.facts, noun, index)}  # fmt: skip


def _sequences(session: Session) -> Iterator[Row]:
    for (schema, name), sequence in session.names.objects.sequences.items():
        last, is_called = session.sequences.state(sequence)
        yield {
            "schemaname": schema, "sequencename": name, "sequenceowner": of_sequence(sequence).owner, "data_type": sequence.type,
            "start_value": sequence.start, "min_value": sequence.minimum, "max_value": sequence.maximum,
            "increment_by": sequence.increment, "cycle": int(sequence.is_cycled), "cache_size": sequence.cache,
            "last_value": last if is_called else None,
        }  # fmt: skip


def _roles(session: Session) -> Iterator[Row]:
    for row in role_rows(session):
        yield row | {"rolpassword": "********", "rolconfig": None}


def _users(session: Session) -> Iterator[Row]:
    for row in role_rows(session):
        if row["rolcanlogin"]:
            yield {
                "usename": row["rolname"], "usesysid": row["oid"], "usecreatedb": row["rolcreatedb"], "usesuper": row["rolsuper"],
                "userepl": row["rolreplication"], "usebypassrls": row["rolbypassrls"], "passwd": "********", "valuntil": None,
                "useconfig": None,
            }  # fmt: skip


def _groups(session: Session) -> Iterator[Row]:
    for row in role_rows(session):
        if not row["rolcanlogin"]:
            name, objects = row["rolname"], session.names.objects
            members = [
                role_oid(objects, member)
                for member, noun in objects.roles.items()
                if name in facts_of(noun).get("member_of", ())
            ]
            yield {"groname": name, "grosysid": row["oid"], "grolist": members}


def settings_rows(session: Session) -> Iterator[Row]:
    """Yield the settings, as `pg_settings` has them."""
    names = [name for name, _, _ in relations()["pg_catalog.pg_settings"][2]]
    values = session.settings.values
    for row in static_rows("pg_settings"):
        found = dict(zip(names, row, strict=True))
        key = str(found["name"]).lower()
        if key in values:
            found["setting"] = values[key]
            if session.settings.defaults.get(key) != values[key]:
                found["source"] = "session"
        yield found | {"pending_restart": 0}


def _activity(session: Session) -> Iterator[Row]:
    facts = session.facts
    yield {
        "datid": 5, "datname": facts.database, "pid": session.pid, "usesysid": 10, "usename": facts.session_user,
        "application_name": session.settings.values["application_name"], "backend_start": facts.transaction_us,
        "xact_start": facts.transaction_us, "query_start": facts.statement_us, "state_change": facts.statement_us, "state": "active",
        "query": session.current_query, "backend_type": "client backend",
    }  # fmt: skip


def _policies(session: Session) -> Iterator[Row]:
    words = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
    for (schema, name), noun in session.names.objects.relations.items():
        for label, facts in facts_of(noun).get("policies", {}).items():
            yield {
                "schemaname": schema, "tablename": name, "policyname": label,
                "permissive": "PERMISSIVE" if facts["permissive"] else "RESTRICTIVE", "roles": facts["roles"] or ["public"],
                "cmd": words[facts["command"]], "qual": facts.get("using_text"), "with_check": facts.get("check_text"),
            }  # fmt: skip


def _zones(session: Session) -> Iterator[Row]:
    import zoneinfo
    from datetime import UTC, datetime

    now = datetime.fromtimestamp(session.facts.clock() / 1_000_000, UTC)
    for name in sorted(zoneinfo.available_timezones()):
        local = now.astimezone(zoneinfo.ZoneInfo(name))
        from dotdo_postgres.mapping import interval

        offset = local.utcoffset()
        seconds = int(offset.total_seconds()) if offset else 0
        yield {"name": name, "abbrev": local.tzname(), "utc_offset": interval.encode(interval.Interval(0, 0, seconds * 1_000_000)),
               "is_dst": int(bool(local.dst()))}  # fmt: skip


def _statistics(session: Session) -> Iterator[Row]:
    for (schema, name), noun in session.names.objects.relations.items():
        if kind_of(noun) in "rm":
            yield {"relid": relation_oid(noun), "schemaname": schema, "relname": name}


def _index_statistics(session: Session) -> Iterator[Row]:
    for (schema, name), noun in session.names.objects.relations.items():
        for index in index_entries(noun):
            yield {"relid": relation_oid(noun), "indexrelid": index.oid, "schemaname": schema, "relname": name, "indexrelname": index.name,
                   "idx_scan": 0, "idx_tup_read": 0, "idx_tup_fetch": 0}  # fmt: skip


def _view(name: str, rows: object, **facts: bool) -> Provider:
    return Provider(f"pg_catalog.{name}", rows, has_blanks=False, **facts)  # type: ignore[arg-type]  # each gives rows


PROVIDERS = (
    _view("pg_tables", _tables),
    _view("pg_views", _views),
    _view("pg_matviews", _materialized),
    _view("pg_indexes", _indexes),
    _view("pg_sequences", _sequences, needs_session=True),
    _view("pg_roles", _roles, needs_session=True),
    _view("pg_user", _users, needs_session=True),
    _view("pg_group", _groups, needs_session=True),
    _view("pg_settings", settings_rows, needs_session=True, is_whole=True),
    _view("pg_stat_activity", _activity, needs_session=True),
    _view("pg_policies", _policies, needs_session=True),
    _view("pg_timezone_names", _zones, needs_session=True),
    _view("pg_stat_user_tables", _statistics),
    _view("pg_stat_all_tables", _statistics),
    _view("pg_stat_user_indexes", _index_statistics),
    _view("pg_stat_all_indexes", _index_statistics),
    _view("pg_locks", empty),
    _view("pg_seclabels", empty),
)
__all__ = ["PROVIDERS", "constraint_definition", "t", "table_columns"]
