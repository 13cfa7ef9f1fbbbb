"""What foreign keys do to other rows, done by statements where tables with triggers are concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.domains import base_type
from dotdo_postgres.engine.dml.update import plan_delete, plan_update
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.relations import relation_of
from dotdo_postgres.engine.triggers.firing import has_triggers
from dotdo_postgres.engine.udf.running import run_step
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo.storage import Catalog, ForeignKey, Noun
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_FOLLOWING = frozenset({"cascade", "set null", "set default"})


def followers(
    catalog: Catalog, noun: Noun, seen: frozenset[int] = frozenset()
) -> Iterator[tuple[Noun, ForeignKey]]:
    """Yield the tables whose rows go with a table's, by foreign keys, where triggers fire in the end; and the keys."""
    if noun.id in seen:
        return
    for other in catalog.nouns:
        for key in other.foreign_keys:
            if key.target != noun.name or not {key.on_delete, key.on_update} & _FOLLOWING:
                continue
            if has_triggers(catalog, other) or any(followers(catalog, other, seen | {noun.id})):
                yield other, key


def follow_delete(session: Session, relation: Relation, row: tuple[Any, ...]) -> None:
    """Delete or change the rows that refer to one that is about to be deleted."""
    for noun, key in followers(session.kernel.catalog, relation.noun):
        if key.on_delete == "cascade":
            _run(session, noun, key, relation, row, None)
        elif key.on_delete == "set null":
            _run(session, noun, key, relation, row, {"A_Const": {"isnull": True}})
        elif key.on_delete == "set default":
            _run(session, noun, key, relation, row, {"SetToDefault": {}})


def check_update(
    session: Session, relation: Relation, before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    """See that a change of a key has no rows to take along whose triggers would have to fire.

    Raises:
        PostgresError: it has (SQLSTATE 0A000).
    """
    for noun, key in followers(session.kernel.catalog, relation.noun):
        places = _places(relation, key)
        if key.on_update in _FOLLOWING and any(before[at] != after[at] for at in places):
            shown = split_name(noun.name)[1]
            raise not_supported(
                f'ON UPDATE {key.on_update.upper()} to "{shown}", which has triggers,'
            )


def _places(relation: Relation, key: ForeignKey) -> list[int]:
    physical = [column.physical for column in relation.columns]
    targets = key.target_columns or relation.noun.key
    return [physical.index(name) for name in targets]


def _run(  # noqa: PLR0917 -- which rows, and what becomes of them
    session: Session,
    noun: Noun,
    key: ForeignKey,
    relation: Relation,
    row: tuple[Any, ...],
    value: Node | None,
) -> None:
    own = {column.physical: column for column in relation_of(noun).columns}
    columns = [own[name] for name in key.columns]
    schema, bare = split_name(noun.name)
    tests = [
        {
            "A_Expr": {
                "kind": "AEXPR_OP",
                "name": [{"String": {"sval": "="}}],
                "lexpr": _name(column.name),
                "rexpr": {"ParamRef": {"number": at}},
            }
        }
        for at, column in enumerate(columns, 1)
    ]
    where = tests[0] if len(tests) == 1 else {"BoolExpr": {"boolop": "AND_EXPR", "args": tests}}
    node: Node = {
        "relation": {"schemaname": schema, "relname": bare, "inh": True, "relpersistence": "p"},
        "whereClause": where,
    }
    planner = session.planner("", tuple(base_type(column.type)[0] for column in columns))
    if value is not None:
        node["targetList"] = [
            {"ResTarget": {"name": column.name, "val": value}} for column in columns
        ]
    prepared = (plan_delete if value is None else plan_update)(planner, node)
    run_step(session, prepared, [row[at] for at in _places(relation, key)])


def _name(name: str) -> Node:
    return {"ColumnRef": {"fields": [{"String": {"sval": name}}]}}
