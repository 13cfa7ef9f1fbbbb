"""ALTER ... RENAME and ALTER ... SET SCHEMA."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Noun, alter_noun
from dotdo_postgres.engine.catalog.dependencies import relation_key_of
from dotdo_postgres.engine.catalog.roles import known_roles
from dotdo_postgres.engine.ddl.applying import apply
from dotdo_postgres.engine.ddl.conditions import renamed_in_checks
from dotdo_postgres.engine.ddl.constraints import names_in_use
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import replaced, with_facts
from dotdo_postgres.engine.ddl.indexes import renamed_in_indexes
from dotdo_postgres.engine.ddl.role_uses import renamed_role
from dotdo_postgres.engine.ddl.tables import find_table
from dotdo_postgres.engine.ddl.views import rename_in_views, retold_views
from dotdo_postgres.engine.naming import (
    definition_name,
    noun_name,
    split_definition,
    split_name,
)
from dotdo_postgres.engine.objects.descent import children_of
from dotdo_postgres.engine.objects.kept import MATCH_FULL, facts_of, kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_TAGS = {"OBJECT_INDEX": "INDEX", "OBJECT_VIEW": "VIEW", "OBJECT_SEQUENCE": "SEQUENCE", "OBJECT_MATVIEW": "MATERIALIZED VIEW",
         "OBJECT_SCHEMA": "SCHEMA", "OBJECT_TYPE": "TYPE", "OBJECT_DOMAIN": "DOMAIN", "OBJECT_FUNCTION": "FUNCTION",
         "OBJECT_ROLE": "ROLE", "OBJECT_TRIGGER": "TRIGGER", "OBJECT_POLICY": "POLICY", "OBJECT_PROCEDURE": "PROCEDURE",
         "OBJECT_DOMCONSTRAINT": "DOMAIN", "OBJECT_ROUTINE": "ROUTINE", "OBJECT_AGGREGATE": "AGGREGATE"}  # fmt: skip


def plan_rename(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER ... RENAME."""
    kind = node["renameType"]
    if kind not in _RENAMES:
        raise not_supported(f"renaming a {kind.removeprefix('OBJECT_').lower()}")
    tag = _TAGS.get(kind, _TAGS.get(node.get("relationType", ""), "TABLE"))
    return Prepared(None, (), f"ALTER {tag}", define(_rename), detail=node)


def _rename(session: Session, planner: Planner, node: Node) -> None:
    _RENAMES[node["renameType"]](session, planner, node)


def _free(planner: Planner, schema: str, name: str) -> None:
    if name in planner.names.taken(schema):
        raise error("42P07", f'relation "{name}" already exists')


def _relation(session: Session, planner: Planner, node: Node) -> None:
    relation, names = node["relation"], planner.names
    key = names.find(relation.get("schemaname"), relation["relname"])
    kind = None if key is None else names.objects.relation_kind(key)
    if key is not None and kind == "i":
        _index(session, planner, key, node["newname"])
    elif key is not None and kind == "S":
        _sequence(session, planner, key, node["newname"])
    else:
        noun = find_table(session, planner, relation, bool(node.get("missing_ok")))
        if noun is not None:
            schema, _ = relation_key_of(noun)
            _free(planner, schema, node["newname"])
            move_relation(session, noun, (schema, node["newname"]))


def move_relation(session: Session, noun: Noun, key: tuple[str, str]) -> None:
    """Give a table or view another name or schema; references and views follow."""
    old = relation_key_of(noun)
    if noun.layout == "definition":
        new = msgspec.structs.replace(noun, name=definition_name("view", *key))
        apply(session, noun, new)
    else:
        name = noun_name(*key)
        own = tuple(
            msgspec.structs.replace(fk, target=name) if fk.target == noun.name else fk
            for fk in noun.foreign_keys
        )
        # the kernel looks targets up by name: the table first, then who refers to it
        others = [
            o
            for o in session.kernel.catalog.nouns
            if o.id != noun.id and any(fk.target == noun.name for fk in o.foreign_keys)
        ]
        apply(session, noun, msgspec.structs.replace(noun, name=name, foreign_keys=own))
        for other in others:
            keys = tuple(
                msgspec.structs.replace(fk, target=name) if fk.target == noun.name else fk
                for fk in other.foreign_keys
            )
            apply(session, other, msgspec.structs.replace(other, foreign_keys=keys))
    retold_views(session, noun.id, old, key)


def _index(session: Session, planner: Planner, key: tuple[str, str], name: str) -> None:
    _free(planner, key[0], name)
    noun = planner.names.objects.indexes[key]
    if any(index.name == key[1] for index in noun.indexes):
        indexes = tuple(
            msgspec.structs.replace(i, name=name) if i.name == key[1] else i for i in noun.indexes
        )
        apply(session, noun, msgspec.structs.replace(noun, indexes=indexes))
        return
    apply(session, noun, _renamed_constraint(noun, key[1], name))


def _sequence(session: Session, planner: Planner, key: tuple[str, str], name: str) -> None:
    _free(planner, key[0], name)
    sequence = planner.names.objects.sequences[key]
    if sequence.column is None:
        alter_noun(
            session.kernel,
            msgspec.structs.replace(sequence.noun, name=definition_name("sequence", key[0], name)),
        )
        return
    noun = sequence.noun
    columns = tuple(
        msgspec.structs.replace(c, extra={**c.extra, EXTRA: {**c.extra[EXTRA], "sequence": name}})
        if c.column == sequence.column
        else c
        for c in noun.columns
    )
    apply(session, noun, msgspec.structs.replace(noun, columns=columns))


def _column(session: Session, planner: Planner, node: Node) -> None:
    if node.get("relationType") == "OBJECT_TYPE":
        raise not_supported("renaming an attribute of a composite type")
    noun = find_table(session, planner, node["relation"], bool(node.get("missing_ok")))
    if noun is None:
        return
    old, new = node["subname"], node["newname"]
    column = noun.column(old)
    if column is None:
        raise error("42703", f'column "{old}" does not exist')
    bare = relation_key_of(noun)[1]
    if column.extra.get(EXTRA, {}).get("inherited") and not node.get("is_step"):
        raise error("42P16", f'cannot rename inherited column "{old}"')
    children = children_of(planner.catalog, noun)
    if children and not node["relation"].get("inh"):
        raise error("42P16", f'inherited column "{old}" must be renamed in child tables too')
    for child in children:
        schema, name = relation_key_of(child)
        relation = {"schemaname": schema, "relname": name, "inh": True}
        _column(session, session.planner(), {**node, "relation": relation, "is_step": True})
    if children:
        planner = session.planner()
        noun = planner.catalog.by_id[noun.id]
        column = noun.column(old)
        assert column is not None
    if noun.column(new) is not None:
        raise error("42701", f'column "{new}" of relation "{bare}" already exists')
    number = column.extra.get(EXTRA, {}).get("number", noun.columns.index(column) + 1)
    changed = replaced(noun, column, name=new)
    if kind_of(noun) != "v":
        changed = renamed_in_indexes(
            planner, renamed_in_checks(planner, changed, old, new), old, new
        )
    rename_in_views(session, noun.id, number, old, new)
    apply(session, noun, changed)


def _constraint(session: Session, planner: Planner, node: Node) -> None:
    noun = find_table(session, planner, node["relation"], bool(node.get("missing_ok")))
    if noun is None:
        return
    old, new, bare = node["subname"], node["newname"], split_name(noun.name)[1]
    if old not in names_in_use(noun) - {index.name for index in noun.indexes}:
        raise error("42704", f'constraint "{old}" for table "{bare}" does not exist')
    if new in names_in_use(noun):
        raise error("42710", f'constraint "{new}" for relation "{bare}" already exists')
    apply(session, noun, _renamed_constraint(noun, old, new))


def _renamed_constraint(noun: Noun, old: str, new: str) -> Noun:
    def renamed(items: Any) -> Any:
        return tuple(
            msgspec.structs.replace(item, name=kind + new) if item.name == kind + old else item
            for item in items
            for kind in [MATCH_FULL if item.name.startswith(MATCH_FULL) else ""]
        )

    full = facts_of(noun).get("match_full")
    if full:
        noun = with_facts(noun, match_full=[new if name == old else name for name in full])

    return msgspec.structs.replace(
        noun, uniques=renamed(noun.uniques), checks=renamed(noun.checks), foreign_keys=renamed(noun.foreign_keys),
        key_name=new if noun.key_name == old else noun.key_name,
    )  # fmt: skip


def _schema(session: Session, planner: Planner, node: Node) -> None:
    old, new = node["subname"], node["newname"]
    objects = planner.names.objects
    if old not in objects.schemas:
        raise error("3F000", f'schema "{old}" does not exist')
    if planner.names.has_schema(new):
        raise error("42P06", f'schema "{new}" already exists')
    noun = objects.schemas[old]
    if noun is None:
        raise not_supported(f"renaming schema {old}")
    alter_noun(
        session.kernel, msgspec.structs.replace(noun, name=definition_name("schema", "", new))
    )
    for schema, name in list(objects.relations):
        if schema == old:
            found = session.kernel.catalog.by_id[objects.relations[schema, name].id]
            move_relation(session, found, (new, name))
    for definition in list(session.kernel.catalog.by_name.values()):
        if definition.layout == "definition":
            kind, schema, name = split_definition(definition.name)
            if kind == "defacl" and facts_of(definition)["schema"] == old:
                alter_noun(session.kernel, with_facts(definition, schema=new))
            if schema == old:
                alter_noun(
                    session.kernel,
                    msgspec.structs.replace(definition, name=definition_name(kind, new, name)),
                )


def _type(session: Session, planner: Planner, node: Node) -> None:
    from dotdo_postgres.engine.ddl.types import type_noun

    noun = type_noun(planner, node["object"]["List"]["items"])
    _, schema, _ = split_definition(noun.name)
    if planner.names.type(schema, node["newname"]) is not None:
        raise error("42710", f'type "{node["newname"]}" already exists')
    alter_noun(
        session.kernel,
        msgspec.structs.replace(noun, name=definition_name("type", schema, node["newname"])),
    )


def _function(session: Session, planner: Planner, node: Node) -> None:
    from dotdo_postgres.engine.ddl.functions import require_function

    noun = require_function(
        planner, node["object"]["ObjectWithArgs"], node["renameType"].removeprefix("OBJECT_")
    )
    _, schema, name = split_definition(noun.name)
    arguments = name.partition("(")[2]
    alter_noun(
        session.kernel,
        msgspec.structs.replace(
            noun, name=definition_name("function", schema, f"{node['newname']}({arguments}")
        ),
    )


def _part(key: str, word: str) -> Any:
    def act(session: Session, planner: Planner, node: Node) -> None:
        noun = find_table(session, planner, node["relation"], bool(node.get("missing_ok")))
        if noun is None:
            return
        parts = dict(facts_of(noun).get(key, {}))
        if node["subname"] not in parts:
            raise error(
                "42704",
                f'{word} "{node["subname"]}" for table "{split_name(noun.name)[1]}" does not exist',
            )
        parts[node["newname"]] = parts.pop(node["subname"])
        apply(session, noun, with_facts(noun, **{key: parts}))

    return act


def _role(session: Session, planner: Planner, node: Node) -> None:
    old, new = node["subname"], node["newname"]
    noun = planner.names.objects.roles.get(old)
    if noun is None:
        raise error("42704", f'role "{old}" does not exist')
    if new in known_roles(planner.names):
        raise error("42710", f'role "{new}" already exists')
    if old in {session.facts.session_user, session.facts.user}:
        which = "session" if old == session.facts.session_user else "current"
        raise error("0A000", f"{which} user cannot be renamed")
    name = definition_name("role", "", new)
    alter_noun(session.kernel, msgspec.structs.replace(noun, name=name))
    for one in list(session.kernel.catalog.by_name.values()):
        changed = renamed_role(one, old, new)
        if changed != one:
            alter_noun(session.kernel, changed)


_RENAMES: dict[str, Any] = {
    "OBJECT_TABLE": _relation, "OBJECT_INDEX": _relation, "OBJECT_VIEW": _relation, "OBJECT_SEQUENCE": _relation,
    "OBJECT_MATVIEW": _relation, "OBJECT_COLUMN": _column, "OBJECT_TABCONSTRAINT": _constraint, "OBJECT_SCHEMA": _schema,
    "OBJECT_TYPE": _type, "OBJECT_DOMAIN": _type, "OBJECT_FUNCTION": _function, "OBJECT_PROCEDURE": _function,
    "OBJECT_ROUTINE": _function, "OBJECT_AGGREGATE": _function,
    "OBJECT_TRIGGER": _part("triggers", "trigger"), "OBJECT_POLICY": _part("policies", "policy"), "OBJECT_ROLE": _role,
}  # fmt: skip


def plan_set_schema(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER ... SET SCHEMA."""
    kind = node["objectType"]
    if kind not in {
        "OBJECT_TABLE",
        "OBJECT_VIEW",
        "OBJECT_MATVIEW",
        "OBJECT_SEQUENCE",
        "OBJECT_TYPE",
        "OBJECT_DOMAIN",
        "OBJECT_FUNCTION",
    }:
        raise not_supported(f"ALTER {kind.removeprefix('OBJECT_')} SET SCHEMA")
    return Prepared(None, (), f"ALTER {_TAGS.get(kind, 'TABLE')}", define(_set_schema), detail=node)


def _set_schema(session: Session, planner: Planner, node: Node) -> None:
    schema, kind = node["newschema"], node["objectType"]
    if not planner.names.has_schema(schema):
        raise error("3F000", f'schema "{schema}" does not exist')
    if kind in {"OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_FUNCTION"}:
        _move_definition(session, planner, node, schema)
        return
    key = planner.names.find(node["relation"].get("schemaname"), node["relation"]["relname"])
    if key is not None and key in planner.names.objects.sequences:
        sequence = planner.names.objects.sequences[key]
        if sequence.column is not None:
            raise error("0A000", "cannot move an owned sequence into another schema")
        alter_noun(
            session.kernel,
            msgspec.structs.replace(
                sequence.noun, name=definition_name("sequence", schema, key[1])
            ),
        )
        return
    noun = find_table(session, planner, node["relation"], bool(node.get("missing_ok")))
    if noun is None:
        return
    old = relation_key_of(noun)
    if old[0] != schema:
        if old[1] in planner.names.taken(schema):
            raise error("42P07", f'relation "{old[1]}" already exists in schema "{schema}"')
        move_relation(session, noun, (schema, old[1]))


def _move_definition(session: Session, planner: Planner, node: Node, schema: str) -> None:
    if node["objectType"] == "OBJECT_FUNCTION":
        from dotdo_postgres.engine.ddl.functions import require_function

        noun = require_function(planner, node["object"]["ObjectWithArgs"], "FUNCTION")
    else:
        from dotdo_postgres.engine.ddl.types import type_noun

        noun = type_noun(planner, node["object"]["List"]["items"])
    kind, _, name = split_definition(noun.name)
    alter_noun(
        session.kernel, msgspec.structs.replace(noun, name=definition_name(kind, schema, name))
    )
