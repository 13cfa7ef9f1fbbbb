"""pg_type, pg_enum, pg_proc, pg_database, roles, extensions, triggers and policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.bind.extensions import routines_of
from dotdo_postgres.engine.catalog.pg_relations import OWNER, PLPGSQL_OID, relation_oid
from dotdo_postgres.engine.catalog.providers import Provider, Row, empty
from dotdo_postgres.engine.catalog.roles import owner_oid, role_rows, shown_items
from dotdo_postgres.engine.objects.grantable import of_noun, of_system
from dotdo_postgres.engine.objects.kept import derived_oid, facts_of, kind_of
from dotdo_postgres.engine.objects.namespaces import namespace_oid
from dotdo_postgres.engine.objects.usertypes import fields_oid
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import relations, static_rows
from dotdo_postgres.spec.extensions import EXTENSIONS, PLPGSQL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo.storage import Noun
    from dotdo_postgres.engine.routines.declare import Routine
    from dotdo_postgres.engine.session import Session

_DATABASE_OID = 5
_IO = {
    "e": (3506, 3507, 3532, 3533), "d": (2597, 31, 2598, 0), "c": (2290, 2291, 2402, 2403), "A": (750, 751, 2400, 2401),
    "r": (3834, 3835, 3836, 3837),
}  # fmt: skip
_ARRAY_SUBSCRIPT, _ARRAY_ANALYZE, _RANGE_ANALYZE = 6179, 3816, 3916


def _types(session: Session) -> Iterator[Row]:
    objects = session.names.objects
    for (schema, name), oid in objects.types.items():
        made = objects.by_oid[oid]
        told = _type(made, name, namespace_oid(objects, schema)) | _domain_facts(session, made)
        if made.kind == "c":
            told["typrelid"] = fields_oid(made)
        yield told | _granted(session, oid)
    for (schema, name), noun in objects.relations.items():
        space = namespace_oid(objects, schema)
        row, array = derived_oid(noun, "t", ""), derived_oid(noun, "a", "")
        composite = t.PgType(row, name, name, -1, "C", False, 0, array, "c")
        owner = {"typowner": owner_oid(objects, of_noun(noun))}
        yield _type(composite, name, space) | {"typrelid": relation_oid(noun)} | owner
        if kind_of(noun) != "S":
            listed = t.PgType(array, f"_{name}"[:63], f"{name}[]", -1, "A", False, row, 0, "b")
            yield _type(listed, listed.name, space) | owner


def _granted(session: Session, oid: int) -> Row:
    """Return owner and privileges of a type; an array's are those of its elements."""
    noun = session.names.catalog.by_id.get(oid - FIRST_OID)
    if noun is None:
        objects = session.names.objects
        noun = session.names.catalog.by_id.get(objects.by_oid[oid].element - FIRST_OID)
        return {} if noun is None else {"typowner": owner_oid(objects, of_noun(noun))}
    target = of_noun(noun)
    return {
        "typowner": owner_oid(session.names.objects, target), "typacl": shown_items(target.items),
    }  # fmt: skip


def _domain_facts(session: Session, made: t.PgType) -> Row:
    noun = session.names.catalog.by_id.get(made.oid - FIRST_OID)
    if noun is None or made.kind != "d":
        return {}
    facts = facts_of(noun)
    base = _base_row(made.base)
    io = {
        key: base[key]
        for key in (
            "typoutput",
            "typsend",
            "typlen",
            "typbyval",
            "typalign",
            "typstorage",
            "typcollation",
        )
    }
    return {
        "typnotnull": int(bool(facts.get("not_null"))), "typbasetype": made.base, "typtypmod": made.base_typmod,
        "typdefault": facts.get("default_text"), "typdefaultbin": facts.get("default_text"),
    } | io  # fmt: skip


def _base_row(oid: int) -> Row:
    names = [name for name, _, _ in relations()["pg_catalog.pg_type"][2]]
    for row in static_rows("pg_type"):
        if row[0] == oid:
            return dict(zip(names, row, strict=True))
    return dict.fromkeys(names, 0)


def _type(made: t.PgType, name: str, space: int) -> Row:
    kind = "A" if made.category == "A" else made.kind
    read, write, receive, send = _IO.get(kind, (0, 0, 0, 0))
    return {
        "oid": made.oid, "typname": name, "typnamespace": space, "typowner": OWNER, "typlen": made.size, "typbyval": int(made.kind == "e"),
        "typtype": made.kind, "typcategory": made.category, "typisdefined": 1, "typdelim": ",", "typelem": made.element,
        "typarray": made.array, "typinput": read, "typoutput": write, "typreceive": receive, "typsend": send,
        "typalign": "d" if made.kind == "c" or (kind == "A" and made.element > t.FIRST_USER_OID and t.BY_OID.get(made.element) is None)
        else "i", "typstorage": "p" if made.kind == "e" else "x", "typtypmod": -1, "typdefaultbin": None, "typdefault": None,
        "typacl": None, "typsubscript": _ARRAY_SUBSCRIPT if kind == "A" else 0, "typanalyze": _ARRAY_ANALYZE if kind == "A" else 0,
    }  # fmt: skip


def _enums(session: Session) -> Iterator[Row]:
    for oid in session.names.objects.types.values():
        noun = session.names.catalog.by_id.get(oid - FIRST_OID)
        if noun is None or facts_of(noun).get("kind") != "enum":
            continue
        pairs = zip(facts_of(noun)["order"], facts_of(noun)["labels"], strict=True)
        for place, label in pairs:
            yield {
                "oid": derived_oid(noun, "e", label),
                "enumtypid": oid,
                "enumsortorder": place,
                "enumlabel": label,
            }


_LANGUAGES = {"sql": 14, "plpgsql": 13500, "internal": 12, "c": 13}


def _functions(session: Session) -> Iterator[Row]:
    yield from _extension_functions(session)
    objects = session.names.objects
    for (schema, name), nouns in objects.functions.items():
        for noun in nouns:
            facts, target = facts_of(noun), of_noun(noun)
            yield {
                "oid": FIRST_OID + noun.id, "proname": name, "pronamespace": namespace_oid(objects, schema), "proowner": owner_oid(objects, target),
                "prolang": _LANGUAGES[facts["language"]], "procost": 100.0, "prorows": 1000.0 if facts.get("returns_set") else 0.0,
                "prokind": facts["kind"], "prosecdef": int(bool(facts.get("security_definer"))),
                "proleakproof": int(bool(facts.get("leakproof"))),
                "proisstrict": int(bool(facts.get("strict"))), "proretset": int(bool(facts.get("returns_set"))),
                "provolatile": facts.get("volatility", "v"), "proparallel": facts.get("parallel", "u"), "pronargs": len(facts["arguments"]),
                "pronargdefaults": len(facts.get("defaults", ())), "prorettype": facts["result"], "proargtypes": facts["arguments"],
                "proallargtypes": facts.get("all_arguments"), "proargmodes": facts.get("modes"), "proargnames": facts.get("argument_names"),
                "proargdefaults": f"f {noun.id}" if facts.get("defaults") else None, "protrftypes": None, "prosrc": facts["body"],
                "probin": None, "prosqlbody": None, "proconfig": facts.get("config"), "proacl": shown_items(target.items),
            }  # fmt: skip


def _extension_functions(session: Session) -> Iterator[Row]:
    objects = session.names.objects
    for extension, noun in objects.extensions.items():
        space = namespace_oid(objects, facts_of(noun)["schema"])
        for name, listed in routines_of(extension).items():
            for routine in listed:
                yield _extension_function(noun, space, name, routine)


def _extension_function(noun: Noun, space: int, name: str, routine: Routine) -> Row:
    is_aggregate = routine.kind == "aggregate"
    return {
        "oid": derived_oid(noun, "f", routine.sql_name), "proname": name, "pronamespace": space, "proowner": OWNER,
        "prolang": 12 if is_aggregate else 13, "procost": 1.0, "prorows": 1000.0 if routine.kind == "series" else 0.0,
        "prokind": "a" if is_aggregate else "f", "prosecdef": 0, "proleakproof": 0,
        "proisstrict": int(routine.is_strict and not is_aggregate), "proretset": int(routine.kind == "series"),
        "provolatile": "v" if routine.is_volatile else "s" if routine.takes_session else "i", "proparallel": "s",
        "pronargs": len(routine.arguments), "pronargdefaults": 0, "prorettype": routine.result,
        "proargtypes": list(routine.arguments), "proallargtypes": None, "proargmodes": None, "proargnames": None,
        "proargdefaults": None, "protrftypes": None, "prosrc": "aggregate_dummy" if is_aggregate else name,
        "probin": None if is_aggregate else "$libdir/extension", "prosqlbody": None, "proconfig": None, "proacl": None,
    }  # fmt: skip


def _databases(session: Session) -> Iterator[Row]:
    names = [(_DATABASE_OID, session.facts.database, 0)]
    objects = session.names.objects
    for oid, name, is_template in [(1, "template1", 1), (4, "template0", 1), *names]:
        target = of_system(session.names.catalog, "d", "database", name, oid)
        yield {
            "oid": oid, "datname": name, "datdba": owner_oid(objects, target), "encoding": 6, "datlocprovider": "c", "datistemplate": is_template,
            "datallowconn": int(name != "template0"), "datconnlimit": -1, "dattablespace": 1663, "datcollate": "C", "datctype": "C.UTF-8",
            "daticulocale": None, "datcollversion": None, "datacl": shown_items(target.items),
        }  # fmt: skip


def _extensions(session: Session) -> Iterator[Row]:
    yield {
        "oid": PLPGSQL_OID,
        "extname": "plpgsql",
        "extowner": OWNER,
        "extnamespace": 11,
        "extversion": "1.0",
        "extconfig": None,
        "extcondition": None,
    }
    objects = session.names.objects
    for name, noun in objects.extensions.items():
        facts = facts_of(noun)
        yield {
            "oid": FIRST_OID + noun.id, "extname": name, "extowner": OWNER, "extnamespace": namespace_oid(objects, facts["schema"]),
            "extrelocatable": 1, "extversion": facts["version"], "extconfig": None, "extcondition": None,
        }  # fmt: skip


def _available(session: Session) -> Iterator[Row]:
    there = session.names.objects.extensions
    for one in (PLPGSQL, *EXTENSIONS.values()):
        is_there = one is PLPGSQL or one.name in there
        yield {
            "name": one.name, "default_version": one.version, "installed_version": one.version if is_there else None,
            "comment": one.comment,
        }  # fmt: skip


def _available_versions(session: Session) -> Iterator[Row]:
    there = session.names.objects.extensions
    for one in (PLPGSQL, *EXTENSIONS.values()):
        is_own = one is PLPGSQL
        yield {
            "name": one.name, "version": one.version, "installed": int(is_own or one.name in there), "superuser": 1, "trusted": 1,
            "relocatable": int(not is_own), "schema": "pg_catalog" if is_own else None, "requires": None, "comment": one.comment,
        }  # fmt: skip


def _triggers(session: Session) -> Iterator[Row]:
    for noun in session.names.objects.relations.values():
        for name, facts in facts_of(noun).get("triggers", {}).items():
            yield {
                "oid": derived_oid(noun, "g", name), "tgrelid": relation_oid(noun), "tgname": name, "tgfoid": FIRST_OID + facts["function"],
                "tgtype": facts["type"], "tgenabled": facts.get("enabled", "O"), "tgnargs": len(facts.get("arguments", ())),
                "tgattr": facts.get("columns", []), "tgargs": b"".join(a.encode() + b"\0" for a in facts.get("arguments", ())),
                "tgqual": f"t {noun.id} {name}" if facts.get("when") else None, "tgoldtable": facts.get("old_table"),
                "tgnewtable": facts.get("new_table"),
            }  # fmt: skip


def _policies(session: Session) -> Iterator[Row]:
    oids = {row["rolname"]: row["oid"] for row in role_rows(session)}
    for noun in session.names.objects.relations.values():
        for name, facts in facts_of(noun).get("policies", {}).items():
            yield {
                "oid": derived_oid(noun, "p", name), "polname": name, "polrelid": relation_oid(noun), "polcmd": facts["command"],
                "polpermissive": int(facts["permissive"]), "polroles": [oids.get(role, 0) for role in facts["roles"]] or [0],
                "polqual": f"q {noun.id} {name}" if facts.get("using") else None,
                "polwithcheck": f"h {noun.id} {name}" if facts.get("check") else None,
            }  # fmt: skip


PROVIDERS = (
    Provider("pg_catalog.pg_type", _types),
    Provider("pg_catalog.pg_enum", _enums),
    Provider("pg_catalog.pg_proc", _functions),
    Provider("pg_catalog.pg_database", _databases, needs_session=True),
    Provider("pg_catalog.pg_extension", _extensions),
    Provider("pg_catalog.pg_available_extensions", _available),
    Provider("pg_catalog.pg_available_extension_versions", _available_versions),
    Provider("pg_catalog.pg_trigger", _triggers),
    Provider("pg_catalog.pg_policy", _policies, needs_session=True),
    Provider("pg_catalog.pg_largeobject", empty),
)
