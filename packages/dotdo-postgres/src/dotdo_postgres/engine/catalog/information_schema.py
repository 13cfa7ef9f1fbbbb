"""The views of information_schema, from the same definitions as pg_catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.make import make_binder
from dotdo_postgres.engine.bind.updatable import INSERT_BIT, updatability, updatable_columns
from dotdo_postgres.engine.catalog.definitions import column_default, view_definition
from dotdo_postgres.engine.catalog.providers import Provider, Row, empty
from dotdo_postgres.engine.catalog.roles import role_rows
from dotdo_postgres.engine.catalog.typefacts import type_columns
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.objects.tables import constraint_entries, table_columns
from dotdo_postgres.engine.objects.temporary import is_temporary
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo.storage import Noun
    from dotdo_postgres.engine.objects.tables import ConstraintEntry, TableColumn
    from dotdo_postgres.engine.session import Session

_TABLE_TYPES = {"r": "BASE TABLE", "v": "VIEW"}
_RULES = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_CONSTRAINTS = {"p": "PRIMARY KEY", "u": "UNIQUE", "f": "FOREIGN KEY", "c": "CHECK"}


def yes(value: object) -> str:
    """Write a truth as the standard does."""
    return "YES" if value else "NO"


def _relations(session: Session) -> Iterator[tuple[str, str, Noun]]:
    for (schema, name), noun in session.names.objects.relations.items():
        if kind_of(noun) in _TABLE_TYPES:
            yield schema, name, noun


def _schemata(session: Session) -> Iterator[Row]:
    owners = {"public": "pg_database_owner"}
    for schema in (*session.names.objects.schemas, "pg_catalog", "information_schema"):
        yield {
            "catalog_name": session.facts.database,
            "schema_name": schema,
            "schema_owner": owners.get(schema, "postgres"),
        }


def written(session: Session, noun: Noun) -> int:
    """Return which statements can write to a relation."""
    return updatability(make_binder(session.names), noun)


def _tables(session: Session) -> Iterator[Row]:
    for schema, name, noun in _relations(session):
        yield {
            "table_catalog": session.facts.database, "table_schema": schema, "table_name": name,
            "table_type": "LOCAL TEMPORARY" if is_temporary(schema) and kind_of(noun) == "r" else _TABLE_TYPES[kind_of(noun)], "is_insertable_into": yes(written(session, noun) & INSERT_BIT), "is_typed": "NO",
        }  # fmt: skip


def _columns(session: Session) -> Iterator[Row]:
    database = session.facts.database
    for schema, name, noun in _relations(session):
        writable = updatable_columns(make_binder(session.names), noun) or ()
        for column in table_columns(noun):
            generated = None
            default = column_default(session.names, noun, column)
            if column.generated is not None:
                generated, default = default, None
            yield {
                "table_catalog": database, "table_schema": schema, "table_name": name, "column_name": column.name,
                "ordinal_position": column.number, "column_default": default, "is_nullable": yes(column.is_nullable),
                "is_self_referencing": "NO", "is_identity": yes(column.identity),
                "is_generated": "ALWAYS" if generated is not None else "NEVER", "generation_expression": generated,
                "is_updatable": yes(column.name in writable), "dtd_identifier": str(column.number),
            } | type_columns(session, column.type, column.typmod) | _identity(session, noun, column)  # fmt: skip


def _identity(session: Session, noun: Noun, column: TableColumn) -> Row:
    if not column.identity:
        return {"identity_cycle": "NO"}
    schema = split_name(noun.name)[0]
    sequence = session.names.objects.sequences.get((schema, column.sequence or ""))
    if sequence is None:
        return {}
    return {
        "identity_generation": "ALWAYS" if column.identity == "a" else "BY DEFAULT", "identity_start": str(sequence.start),
        "identity_increment": str(sequence.increment), "identity_maximum": str(sequence.maximum),
        "identity_minimum": str(sequence.minimum), "identity_cycle": yes(sequence.is_cycled),
    }  # fmt: skip


def _entries(session: Session) -> Iterator[tuple[str, str, Noun, ConstraintEntry]]:
    for schema, name, noun in _relations(session):
        for entry in constraint_entries(session.names.catalog, noun):
            yield schema, name, noun, entry


def _constraint(session: Session, schema: str, entry: ConstraintEntry) -> Row:
    return {
        "constraint_catalog": session.facts.database,
        "constraint_schema": schema,
        "constraint_name": entry.name,
    }


def _table(session: Session, schema: str, name: str) -> Row:
    return {"table_catalog": session.facts.database, "table_schema": schema, "table_name": name}


def _not_nulls(session: Session) -> Iterator[tuple[str, str, Noun, TableColumn, str]]:
    """Yield NOT NULL as the checks that the standard takes them for."""
    from dotdo_postgres.engine.objects.namespaces import namespace_oid

    for schema, name, noun in _relations(session):
        space = namespace_oid(session.names.objects, schema)
        for column in table_columns(noun):
            if not column.is_nullable:
                yield (
                    schema,
                    name,
                    noun,
                    column,
                    f"{space}_{FIRST_OID + noun.id}_{column.number}_not_null",
                )


def _table_constraints(session: Session) -> Iterator[Row]:
    for schema, name, _, entry in _entries(session):
        yield _constraint(session, schema, entry) | _table(session, schema, name) | {
            "constraint_type": _CONSTRAINTS[entry.kind], "is_deferrable": yes(entry.is_deferrable),
            "initially_deferred": yes(entry.is_deferred), "enforced": "YES", "nulls_distinct": "YES" if entry.kind == "u" else None,
        }  # fmt: skip
    for schema, name, _, _, label in _not_nulls(session):
        yield _table(session, schema, name) | {
            "constraint_catalog": session.facts.database, "constraint_schema": schema, "constraint_name": label,
            "constraint_type": "CHECK", "is_deferrable": "NO", "initially_deferred": "NO", "enforced": "YES",
        }  # fmt: skip


def _key_columns(session: Session) -> Iterator[Row]:
    for schema, name, noun, entry in _entries(session):
        if entry.kind == "c":
            continue
        names = {column.number: column.name for column in table_columns(noun)}
        unique = _unique_of(session, entry) if entry.kind == "f" else None
        for place, number in enumerate(entry.columns, start=1):
            position = None
            if unique is not None:
                position = unique[2].columns.index(entry.target_columns[place - 1]) + 1
            yield _constraint(session, schema, entry) | _table(session, schema, name) | {
                "column_name": names[number], "ordinal_position": place, "position_in_unique_constraint": position,
            }  # fmt: skip


def _unique_of(
    session: Session, entry: ConstraintEntry
) -> tuple[str, Noun, ConstraintEntry] | None:
    target = session.names.catalog.noun(entry.target)
    if target is None:
        return None
    for other in constraint_entries(session.names.catalog, target):
        if other.kind in "pu" and other.index_oid == entry.index_oid:
            return split_name(target.name)[0], target, other
    return None


def _referential(session: Session) -> Iterator[Row]:
    for schema, _, _, entry in _entries(session):
        if entry.kind != "f":
            continue
        unique = _unique_of(session, entry)
        yield _constraint(session, schema, entry) | {
            "unique_constraint_catalog": None if unique is None else session.facts.database,
            "unique_constraint_schema": None if unique is None else unique[0],
            "unique_constraint_name": None if unique is None else unique[2].name,
            "match_option": "NONE", "update_rule": _RULES[entry.on_update], "delete_rule": _RULES[entry.on_delete],
        }  # fmt: skip


def _used_columns(session: Session) -> Iterator[Row]:
    for schema, name, noun, entry in _entries(session):
        target, columns, place = noun, entry.columns, (schema, name)
        if entry.kind == "f":
            found = session.names.catalog.noun(entry.target)
            if found is None:
                continue
            target, columns, place = found, entry.target_columns, split_name(found.name)
        names = {column.number: column.name for column in table_columns(target)}
        for number in columns:
            yield (
                _table(session, *place)
                | {"column_name": names[number]}
                | _constraint(session, schema, entry)
            )


def _used_tables(session: Session) -> Iterator[Row]:
    for schema, name, _, entry in _entries(session):
        if entry.kind == "c":
            continue
        place = split_name(entry.target) if entry.kind == "f" else (schema, name)
        yield _table(session, *place) | _constraint(session, schema, entry)


def _checks(session: Session) -> Iterator[Row]:
    for schema, _, _, entry in _entries(session):
        if entry.kind == "c":
            yield _constraint(session, schema, entry) | {"check_clause": f"({entry.source})"}
    for schema, _, _, column, label in _not_nulls(session):
        yield {"constraint_catalog": session.facts.database, "constraint_schema": schema, "constraint_name": label,
               "check_clause": f"{column.name} IS NOT NULL"}  # fmt: skip
    for schema, name, facts in _domains_of(session):
        for check in facts.get("checks", ()):
            yield {"constraint_catalog": session.facts.database, "constraint_schema": schema, "constraint_name": check["name"],
                   "check_clause": f"({check['text']})"}  # fmt: skip
        assert name


def _domains_of(session: Session) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for (schema, name), oid in session.names.objects.types.items():
        noun = session.names.catalog.by_id.get(oid - FIRST_OID)
        if noun is not None and facts_of(noun)["kind"] == "domain":
            yield schema, name, facts_of(noun)


def _domains(session: Session) -> Iterator[Row]:
    for schema, name, facts in _domains_of(session):
        yield {"domain_catalog": session.facts.database, "domain_schema": schema, "domain_name": name,
               "domain_default": facts.get("default_text"), "dtd_identifier": "1"} | _plain(session, facts["base"], facts["typmod"])  # fmt: skip


def _plain(session: Session, oid: int, typmod: int) -> Row:
    return {
        key: value
        for key, value in type_columns(session, oid, typmod).items()
        if not key.startswith("domain")
    }


def _domain_constraints(session: Session) -> Iterator[Row]:
    for schema, name, facts in _domains_of(session):
        for check in facts.get("checks", ()):
            yield {"constraint_catalog": session.facts.database, "constraint_schema": schema, "constraint_name": check["name"],
                   "domain_catalog": session.facts.database, "domain_schema": schema, "domain_name": name, "is_deferrable": "NO",
                   "initially_deferred": "NO"}  # fmt: skip


def _views(session: Session) -> Iterator[Row]:
    for schema, name, noun in _relations(session):
        if kind_of(noun) == "v":
            yield _table(session, schema, name) | {
                "view_definition": view_definition(session.facts, noun), "check_option": facts_of(noun).get("check_option", "none").upper(),
                "is_updatable": yes(written(session, noun) & 20 == 20), "is_insertable_into": yes(written(session, noun) & INSERT_BIT), "is_trigger_updatable": "NO", "is_trigger_deletable": "NO", "is_trigger_insertable_into": "NO",
            }  # fmt: skip


def _view_tables(session: Session) -> Iterator[Row]:
    from dotdo_postgres.engine.catalog.dependencies import relation_key_of

    for schema, name, noun in _relations(session):
        for number in dict.fromkeys(pair[0] for pair in facts_of(noun).get("depends", ())):
            used = session.names.catalog.by_id.get(number)
            if used is not None:
                yield {
                    "view_catalog": session.facts.database,
                    "view_schema": schema,
                    "view_name": name,
                } | _table(session, *relation_key_of(used))


def _sequences(session: Session) -> Iterator[Row]:
    bits = {t.INT2: 16, t.INT4: 32, t.INT8: 64}
    for (schema, name), sequence in session.names.objects.sequences.items():
        if sequence.column is not None and any(
            c.column == sequence.column and c.extra["postgres"].get("identity")
            for c in sequence.noun.columns
        ):
            continue
        yield {
            "sequence_catalog": session.facts.database, "sequence_schema": schema, "sequence_name": name,
            "data_type": t.format_type(sequence.type), "numeric_precision": bits[sequence.type], "numeric_precision_radix": 2,
            "numeric_scale": 0, "start_value": str(sequence.start), "minimum_value": str(sequence.minimum),
            "maximum_value": str(sequence.maximum), "increment": str(sequence.increment), "cycle_option": yes(sequence.is_cycled),
        }  # fmt: skip


def _routines(session: Session) -> Iterator[Row]:
    for (schema, name), nouns in session.names.objects.functions.items():
        for noun in nouns:
            facts = facts_of(noun)
            specific = f"{name}_{FIRST_OID + noun.id}"
            yield {
                "specific_catalog": session.facts.database, "specific_schema": schema, "specific_name": specific,
                "routine_catalog": session.facts.database, "routine_schema": schema, "routine_name": name,
                "routine_type": "PROCEDURE" if facts["kind"] == "p" else "FUNCTION", "routine_body": "EXTERNAL",
                "routine_definition": facts["body"], "external_language": facts["language"].upper(), "parameter_style": "GENERAL",
                "is_deterministic": yes(facts.get("volatility") == "i"), "sql_data_access": "MODIFIES",
                "is_null_call": None if facts["kind"] == "p" else yes(facts.get("strict")), "schema_level_routine": "YES",
                "max_dynamic_result_sets": 0, "security_type": "DEFINER" if facts.get("security_definer") else "INVOKER",
                "as_locator": "NO", "is_udt_dependent": "NO", "is_user_defined_cast": None,
            } | ({} if facts["kind"] == "p" else {key: value for key, value in _plain(session, facts["result"], -1).items()
                                                if key in {"data_type", "udt_catalog", "udt_schema", "udt_name"}})  # fmt: skip


_PRIVILEGES = ("INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def _table_privileges(session: Session) -> Iterator[Row]:
    for schema, name, _ in _relations(session):
        for privilege in _PRIVILEGES:
            yield _table(session, schema, name) | {
                "grantor": "postgres", "grantee": "postgres", "privilege_type": privilege, "is_grantable": "YES",
                "with_hierarchy": yes(privilege == "SELECT"),
            }  # fmt: skip


def _enabled_roles(session: Session) -> Iterator[Row]:
    for row in role_rows(session):
        yield {"role_name": row["rolname"]}


def _catalog_name(session: Session) -> Iterator[Row]:
    yield {"catalog_name": session.facts.database}


def _character_sets(session: Session) -> Iterator[Row]:
    yield {"character_set_name": "UTF8", "character_repertoire": "UCS", "form_of_use": "UTF8",
           "default_collate_catalog": session.facts.database, "default_collate_schema": "pg_catalog", "default_collate_name": "default"}  # fmt: skip


def _view(name: str, rows: Any, **facts: bool) -> Provider:
    return Provider(
        f"information_schema.{name}", rows, needs_session=True, has_blanks=False, **facts
    )


PROVIDERS = (
    _view("information_schema_catalog_name", _catalog_name),
    _view("schemata", _schemata),
    _view("tables", _tables),
    _view("columns", _columns),
    _view("table_constraints", _table_constraints),
    _view("key_column_usage", _key_columns),
    _view("referential_constraints", _referential),
    _view("constraint_column_usage", _used_columns),
    _view("constraint_table_usage", _used_tables),
    _view("check_constraints", _checks),
    _view("domains", _domains),
    _view("domain_constraints", _domain_constraints),
    _view("views", _views),
    _view("view_table_usage", _view_tables),
    _view("sequences", _sequences),
    _view("routines", _routines),
    _view("table_privileges", _table_privileges),
    _view("role_table_grants", _table_privileges),
    _view("enabled_roles", _enabled_roles),
    _view("character_sets", _character_sets),
    *(
        _view(name, empty)
        for name in (
            "foreign_tables", "foreign_servers", "foreign_data_wrappers", "foreign_table_options", "foreign_server_options",
            "foreign_data_wrapper_options", "user_mappings", "user_mapping_options", "column_options", "transforms",
        )
    ),
)  # fmt: skip
