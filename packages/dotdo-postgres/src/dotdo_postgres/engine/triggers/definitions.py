"""CREATE TRIGGER: held against PostgreSQL's rules and kept with the table or view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import alter_noun
from dotdo_postgres.engine.bind.from_items import scope_item, table_entry
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem
from dotdo_postgres.engine.catalog.deparse import Deparser
from dotdo_postgres.engine.catalog.expressions import showing_binder
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import Relation, relation_of
from dotdo_postgres.engine.triggers import vectors
from dotdo_postgres.engine.udf.definition import TRIGGER, stored_of
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
ROW, BEFORE, INSERT, DELETE, UPDATE, TRUNCATE, INSTEAD = 1, 2, 4, 8, 16, 32, 64


def plan_create_trigger(planner: Planner, node: Node) -> Prepared:  # noqa: ARG001 -- planned as every statement
    """Plan CREATE TRIGGER."""
    return Prepared(None, (), "CREATE TRIGGER", define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    noun = trigger_table(planner, node["relation"])
    relation = relation_of(noun)
    kind = int(bool(node.get("row"))) | node.get("timing", 0) | node["events"]
    _check_kind(noun, relation, node, kind)
    name = node["trigname"]
    before = facts_of(noun).get("triggers", {})
    if name in before and not node.get("replace"):
        raise error("42710", f'trigger "{name}" for relation "{relation.name}" already exists')
    if name in before and (before[name].get("constraint") or node.get("isconstraint")):
        message = f'trigger "{name}" for relation "{relation.name}" is a constraint trigger'
        raise error("42710", message)
    facts: dict[str, Any] = {
        "type": kind, "function": _function_number(planner, node), "arguments": [_argument(item) for item in node.get("args", [])],
        "columns": _columns(relation, node.get("columns", [])),
    }  # fmt: skip
    facts |= _transitions(noun, relation, node, kind) | _when(planner, relation, node, kind)
    if node.get("isconstraint"):
        facts |= {
            "constraint": True,
            "deferrable": bool(node.get("deferrable")),
            "deferred": bool(node.get("initdeferred")),
        }
    alter_noun(session.kernel, with_facts(noun, triggers={**before, name: facts}))


def _argument(item: Node) -> str:
    ((_, body),) = item.items()
    return str(body.get("sval", body.get("ival", body.get("fval", ""))))


def trigger_table(planner: Planner, node: Node) -> Noun:
    """Return the table or view that a trigger is for.

    Raises:
        PostgresError: there is none (42P01), or it is something else (42809).
    """
    noun = planner.names.table(node)
    if noun is None:
        key = planner.names.find(node.get("schemaname"), node["relname"])
        if key is not None:
            detail = "This operation is not supported for indexes."
            raise error(
                "42809", f'relation "{node["relname"]}" cannot have triggers', detail=detail
            )
        shown = (
            f"{node['schemaname']}.{node['relname']}" if "schemaname" in node else node["relname"]
        )
        raise error("42P01", f'relation "{shown}" does not exist')
    if kind_of(noun) == "m":
        detail = "This operation is not supported for materialized views."
        raise error("42809", f'relation "{node["relname"]}" cannot have triggers', detail=detail)
    return noun


def _check_kind(noun: Noun, relation: Relation, node: Node, kind: int) -> None:
    name = relation.name
    if kind_of(noun) == "v":
        if kind & ROW and not kind & INSTEAD:
            detail = "Views cannot have row-level BEFORE or AFTER triggers."
            raise error("42809", f'"{name}" is a view', detail=detail)
        if kind & TRUNCATE:
            raise error(
                "42809", f'"{name}" is a view', detail="Views cannot have TRUNCATE triggers."
            )
    elif kind & INSTEAD:
        raise error(
            "42809", f'"{name}" is a table', detail="Tables cannot have INSTEAD OF triggers."
        )
    if kind & TRUNCATE and kind & ROW:
        raise error("0A000", "TRUNCATE FOR EACH ROW triggers are not supported")
    if kind & INSTEAD:
        if not kind & ROW:
            raise error("0A000", "INSTEAD OF triggers must be FOR EACH ROW")
        if "whenClause" in node:
            raise error("0A000", "INSTEAD OF triggers cannot have WHEN conditions")
        if node.get("columns"):
            raise error("0A000", "INSTEAD OF triggers cannot have column lists")


SUPPRESSING = "suppress_redundant_updates_trigger"


def _function_number(planner: Planner, node: Node) -> int:
    """Return the number of a trigger's function; PostgreSQL's own are 0, which leaves out updates of nothing, and below."""
    if node["funcname"][-1]["String"]["sval"] == SUPPRESSING:
        return 0
    if (own := vectors.NUMBERS.get(node["funcname"][-1]["String"]["sval"])) is not None:
        return own
    return _function(planner, node).id


def _function(planner: Planner, node: Node) -> Noun:
    parts = [item["String"]["sval"] for item in node["funcname"]]
    schema, name = (parts[-2] if len(parts) > 1 else None), parts[-1]
    for place in planner.names.path if schema is None else (schema,):
        for noun in planner.names.objects.functions.get((place, name), ()):
            if not facts_of(noun)["arguments"]:
                if stored_of(noun).result != TRIGGER:
                    raise error("42P17", f"function {name} must return type trigger")
                return noun
    raise error("42883", f"function {'.'.join(parts)}() does not exist")


def _columns(relation: Relation, nodes: list[Node]) -> list[int]:
    found: list[int] = []
    for item in nodes:
        name = item["String"]["sval"]
        column = relation.column(name)
        if column is None:
            raise error("42703", f'column "{name}" of relation "{relation.name}" does not exist')
        if column.number in found:
            raise error("42701", f'column "{name}" specified more than once')
        found.append(column.number)
    return found


_EVENTS = (INSERT, DELETE, UPDATE, TRUNCATE)


def _transitions(noun: Noun, relation: Relation, node: Node, kind: int) -> dict[str, Any]:  # noqa: C901 -- one clause for each rule
    found: dict[str, Any] = {}
    for item in node.get("transitionRels", []):
        one = item["TriggerTransition"]
        is_new = bool(one.get("isNew"))
        if not one.get("isTable"):
            hint = "Use OLD TABLE or NEW TABLE for naming transition tables."
            raise error(
                "0A000", "ROW variable naming in the REFERENCING clause is not supported", hint=hint
            )
        if kind_of(noun) == "v":
            detail = "Triggers on views cannot have transition tables."
            raise error("42809", f'"{relation.name}" is a view', detail=detail)
        if kind & BEFORE:
            raise error("42P17", "transition table name can only be specified for an AFTER trigger")
        if kind & TRUNCATE:
            raise error("42P17", "TRUNCATE triggers with transition tables are not supported")
        if sum(bool(kind & bit) for bit in _EVENTS) > 1:
            raise error(
                "0A000",
                "transition tables cannot be specified for triggers with more than one event",
            )
        if node.get("columns"):
            raise error(
                "0A000", "transition tables cannot be specified for triggers with column lists"
            )
        if is_new and not kind & (INSERT | UPDATE):
            raise error("42P17", "NEW TABLE can only be specified for an INSERT or UPDATE trigger")
        if not is_new and not kind & (DELETE | UPDATE):
            raise error("42P17", "OLD TABLE can only be specified for a DELETE or UPDATE trigger")
        key = "new_table" if is_new else "old_table"
        if key in found:
            raise error(
                "42P17", f"{'NEW' if is_new else 'OLD'} TABLE cannot be specified multiple times"
            )
        found[key] = one["name"]
    if len(found) > 1 and found["new_table"] == found["old_table"]:
        raise error("42P17", "OLD TABLE name and NEW TABLE name cannot be the same")
    return found


def _when(planner: Planner, relation: Relation, node: Node, kind: int) -> dict[str, Any]:
    """Bind WHEN; keep its tree, its text in both forms, and the columns that it reads."""
    tree = node.get("whenClause")
    if tree is None:
        return {}
    _check_references(tree, kind)
    binder = showing_binder(planner.names)
    items = []
    for label in ("new", "old"):
        item: ScopeItem = scope_item(table_entry(relation, label))
        item.has_plain_columns, item.row_type = False, t.RECORD
        items.append(item)
    expr = binder.boolean(tree, Scope(items=items, clause="WHEN"), "WHEN")
    read: set[str] = set()

    def qualify(column: ir.Column) -> str:
        name = column.entry.columns[column.index].name
        read.add(name)
        return f"{column.entry.name}.{quote_ident(name)}"

    texts = [
        _shown(expr, tree, Deparser(is_pretty=pretty, qualify=qualify)) for pretty in (False, True)
    ]
    return {
        "when": tree,
        "when_text": texts[0],
        "when_pretty": texts[1],
        "when_columns": sorted(read),
    }


def _shown(expr: ir.Expr, tree: Node, deparser: Deparser) -> str:
    """Write a condition; rows that are compared as a whole stay whole."""
    body = tree.get("A_Expr", {})
    sides = [
        body.get(side, {}).get("ColumnRef", {}).get("fields", []) for side in ("lexpr", "rexpr")
    ]
    if body.get("kind") == "AEXPR_DISTINCT" and all(
        len(side) == 2 and "A_Star" in side[1] for side in sides
    ):
        names = [side[0]["String"]["sval"] for side in sides]
        return deparser.wrapped(f"{names[0]}.* IS DISTINCT FROM {names[1]}.*")
    try:
        return deparser.text(expr)
    except PostgresError as failure:
        if failure.sqlstate != "0A000":
            raise
        return "..."


def _check_references(tree: Any, kind: int) -> None:
    if isinstance(tree, list):
        for item in tree:
            _check_references(item, kind)
    elif isinstance(tree, dict):
        if "SubLink" in tree:
            raise error("0A000", "cannot use subquery in trigger WHEN condition")
        column = tree.get("ColumnRef")
        if isinstance(column, dict) and "String" in column["fields"][0]:
            name = column["fields"][0]["String"]["sval"]
            _check_reference(name, kind, column.get("location", -1))
        for value in tree.values():
            if isinstance(value, (dict, list)):
                _check_references(value, kind)


def _check_reference(name: str, kind: int, location: int) -> None:
    if name not in {"new", "old"}:
        return
    if not kind & ROW:
        message = "statement trigger's WHEN condition cannot reference column values"
    elif name == "old" and kind & INSERT:
        message = "INSERT trigger's WHEN condition cannot reference OLD values"
    elif name == "new" and kind & DELETE:
        message = "DELETE trigger's WHEN condition cannot reference NEW values"
    else:
        return
    raise error("42P17", message, position=location)
