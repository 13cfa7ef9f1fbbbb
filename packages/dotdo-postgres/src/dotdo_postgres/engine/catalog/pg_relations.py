"""pg_class, pg_attribute, pg_index, pg_constraint and what else says how tables are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.catalog.pg_partitions import class_facts, column_facts, parent_index
from dotdo_postgres.engine.catalog.providers import Provider, Row, empty
from dotdo_postgres.engine.catalog.roles import owner_oid, shown_items
from dotdo_postgres.engine.objects.columns import TypeFacts, type_facts
from dotdo_postgres.engine.objects.descent import is_partitioned
from dotdo_postgres.engine.objects.grantable import of_column, of_noun, of_schema, of_sequence
from dotdo_postgres.engine.objects.index_methods import number_of
from dotdo_postgres.engine.objects.kept import HIDDEN, derived_oid, facts_of, kind_of
from dotdo_postgres.engine.objects.namespaces import namespace_oid
from dotdo_postgres.engine.objects.tables import (
    IndexEntry,
    constraint_entries,
    index_entries,
    table_columns,
)
from dotdo_postgres.engine.objects.temporary import is_temporary
from dotdo_postgres.engine.objects.usertypes import fields_oid
from dotdo_postgres.engine.relations import EXTRA, FIRST_OID
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import static_rows
from dotdo_postgres.spec.extensions import PLPGSQL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dotdo.storage import Noun
    from dotdo_postgres.engine.objects.collected import Objects, Sequence
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.session import Session

OWNER = 10
HEAP = 2
PLPGSQL_OID, EXTENSION_OID = 13499, 3079


def relation_oid(noun: Noun) -> int:
    """Return the OID of a table or view."""
    return FIRST_OID + noun.id


def _namespaces(session: Session) -> Iterator[Row]:
    objects = session.names.objects
    own = [str(row[1]) for row in static_rows("pg_namespace")]
    numbers = {str(row[1]): int(row[0]) for row in static_rows("pg_namespace")}
    for name in (*own, *(name for name in objects.schemas if name not in own)):
        target = of_schema(session.names.catalog, objects, name)
        yield {
            "oid": numbers.get(name) or namespace_oid(objects, name), "nspname": name, "nspowner": owner_oid(objects, target),
            "nspacl": shown_items(target.items),
        }  # fmt: skip


def _classes(session: Session) -> Iterator[Row]:
    objects = session.names.objects
    for (schema, name), noun in objects.relations.items():
        yield _class_of_table(session, objects, schema, name, noun)
        for index in index_entries(noun):
            owner: Row = {"relowner": owner_oid(objects, of_noun(noun))}
            if is_partitioned(noun):
                owner |= {"relkind": "I", "relfilenode": 0}
            owner["relispartition"] = int(bool(parent_index(session, noun, index)))
            yield _class_of_index(objects, schema, index) | owner
    for (schema, name), sequence in objects.sequences.items():
        yield _class_of_sequence(objects, schema, name, sequence)
    for (schema, name), oid in objects.types.items():
        made = objects.by_oid[oid]
        if made.kind == "c":
            row = _class(objects, schema, name, fields_oid(made), "c")
            yield row | {"reltype": oid, "relnatts": len(made.fields), "relfilenode": 0}


def _class(objects: Objects, schema: str, name: str, oid: int, kind: str) -> Row:
    return {
        "oid": oid, "relname": name, "relnamespace": namespace_oid(objects, schema), "relowner": OWNER, "relfilenode": oid,
        "relpersistence": "t" if is_temporary(schema) else "p", "relkind": kind, "relispopulated": 1, "relreplident": "n", "relacl": None, "reloptions": None,
        "relpartbound": None, "reltuples": -1.0 if kind in "rm" else 0.0,
    }  # fmt: skip


def _class_of_table(session: Session, objects: Objects, schema: str, name: str, noun: Noun) -> Row:
    kind, facts, target = kind_of(noun), facts_of(noun), of_noun(noun)
    row = _class(objects, schema, name, relation_oid(noun), kind)
    is_stored = kind != "v"
    columns = table_columns(noun)
    highest = max((column.number for column in columns), default=0)
    row |= {
        "reltype": derived_oid(noun, "t", ""), "relam": HEAP if is_stored else 0, "relnatts": max(highest, facts.get("highest", 0)),
        "relchecks": sum(not check.name.startswith(HIDDEN) for check in noun.checks), "relhasindex": int(bool(index_entries(noun))), "relhasrules": int(kind in "vm"),
                "relhastriggers": int(has_triggers(session, noun)),
        "relrowsecurity": int(bool(facts.get("row_security"))), "relforcerowsecurity": int(bool(facts.get("force_row_security"))),
        "relreplident": "d" if is_stored and kind == "r" else "n" if kind == "v" else "d",
        "reltoastrelid": 0, "relacl": shown_items(target.items), "relowner": owner_oid(objects, target),
        "relfilenode": relation_oid(noun) if is_stored else 0, "reloptions": shown_options(facts),
        "relispopulated": int(facts.get("is_populated", True)),
    }  # fmt: skip
    return row | class_facts(session, noun)


def shown_options(facts: dict[str, Any]) -> list[str] | None:
    """Return the storage parameters of a table, or the options of a view, as `reloptions` shows them."""
    options = dict(facts.get("options", {}))
    if facts.get("check_option"):
        options["check_option"] = facts["check_option"]
    listed = [
        f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in options.items()
    ]
    return listed or None


def has_triggers(session: Session, noun: Noun) -> bool:
    """Tell whether a table has triggers, those of foreign keys on either side included."""
    own = noun.foreign_keys or facts_of(noun).get("triggers")
    return bool(own) or _is_referenced(session, noun)


def _is_referenced(session: Session, noun: Noun) -> bool:
    key = "referenced nouns"
    derived = session.names.catalog.derived
    found = derived.get(key)
    if not isinstance(found, frozenset):
        found = derived[key] = frozenset(
            fk.target for other in session.names.catalog.nouns for fk in other.foreign_keys
        )
    return noun.name in found


def _class_of_index(objects: Objects, schema: str, index: IndexEntry) -> Row:
    row = _class(objects, schema, index.name, index.oid, "i")
    return row | {"relam": number_of(index.method), "relnatts": len(index.keys), "relpages": 1}


def _class_of_sequence(objects: Objects, schema: str, name: str, sequence: Sequence) -> Row:
    row = _class(objects, schema, name, sequence.oid, "S")
    target = of_sequence(sequence)
    return row | {
        "relnatts": 3, "relpages": 1, "reltuples": 1.0, "relowner": owner_oid(objects, target),
        "relacl": shown_items(target.items),
    }  # fmt: skip


_SYSTEM_COLUMNS = (
    ("ctid", 27, -1), ("xmin", 28, -2), ("cmin", 29, -3), ("xmax", 28, -4), ("cmax", 29, -5), ("tableoid", 26, -6),
)  # fmt: skip


def _attributes(session: Session) -> Iterator[Row]:
    objects = session.names.objects
    for noun in objects.relations.values():
        oid = relation_oid(noun)
        lists = _column_lists(noun)
        for column in table_columns(noun):
            facts = type_facts(column.type)
            yield _attribute(oid, column.name, column.type, column.number, facts) | {
                "atttypmod": column.typmod, "attnotnull": int(not column.is_nullable), "atthasdef": int(column.has_default),
                "attidentity": column.identity, "attgenerated": "s" if column.generated is not None else "",
                "attacl": lists.get(column.number),
            } | column_facts(noun, column.name)  # fmt: skip
        if kind_of(noun) != "v":
            for name, kind, number in _SYSTEM_COLUMNS:
                yield _attribute(oid, name, kind, number, type_facts(kind)) | {"attnotnull": 1}
        for index in index_entries(noun):
            yield from _index_attributes(noun, index)
    for oid in objects.types.values():
        made = objects.by_oid[oid]
        for number, (name, kind, typmod) in enumerate(made.fields, start=1):
            facts = type_facts(kind)
            row = _attribute(fields_oid(made), name, kind, number, facts)
            yield row | {"atttypmod": typmod}
    for sequence in objects.sequences.values():
        for number, (name, kind) in enumerate(
            (("last_value", 20), ("log_cnt", 20), ("is_called", 16)), 1
        ):
            yield _attribute(sequence.oid, name, kind, number, type_facts(kind)) | {"attnotnull": 1}


def _column_lists(noun: Noun) -> dict[int, list[str] | None]:
    """Return what is granted on columns by themselves, by their numbers."""
    return {
        column.extra[EXTRA].get("number", at): shown_items(of_column(noun, column).items)
        for at, column in enumerate(noun.columns, start=1)
        if "acl" in column.extra.get(EXTRA, {})
    }


def _attribute(oid: int, name: str, kind: int, number: int, facts: TypeFacts) -> Row:
    return {
        "attrelid": oid, "attname": name, "atttypid": kind, "attstattarget": -1 if number > 0 else 0, "attlen": facts.length,
        "attnum": number, "attndims": int(facts.is_array), "attcacheoff": -1, "atttypmod": -1, "attbyval": facts.by_value,
        "attalign": facts.alignment, "attstorage": facts.storage, "attislocal": 1, "attcollation": facts.collation,
        "attacl": None, "attoptions": None, "attfdwoptions": None, "attmissingval": None,
    }  # fmt: skip


def _index_attributes(noun: Noun, index: IndexEntry) -> Iterator[Row]:
    columns = {column.physical: column for column in table_columns(noun)}
    for number, key in enumerate(index.keys, start=1):
        column = columns.get(key.physical or "")
        if column is None:
            facts = type_facts(key.type)
            yield _attribute(index.oid, key.name, key.type, number, facts)
        else:
            facts = type_facts(column.type)
            yield _attribute(index.oid, column.name, column.type, number, facts) | {
                "atttypmod": column.typmod
            }


def _defaults(session: Session) -> Iterator[Row]:
    for noun in session.names.objects.relations.values():
        for column in table_columns(noun):
            if column.has_default:
                yield {
                    "oid": derived_oid(noun, "d", str(column.number)), "adrelid": relation_oid(noun),
                    "adnum": column.number, "adbin": f"d {noun.id} {column.number}",
                }  # fmt: skip


def _indexes(session: Session) -> Iterator[Row]:
    for noun in session.names.objects.relations.values():
        columns = {column.physical: column for column in table_columns(noun)}
        for index in index_entries(noun):
            keyed = [columns.get(key.physical or "") for key in index.keys]
            plain = [0 if column is None else column.number for column in keyed]
            kinds = [
                key.type if column is None else column.type
                for key, column in zip(index.keys, keyed, strict=True)
            ]
            n = index.key_count
            facts = [type_facts(kind) for kind in kinds]
            yield {
                "indexrelid": index.oid, "indrelid": relation_oid(noun), "indnatts": len(index.keys), "indnkeyatts": n,
                "indisunique": int(index.is_unique), "indnullsnotdistinct": 0, "indisprimary": int(index.is_primary),
                "indimmediate": 1, "indisvalid": 1, "indisready": 1, "indislive": 1, "indkey": plain,
                "indcollation": [fact.collation for fact in facts[:n]], "indclass": [fact.operator_class for fact in facts[:n]],
                "indoption": [key.options for key in index.keys[:n]],
                "indexprs": f"x {noun.id} {index.name}" if 0 in plain else None,
                "indpred": f"w {noun.id} {index.name}" if index.where is not None else None,
            }  # fmt: skip


def _constraints(session: Session) -> Iterator[Row]:
    objects = session.names.objects
    for (schema, _), noun in objects.relations.items():
        for entry in constraint_entries(session.names.catalog, noun):
            yield {
                "oid": entry.oid, "conname": entry.name, "connamespace": namespace_oid(objects, schema), "contype": entry.kind,
                "condeferrable": int(entry.is_deferrable), "condeferred": int(entry.is_deferred), "convalidated": int(entry.is_validated),
                "conrelid": relation_oid(noun), "conindid": entry.index_oid, "confrelid": entry.target_oid,
                "confupdtype": entry.on_update, "confdeltype": entry.on_delete, "confmatchtype": entry.match,
                "conislocal": 1, "connoinherit": int(entry.kind != "c"), "conkey": list(entry.columns) or None,
                "confkey": list(entry.target_columns) or None, "conpfeqop": list(entry.operators) or None,
                "conppeqop": list(entry.operators) or None, "conffeqop": list(entry.operators) or None,
                "confdelsetcols": None, "conexclop": None, "conbin": f"c {noun.id} {entry.name}" if entry.kind == "c" else None,
            }  # fmt: skip
    yield from _domain_constraints(session)


def _domain_constraints(session: Session) -> Iterator[Row]:
    objects = session.names.objects
    for (schema, _), oid in objects.types.items():
        noun = session.names.catalog.by_id.get(oid - FIRST_OID)
        if noun is None or facts_of(noun).get("kind") != "domain":
            continue
        for check in facts_of(noun).get("checks", ()):
            yield {
                "oid": derived_oid(noun, "c", check["name"]), "conname": check["name"], "connamespace": namespace_oid(objects, schema),
                "contype": "c", "convalidated": 1, "contypid": oid, "confupdtype": " ", "confdeltype": " ", "confmatchtype": " ",
                "conislocal": 1, "conkey": None, "confkey": None, "conpfeqop": None, "conppeqop": None, "conffeqop": None,
                "confdelsetcols": None, "conexclop": None, "conbin": f"k {noun.id} {check['name']}",
            }  # fmt: skip


def _sequences(session: Session) -> Iterator[Row]:
    for sequence in session.names.objects.sequences.values():
        yield {
            "seqrelid": sequence.oid, "seqtypid": sequence.type, "seqstart": sequence.start, "seqincrement": sequence.increment,
            "seqmax": sequence.maximum, "seqmin": sequence.minimum, "seqcache": sequence.cache, "seqcycle": int(sequence.is_cycled),
        }  # fmt: skip


CLASS_OID, TYPE_OID, CONSTRAINT_OID, NAMESPACE_OID, PROC_OID, ATTRDEF_OID, REWRITE_OID = (
    1259,
    1247,
    2606,
    2615,
    1255,
    2604,
    2618,
)


def _descriptions(session: Session) -> Iterator[Row]:
    return descriptions(session.names)


_PARTS = {"c": CONSTRAINT_OID, "g": 2620, "p": 3256}


def descriptions(names: Names) -> Iterator[Row]:  # noqa: C901, PLR0912 -- every kind of object
    """Yield every comment, as `pg_description` has them."""
    objects = names.objects
    for noun in objects.relations.values():
        facts, oid = facts_of(noun), relation_oid(noun)
        if facts.get("comment") is not None:
            yield {
                "objoid": oid,
                "classoid": CLASS_OID,
                "objsubid": 0,
                "description": facts["comment"],
            }
        for column in noun.columns:
            comment = column.extra.get(EXTRA, {}).get("comment")
            if comment is not None:
                number = column.extra[EXTRA].get("number", noun.columns.index(column) + 1)
                yield {
                    "objoid": oid,
                    "classoid": CLASS_OID,
                    "objsubid": number,
                    "description": comment,
                }
        for (kind, name), comment in _comments(facts):
            classoid = _PARTS.get(kind, CLASS_OID)
            yield {
                "objoid": derived_oid(noun, kind, name),
                "classoid": classoid,
                "objsubid": 0,
                "description": comment,
            }
    for sequence in objects.sequences.values():
        facts = facts_of(sequence.noun) if sequence.column is None else {}
        if facts.get("comment") is not None:
            yield {
                "objoid": sequence.oid,
                "classoid": CLASS_OID,
                "objsubid": 0,
                "description": facts["comment"],
            }
    for oid in set(objects.types.values()):
        made = names.catalog.by_id.get(oid - FIRST_OID)
        if made is not None and facts_of(made).get("comment") is not None:
            yield {
                "objoid": oid,
                "classoid": TYPE_OID,
                "objsubid": 0,
                "description": facts_of(made)["comment"],
            }
    for schema, space in objects.schemas.items():
        if space is not None and facts_of(space).get("comment") is not None:
            yield {
                "objoid": FIRST_OID + space.id,
                "classoid": NAMESPACE_OID,
                "objsubid": 0,
                "description": facts_of(space)["comment"],
            }
        elif schema == "public":
            yield {
                "objoid": 2200,
                "classoid": NAMESPACE_OID,
                "objsubid": 0,
                "description": "standard public schema",
            }
    yield from _extension_descriptions(names)
    for functions in objects.functions.values():
        for noun in functions:
            if facts_of(noun).get("comment") is not None:
                yield {
                    "objoid": FIRST_OID + noun.id,
                    "classoid": PROC_OID,
                    "objsubid": 0,
                    "description": facts_of(noun)["comment"],
                }


def _extension_descriptions(names: Names) -> Iterator[Row]:
    there = {FIRST_OID + noun.id: facts_of(noun) for noun in names.objects.extensions.values()}
    for oid, facts in {PLPGSQL_OID: {"comment": PLPGSQL.comment}, **there}.items():
        if facts.get("comment") is not None:
            yield {
                "objoid": oid,
                "classoid": EXTENSION_OID,
                "objsubid": 0,
                "description": facts["comment"],
            }


def _comments(facts: dict[str, Any]) -> list[tuple[tuple[str, str], str]]:
    found = []
    for key, comment in facts.get("comments", {}).items():
        kind, _, name = key.partition(" ")
        found.append(((kind, name), comment))
    return found


def _dependencies(session: Session) -> Iterator[Row]:
    """Yield those that clients ask for: sequences of columns, indexes of constraints, defaults of columns."""
    objects = session.names.objects
    for sequence in objects.sequences.values():
        if sequence.owner is None:
            continue
        noun = session.names.catalog.by_id.get(sequence.owner[0])
        if noun is None:
            continue
        numbers = {column.name: column for column in table_columns(noun)}
        column = numbers.get(sequence.owner[1])
        if column is None:
            continue
        kind = "i" if column.identity and sequence.column is not None else "a"
        yield {"classid": CLASS_OID, "objid": sequence.oid, "objsubid": 0, "refclassid": CLASS_OID,
               "refobjid": relation_oid(noun), "refobjsubid": column.number, "deptype": kind}  # fmt: skip
        if not column.identity:
            default = derived_oid(noun, "d", str(column.number))
            yield {"classid": ATTRDEF_OID, "objid": default, "objsubid": 0, "refclassid": CLASS_OID,
                   "refobjid": sequence.oid, "refobjsubid": 0, "deptype": "n"}  # fmt: skip
    for noun in objects.relations.values():
        yield from _table_dependencies(session, noun)


def _table_dependencies(session: Session, noun: Noun) -> Iterator[Row]:
    oid = relation_oid(noun)
    for entry in constraint_entries(session.names.catalog, noun):
        for number in entry.columns:
            yield {"classid": CONSTRAINT_OID, "objid": entry.oid, "objsubid": 0, "refclassid": CLASS_OID, "refobjid": oid,
                   "refobjsubid": number, "deptype": "a"}  # fmt: skip
        if entry.kind in "pu":
            yield {"classid": CLASS_OID, "objid": entry.index_oid, "objsubid": 0, "refclassid": CONSTRAINT_OID,
                   "refobjid": entry.oid, "refobjsubid": 0, "deptype": "i"}  # fmt: skip
    for column in table_columns(noun):
        if column.has_default:
            yield {"classid": ATTRDEF_OID, "objid": derived_oid(noun, "d", str(column.number)), "objsubid": 0,
                   "refclassid": CLASS_OID, "refobjid": oid, "refobjsubid": column.number, "deptype": "a"}  # fmt: skip
    for number, place in facts_of(noun).get("depends", ()):
        yield {"classid": REWRITE_OID, "objid": derived_oid(noun, "r", ""), "objsubid": 0, "refclassid": CLASS_OID,
               "refobjid": FIRST_OID + number, "refobjsubid": place, "deptype": "n"}  # fmt: skip


def _rewrites(session: Session) -> Iterable[Row]:
    for noun in session.names.objects.relations.values():
        if kind_of(noun) in "vm":
            yield {"oid": derived_oid(noun, "r", ""), "rulename": "_RETURN", "ev_class": relation_oid(noun), "ev_type": "1",
                   "ev_enabled": "O", "is_instead": 1, "ev_qual": "<>", "ev_action": None}  # fmt: skip


PROVIDERS = (
    Provider("pg_catalog.pg_namespace", _namespaces, is_whole=True),
    Provider("pg_catalog.pg_class", _classes),
    Provider("pg_catalog.pg_attribute", _attributes),
    Provider("pg_catalog.pg_attrdef", _defaults),
    Provider("pg_catalog.pg_index", _indexes),
    Provider("pg_catalog.pg_constraint", _constraints),
    Provider("pg_catalog.pg_sequence", _sequences),
    Provider("pg_catalog.pg_description", _descriptions),
    Provider("pg_catalog.pg_depend", _dependencies),
    Provider("pg_catalog.pg_rewrite", _rewrites),
    *(
        Provider(f"pg_catalog.{name}", empty)
        for name in (
            "pg_statistic_ext", "pg_publication", "pg_publication_rel",
            "pg_publication_namespace", "pg_publication_tables", "pg_subscription", "pg_subscription_rel", "pg_foreign_table",
            "pg_foreign_server", "pg_foreign_data_wrapper", "pg_user_mapping", "pg_user_mappings", "pg_event_trigger", "pg_shdescription", "pg_seclabel",
            "pg_shseclabel", "pg_largeobject_metadata", "pg_transform", "pg_db_role_setting", "pg_rules",
            "pg_statistic_ext_data", "pg_replication_slots", "pg_init_privs", "pg_shdepend",
        )
    ),
)  # fmt: skip
__all__ = ["PROVIDERS", "t"]
