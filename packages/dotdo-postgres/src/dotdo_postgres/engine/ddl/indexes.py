"""CREATE INDEX, DROP INDEX."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.errors import UniqueViolation
from dotdo.storage import Index, Noun, alter_noun
from dotdo_postgres.engine.catalog.dependencies import shown
from dotdo_postgres.engine.catalog.expressions import expression_text
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.compile.ordering import key_node, needs_key
from dotdo_postgres.engine.ddl.conditions import persistent_condition, renamed_text
from dotdo_postgres.engine.ddl.constraints import physical, refuse_uneven
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.descendants import require_partition_key
from dotdo_postgres.engine.ddl.functions import require_immutable
from dotdo_postgres.engine.ddl.scopes import make_object_name, persistent_scope
from dotdo_postgres.engine.ddl.tables import find_table
from dotdo_postgres.engine.documents.indexing import index_term
from dotdo_postgres.engine.documents.present import is_documents, undescribed
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import children_of, is_partitioned
from dotdo_postgres.engine.objects.index_methods import BUILT, require_class, require_method
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA, column_type
from dotdo_postgres.engine.stored import storable_text
from dotdo_postgres.engine.unique_keys import index_key
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def plan_index(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE INDEX."""
    require_method(node, planner.names.objects.extensions)
    if node.get("nulls_not_distinct"):
        raise not_supported("NULLS NOT DISTINCT")
    return Prepared(None, (), "CREATE INDEX", define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    noun = find_table(
        session, planner, node["relation"], is_missing_ok=False, may_hold_documents=True
    )
    assert noun is not None
    if is_documents(noun):
        noun = session.documents.describe(planner.names, noun)
    schema, bare = split_name(noun.name)
    if kind_of(noun) == "v":
        raise error(
            "42809",
            f'cannot create index on relation "{bare}"',
            detail="This operation is not supported for views.",
        )
    taken = planner.names.taken(schema)
    elements = [item["IndexElem"] for item in node["indexParams"]]
    name = node.get("idxname") or _choose(taken, bare, elements)
    if name in taken:
        if node.get("if_not_exists"):
            session.notice("NOTICE", "42P07", f'relation "{name}" already exists, skipping')
            return
        raise error("42P07", f'relation "{name}" already exists')
    index = _definition(planner, noun, node, elements, name, bool(node.get("unique")))
    if index.is_unique:
        refuse_uneven(noun, tuple(term.partition(" ")[0].strip('"') for term in index.terms))
    if index.extra.get(EXTRA, {}).get("unbuilt"):
        unbuilt = (*facts_of(noun).get("unbuilt", ()), encode_index(index))
        alter_noun(session.kernel, with_facts(noun, unbuilt=list(unbuilt)))
        return
    new = msgspec.structs.replace(undescribed(noun), indexes=(*noun.indexes, index))
    require_partition_key(new)
    try:
        alter_noun(session.kernel, new)
    except UniqueViolation:
        detail = None if is_documents(noun) else index_key(noun, index).duplicated(session)
        message = f'could not create unique index "{name}"'
        raise error(
            "23505", message, detail=detail, schema=schema, table=bare, constraint=name
        ) from None
    if is_partitioned(noun) and node["relation"].get("inh"):
        _of_partitions(session, noun, node)


def _of_partitions(session: Session, noun: Noun, node: Node) -> None:
    """Make the index for each partition, under a name of its own."""
    for child in children_of(session.kernel.catalog, noun):
        schema, name = split_name(child.name)
        relation = {"schemaname": schema, "relname": name, "inh": True}
        step = {k: v for k, v in node.items() if k != "idxname"} | {"relation": relation}
        _create(session, session.planner(), step)


def encode_index(index: Index) -> dict[str, Any]:
    """Return an index as JSON, for those that are only kept, not built."""
    found: dict[str, Any] = msgspec.to_builtins(index)
    return found


def _definition(  # noqa: PLR0917 one step for each form of the grammar
    planner: Planner, noun: Noun, node: Node, elements: list[Node], name: str, is_unique: bool
) -> Index:
    facts: dict[str, Any] = {"expressions": {}, "nulls": {}}
    extensions = planner.names.objects.extensions
    method = require_method(node, extensions)
    if method != "btree":
        facts["method"] = method
    facts["unbuilt"] = method not in BUILT
    terms = tuple(
        _term(planner, noun, element, facts, at, is_unique=is_unique)
        for at, element in enumerate(elements)
    )
    where = None
    if "whereClause" in node:
        facts["where"] = expression_text(planner.names, noun, node["whereClause"], is_boolean=True)
        try:
            where = persistent_condition(planner, noun, node["whereClause"])[0]
        except PostgresError as failure:
            if failure.sqlstate != "0A000" or is_unique:
                raise
            where, facts["unbuilt"] = facts["where"], True
    included = [item["IndexElem"]["name"] for item in node.get("indexIncludingParams", [])]
    if included:
        facts["include"] = list(physical(noun, included, None, 'column "{name}" does not exist'))
    for at, element in enumerate(elements):
        told = facts["expressions"].get(str(at))
        column = noun.column(element.get("name", ""))
        oid = told["type"] if told else column_type(column)[0] if column is not None else t.TEXT
        require_class(method, oid, element.get("opclass", ()), extensions)
    return Index(name, terms, is_unique, where, {EXTRA: {k: v for k, v in facts.items() if v}})


def _choose(taken: set[str], table: str, elements: list[Node]) -> str:
    parts = []
    for element in elements:
        if "name" in element:
            parts.append(element["name"])
        elif "FuncCall" in element["expr"]:
            parts.append(element["expr"]["FuncCall"]["funcname"][-1]["String"]["sval"])
        else:
            parts.append("expr")
    number = 0
    while True:
        name = make_object_name(table, "_".join(parts), f"idx{number or ''}")
        if name not in taken:
            return name
        number += 1


def _term(
    planner: Planner,
    noun: Noun,
    element: Node,
    facts: dict[str, Any],
    at: int,
    *,
    is_unique: bool,
) -> str:
    suffix = _direction(element, facts, at)
    if "name" in element:
        column = noun.column(element["name"])
        if column is None:
            raise error("42703", f'column "{element["name"]}" does not exist')
        if is_documents(noun):
            return f"{index_term(noun, column.name)}{suffix}"
        return f'"{column.column}"{suffix}'
    binder = planner.binder()
    scope, entry = persistent_scope(noun, "index expressions")
    require_immutable(
        planner, element["expr"], "functions in index expression must be marked IMMUTABLE"
    )
    expr = binder.known(binder.expression(element["expr"], scope))
    text = expression_text(planner.names, noun, element["expr"], is_boolean=False)
    name = _expression_name(element)
    facts["expressions"][str(at)] = {"text": text, "type": expr.type, "name": name}
    compiler = make_compiler(is_persistent=True)
    table_columns(compiler, entry, "")
    try:
        sql = compiler.expression(expr)
        made = value = storable_text(compiler, sql.node)
        if is_unique and needs_key(expr.type, sql):
            made = storable_text(compiler, key_node(compiler, sql, expr.type, is_group=True))
            facts["expressions"][str(at)]["value"] = value
    except PostgresError as failure:
        if failure.sqlstate != "0A000":
            raise
        if is_unique:
            raise not_supported(
                "a unique index on an expression that SQLite cannot compute by itself"
            ) from None
        facts["unbuilt"] = True  # it would only make queries faster
        made = text
    return f"({made}){suffix}"


def _direction(element: Node, facts: dict[str, Any], at: int) -> str:
    """Return how SQLite sorts a term; where NULLs go otherwise than by default is only kept, as SQLite has no such index."""
    is_descending = element["ordering"] == "SORTBY_DESC"
    nulls = element.get("nulls_ordering", "SORTBY_NULLS_DEFAULT")
    wanted = {"SORTBY_NULLS_FIRST": "first", "SORTBY_NULLS_LAST": "last"}.get(nulls)
    if wanted is not None and wanted != ("first" if is_descending else "last"):
        facts["nulls"][str(at)] = wanted
    return " desc" if is_descending else ""


def _expression_name(element: Node) -> str:
    call = element["expr"].get("FuncCall")
    return str(call["funcname"][-1]["String"]["sval"]) if call is not None else "expr"


def rebound_indexes(planner: Planner, noun: Noun, physical_name: str) -> Noun:
    """Compile the expressions of indexes that read a column again, after its type has changed."""
    made = []
    for index in noun.indexes:
        told = index.extra.get(EXTRA, {})
        touched = any(f'"{physical_name}"' in term for term in (*index.terms, index.where or ""))
        if touched and (told.get("expressions") or told.get("where")):
            raise not_supported("changing the type of a column that an index's expression reads")
        made.append(index)
    return msgspec.structs.replace(noun, indexes=tuple(made))


def renamed_in_indexes(planner: Planner, noun: Noun, old: str, new: str) -> Noun:
    """Write the expressions of indexes with a column's new name."""
    made = []
    for index in noun.indexes:
        told = dict(index.extra.get(EXTRA, {}))
        if told.get("where"):
            told["where"] = renamed_text(planner, noun, told["where"], old, new, is_boolean=True)
        if told.get("expressions"):
            told["expressions"] = {
                at: item
                | {"text": renamed_text(planner, noun, item["text"], old, new, is_boolean=False)}
                for at, item in told["expressions"].items()
            }
        made.append(
            msgspec.structs.replace(index, extra={**index.extra, EXTRA: told}) if told else index
        )
    return msgspec.structs.replace(noun, indexes=tuple(made))


def drop_indexes(session: Session, planner: Planner, wanted: list[tuple[Noun, str]]) -> None:
    """Drop indexes.

    Raises:
        PostgresError: one belongs to a constraint (2BP01).
    """
    for owner, name in wanted:
        noun = session.kernel.catalog.by_id[owner.id]
        if name in {noun.key_name, *(u.name for u in noun.uniques)}:
            table = shown(planner.names, noun)
            message = (
                f"cannot drop index {name} because constraint {name} on table {table} requires it"
            )
            hint = f"You can drop constraint {name} on table {table} instead."
            raise error("2BP01", message, hint=hint)
        indexes = tuple(index for index in noun.indexes if index.name != name)
        if len(indexes) < len(noun.indexes):
            alter_noun(session.kernel, msgspec.structs.replace(undescribed(noun), indexes=indexes))
        else:
            kept = [item for item in facts_of(noun).get("unbuilt", ()) if item["name"] != name]
            alter_noun(session.kernel, with_facts(noun, unbuilt=kept or None))
