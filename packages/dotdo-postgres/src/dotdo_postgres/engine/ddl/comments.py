"""COMMENT ON: kept with the object, shown by obj_description and col_description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Noun as Definition
from dotdo.storage import alter_noun, create_noun
from dotdo_postgres.engine.catalog.dependencies import relation_key_of
from dotdo_postgres.engine.catalog.roles import known_roles
from dotdo_postgres.engine.ddl.constraints import names_in_use
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.naming import definition_name
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_WORDS = {
    "OBJECT_TABLE": ("r", "a table"),
    "OBJECT_VIEW": ("v", "a view"),
    "OBJECT_MATVIEW": ("m", "a materialized view"),
}


def plan_comment(planner: Planner, node: Node) -> Prepared:  # noqa: ARG001 -- planned as every statement
    """Plan COMMENT ON."""
    if node["objtype"] not in _TARGETS:
        raise not_supported(
            f"COMMENT ON {node['objtype'].removeprefix('OBJECT_').replace('_', ' ')}"
        )
    return Prepared(None, (), "COMMENT", define(_comment), detail=node)


def _comment(session: Session, planner: Planner, node: Node) -> None:
    _TARGETS[node["objtype"]](session, planner, node, node.get("comment") or None)


def _parts(node: Node) -> list[str]:
    return [item["String"]["sval"] for item in node["object"]["List"]["items"]]


def _noun(planner: Planner, parts: list[str]) -> Noun:
    schema, name = (parts[-2] if len(parts) > 1 else None), parts[-1]
    if schema is not None:
        planner.names.require_schema(schema)
    noun = planner.names.noun(schema, name)
    if noun is None:
        shown = name if schema is None else f"{schema}.{name}"
        raise error("42P01", f'relation "{shown}" does not exist')
    return noun


def _relation(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    noun = _noun(planner, _parts(node))
    kind, words = _WORDS[node["objtype"]]
    if kind_of(noun) != kind:
        raise error("42809", f'"{relation_key_of(noun)[1]}" is not {words}')
    alter_noun(session.kernel, with_facts(noun, comment=comment))


def _column(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    *table, name = _parts(node)
    noun = _noun(planner, table)
    column = noun.column(name)
    if column is None:
        raise error("42703", f'column "{name}" of relation "{table[-1]}" does not exist')
    told = {
        k: v
        for k, v in ({**column.extra.get(EXTRA, {}), "comment": comment}).items()
        if v is not None
    }
    changed = msgspec.structs.replace(column, extra={**column.extra, EXTRA: told})
    columns = tuple(changed if c.column == column.column else c for c in noun.columns)
    alter_noun(session.kernel, msgspec.structs.replace(noun, columns=columns))


def _keep(session: Session, noun: Noun, kind: str, name: str, comment: str | None) -> None:
    comments = {
        key: text
        for key, text in facts_of(noun).get("comments", {}).items()
        if key != f"{kind} {name}"
    }
    if comment is not None:
        comments[f"{kind} {name}"] = comment
    alter_noun(session.kernel, with_facts(noun, comments=comments or None))


def _index(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    parts = _parts(node)
    noun = planner.names.index(parts[-2] if len(parts) > 1 else None, parts[-1])
    if noun is None:
        raise error("42P01", f'relation "{parts[-1]}" does not exist')
    _keep(session, noun, "i", parts[-1], comment)


def _constraint(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    *table, name = _parts(node)
    noun = _noun(planner, table)
    if name not in names_in_use(noun):
        raise error("42704", f'constraint "{name}" for table "{table[-1]}" does not exist')
    _keep(session, noun, "c", name, comment)


def _part(key: str, letter: str, word: str) -> Any:
    """Return what comments on a part that a table keeps by name: a trigger or a policy."""

    def act(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
        *table, name = _parts(node)
        noun = _noun(planner, table)
        if name not in facts_of(noun).get(key, {}):
            raise error("42704", f'{word} "{name}" for table "{table[-1]}" does not exist')
        _keep(session, noun, letter, name, comment)

    return act


def _shared(kind: str, word: str) -> Any:
    """Return what comments on a role or the database, which keep them apart."""

    def act(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
        name = node["object"]["String"]["sval"]
        known = known_roles(planner.names) if kind == "role" else {session.facts.database}
        if name not in known:
            raise error("42704" if kind == "role" else "3D000", f'{word} "{name}" does not exist')
        label = f"$shared {kind}.{name}"
        noun = session.kernel.catalog.by_name.get(label)
        facts = {} if comment is None else {"comment": comment}
        if noun is None:
            made = Definition(0, label, "definition", "", extra={EXTRA: facts})
            create_noun(session.kernel, made)
        else:
            alter_noun(session.kernel, with_facts(noun, comment=comment))

    return act


def _sequence(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    parts = _parts(node)
    sequence = planner.names.sequence(parts[-2] if len(parts) > 1 else None, parts[-1])
    if sequence is None:
        raise error("42P01", f'relation "{parts[-1]}" does not exist')
    if sequence.column is not None:
        raise not_supported("a comment on the sequence of a column")
    alter_noun(session.kernel, with_facts(sequence.noun, comment=comment))


def _schema(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    name = node["object"]["String"]["sval"]
    if not planner.names.has_schema(name):
        raise error("3F000", f'schema "{name}" does not exist')
    noun = planner.names.objects.schemas.get(name)
    if noun is not None:
        alter_noun(session.kernel, with_facts(noun, comment=comment))
        return
    facts = {} if comment is None else {"comment": comment}
    create_noun(
        session.kernel,
        Definition(0, definition_name("schema", "", name), "definition", "", extra={EXTRA: facts}),
    )


def _type(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    from dotdo_postgres.engine.ddl.types import type_noun

    noun = type_noun(planner, node["object"]["TypeName"]["names"])
    alter_noun(session.kernel, with_facts(noun, comment=comment))


def _function(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    from dotdo_postgres.engine.ddl.functions import require_function

    noun = require_function(
        planner, node["object"]["ObjectWithArgs"], node["objtype"].removeprefix("OBJECT_")
    )
    alter_noun(session.kernel, with_facts(noun, comment=comment))


def _extension(session: Session, planner: Planner, node: Node, comment: str | None) -> None:
    name = node["object"]["String"]["sval"]
    noun = planner.names.objects.extensions.get(name)
    if noun is None and name != "plpgsql":
        raise error("42704", f'extension "{name}" does not exist')
    if noun is not None:
        alter_noun(session.kernel, with_facts(noun, comment=comment))


_TARGETS: dict[str, Any] = {
    **dict.fromkeys(_WORDS, _relation),
    "OBJECT_COLUMN": _column, "OBJECT_INDEX": _index, "OBJECT_TABCONSTRAINT": _constraint, "OBJECT_SEQUENCE": _sequence,
    "OBJECT_SCHEMA": _schema, "OBJECT_TYPE": _type, "OBJECT_DOMAIN": _type, "OBJECT_FUNCTION": _function,
    "OBJECT_PROCEDURE": _function, "OBJECT_EXTENSION": _extension,
    "OBJECT_AGGREGATE": _function, "OBJECT_ROUTINE": _function, "OBJECT_TRIGGER": _part("triggers", "g", "trigger"),
    "OBJECT_POLICY": _part("policies", "p", "policy"), "OBJECT_ROLE": _shared("role", "role"),
    "OBJECT_DATABASE": _shared("database", "database"),
}  # fmt: skip
