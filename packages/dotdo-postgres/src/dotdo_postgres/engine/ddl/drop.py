"""DROP of every kind of object: names looked up, wrong kinds refused as PostgreSQL does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.catalog.dependencies import Object, shown
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.dropping import drop_objects
from dotdo_postgres.engine.ddl.indexes import drop_indexes
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.extensions import PLPGSQL

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_WORDS = {"r": "table", "v": "view", "m": "materialized view", "S": "sequence", "i": "index"}
_KINDS = {"TABLE": "r", "VIEW": "v", "MATVIEW": "m", "SEQUENCE": "S", "INDEX": "i"}
_TAGS = {"MATVIEW": "MATERIALIZED VIEW"}


def plan_drop(planner: Planner, node: Node) -> Prepared:  # noqa: ARG001 -- planned as every statement
    """Plan DROP."""
    kind = node["removeType"].removeprefix("OBJECT_")
    tag = f"DROP {_TAGS.get(kind, kind)}"
    if kind not in _FINDERS:
        raise not_supported(tag.replace("_", " "))
    return Prepared(None, (), tag, define(_drop), detail=node)


def _drop(session: Session, planner: Planner, node: Node) -> None:
    kind, is_missing_ok = node["removeType"].removeprefix("OBJECT_"), bool(node.get("missing_ok"))
    targets: list[Object] = []
    for item in node["objects"]:
        try:
            found = _FINDERS[kind](planner, item, kind)
        except _MissingError as missing:
            if not is_missing_ok:
                raise missing.failure from None
            session.notice("NOTICE", "00000", f"{missing.what} does not exist, skipping")
            continue
        if all(found.identity != other.identity for other in targets):
            targets.append(found)
    if not targets:
        return
    if kind == "INDEX":
        drop_indexes(session, planner, [(item.noun, item.name) for item in targets])
        return
    drop_objects(session, planner.names, targets, cascade=node.get("behavior") == "DROP_CASCADE")


class _MissingError(Exception):
    """There is no such object: how PostgreSQL says it, and what it is called in the notice."""

    def __init__(self, what: str, failure: PostgresError) -> None:
        super().__init__(what)
        self.what = what
        self.failure = failure


def _missing(sqlstate: str, what: str, noticed: str = "") -> _MissingError:
    return _MissingError(noticed or what, error(sqlstate, f"{what} does not exist"))


def qualified(items: list[Node]) -> tuple[str | None, str]:
    """Read the parts of a qualified name."""
    parts = [item["String"]["sval"] for item in items]
    return (parts[-2] if len(parts) > 1 else None), parts[-1]


def _place(planner: Planner, schema: str | None) -> None:
    if schema is not None and not planner.names.has_schema(schema):
        raise _missing("3F000", f'schema "{schema}"')


def _relation(planner: Planner, item: Node, kind: str) -> Object:
    schema, name = qualified(item["List"]["items"])
    _place(planner, schema)
    names, wanted = planner.names, _KINDS[kind]
    key = names.find(schema, name)
    if key is None:
        if schema in {None, "pg_catalog"} and _is_system(name):
            raise error("42501", f'permission denied: "{name}" is a system catalog')
        shown_name = name if schema is None else f"{schema}.{name}"
        raise _missing("42704" if wanted == "i" else "42P01", f'{_WORDS[wanted]} "{shown_name}"')
    there = names.objects.relation_kind(key)
    assert there is not None
    if there != wanted:
        article = "an" if wanted == "i" else "a"
        hint = f"Use DROP {_WORDS[there].upper()} to remove {'an' if there == 'i' else 'a'} {_WORDS[there]}."
        raise error("42809", f'"{name}" is not {article} {_WORDS[wanted]}', hint=hint)
    if wanted == "S":
        sequence = names.objects.sequences[key]
        return Object("sequence", sequence.noun, key[1] if sequence.column is not None else "")
    if wanted == "i":
        return Object("index", names.objects.indexes[key], key[1])
    return Object("relation", names.objects.relations[key])


def _is_system(name: str) -> bool:
    from dotdo_postgres.spec.relations import RELATIONS

    return f"pg_catalog.{name}" in RELATIONS


def _type(planner: Planner, item: Node, kind: str) -> Object:
    type_name = item["TypeName"]
    schema, name = qualified(type_name["names"])
    _place(planner, schema if schema != "pg_catalog" else None)
    shown_name = name if schema is None else f"{schema}.{name}"
    try:
        oid, _ = resolve_type(type_name, planner.names)
        if name not in t.BY_NAME and planner.names.type(schema, name) is None:
            raise error("42704", "it is the type of a table's rows")
    except PostgresError as failure:
        if failure.sqlstate != "42704":
            raise
        _refuse_row_type(planner, schema, name)
        raise _missing("42704", f'type "{shown_name}"') from None
    noun = planner.catalog.by_id.get(oid - FIRST_OID)
    if noun is None:
        _refuse_row_type(planner, schema, name)
        message = (
            f"cannot drop type {t.format_type(oid)} because it is required by the database system"
        )
        raise error("2BP01", message)
    if kind == "DOMAIN" and facts_of(noun)["kind"] != "domain":
        raise error("42809", f'"{shown_name}" is not a domain')
    return Object("type", noun)


def _refuse_row_type(planner: Planner, schema: str | None, name: str) -> None:
    """Refuse to drop the type of the rows of a relation, if there is one of that name."""
    noun = planner.names.noun(schema, name)
    if noun is not None:
        table = f"{_WORDS[kind_of(noun)]} {shown(planner.names, noun)}"
        message = f"cannot drop type {shown(planner.names, noun)} because {table} requires it"
        raise error("2BP01", message, hint=f"You can drop {table} instead.")


def _schema(planner: Planner, item: Node, kind: str) -> Object:  # noqa: ARG001 -- called as its kin
    name = item["String"]["sval"]
    if name in {"pg_catalog", "information_schema"}:
        raise error(
            "2BP01", f"cannot drop schema {name} because it is required by the database system"
        )
    if name not in planner.names.objects.schemas:
        raise _missing("3F000", f'schema "{name}"')
    noun = planner.names.objects.schemas[name]
    return Object("schema", noun if noun is not None else _NO_NOUN, name)


def _function(planner: Planner, item: Node, kind: str) -> Object:
    from dotdo_postgres.engine.ddl.functions import find_function

    found = find_function(planner, item["ObjectWithArgs"], kind)
    if isinstance(found, str):
        raise _missing("42883", found)
    return Object("function", found)


def _operator(planner: Planner, item: Node, kind: str) -> Object:  # noqa: ARG001 -- called as its kin
    node = item["ObjectWithArgs"]
    schema, name = qualified(node["objname"])
    types = [
        resolve_type(one["TypeName"], planner.names)[0] if one else 0 for one in node["objargs"]
    ]
    for noun in planner.names.objects.operators.get(name, ()):
        facts = facts_of(noun)
        if [facts["left"], facts["right"]] == types:
            return Object("operator", noun)
    left, right = (t.format_type(oid) if oid else "" for oid in types)
    shown = f"{name}" if schema is None else f"{schema}.{name}"
    raise _missing(
        "42883", f"operator {left} {shown} {right}" if left else f"operator {shown} {right}"
    )


def _part(planner: Planner, item: Node, kind: str) -> Object:
    items = item["List"]["items"]
    table = {"relname": items[-2]["String"]["sval"]} | (
        {"schemaname": items[-3]["String"]["sval"]} if len(items) > 2 else {}
    )
    name = items[-1]["String"]["sval"]
    noun = planner.names.table(table)
    if noun is None:
        raise _missing("42P01", f'relation "{table["relname"]}"')
    word = {"TRIGGER": "trigger", "POLICY": "policy"}[kind]
    key = {"TRIGGER": "triggers", "POLICY": "policies"}[kind]
    if name not in facts_of(noun).get(key, {}):
        what = f'{word} "{name}" for %s "{table["relname"]}"'
        raise _missing("42704", what % "table", what % "relation")
    return Object(word, noun, name)


def _extension(planner: Planner, item: Node, kind: str) -> Object:  # noqa: ARG001 -- called as its kin
    name = item["String"]["sval"]
    if name == PLPGSQL.name:
        raise not_supported("DROP EXTENSION plpgsql")
    noun = planner.names.objects.extensions.get(name)
    if noun is None:
        raise _missing("42704", f'extension "{name}"')
    return Object("extension", noun, name)


def _no_noun() -> Noun:
    from dotdo.storage import Noun as Definition

    return Definition(0, "$none", "definition", "")


_NO_NOUN = _no_noun()
_FINDERS: dict[str, Any] = {
    **dict.fromkeys(_KINDS, _relation),
    "TYPE": _type, "DOMAIN": _type, "SCHEMA": _schema, "FUNCTION": _function, "PROCEDURE": _function, "ROUTINE": _function, "AGGREGATE": _function, "OPERATOR": _operator,
    "TRIGGER": _part, "POLICY": _part, "EXTENSION": _extension,
}  # fmt: skip
