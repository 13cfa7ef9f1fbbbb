"""Domains: their checks compiled for columns, and rows held against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage.names import quoted
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.relations import EXTRA, FIRST_OID
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def domain_check(
    planner: Planner, domain: str, facts: dict[str, Any], constraint: Node
) -> dict[str, Any]:
    """Read a CHECK of a domain: name, tree and text.

    Raises:
        PostgresError: the name is taken (42710); whatever is wrong with the condition.
    """
    from dotdo_postgres.engine.bind.domains import value_scope
    from dotdo_postgres.engine.catalog.deparse import Deparser
    from dotdo_postgres.engine.catalog.expressions import showing_binder

    binder = showing_binder(planner.names)
    scope = value_scope(facts["base"], facts["typmod"])
    expr = binder.boolean(constraint["raw_expr"], scope, "CHECK")
    text = Deparser(qualify=lambda _: "VALUE").shown(expr)
    taken = {check["name"] for check in facts["checks"]}
    name = constraint.get("conname")
    if name in taken:
        raise error("42710", f'constraint "{name}" for domain "{domain}" already exists')
    number = 0
    while name is None:
        candidate = f"{domain}_check{number or ''}"
        name = candidate if candidate not in taken else None
        number += 1
    return {"name": name, "tree": constraint["raw_expr"], "text": text}


def require_rows_keep(session: Session, planner: Planner, noun: Noun, changed: Noun) -> None:
    """See that the values that are there keep what a domain now asks for.

    Raises:
        PostgresError: some do not (23502, 23514).
    """
    from dotdo_postgres.engine.ddl.domain_rows import broken_check
    from dotdo_postgres.engine.naming import split_name

    oid = FIRST_OID + noun.id
    for table in planner.catalog.nouns:
        for column in table.columns:
            if column.extra.get(EXTRA, {}).get("domain") != oid:
                continue
            bare = split_name(table.name)[1]
            if facts_of(changed).get("not_null"):
                sql = f"select 1 from {quoted(table.table)} where {quoted(column.column)} is null limit 1"  # noqa: S608 -- quoted
                if session.kernel.read(sql):
                    raise error(
                        "23502", f'column "{column.name}" of table "{bare}" contains null values'
                    )
            if broken_check(session, planner, table, column, changed):
                message = f'column "{column.name}" of table "{bare}" contains values that violate the new constraint'
                raise error("23514", message)
