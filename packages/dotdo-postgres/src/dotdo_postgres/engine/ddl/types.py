"""CREATE TYPE (enums, composite types), CREATE DOMAIN, and what alters them."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import Noun, alter_noun
from dotdo.storage.names import literal
from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import create_owned, with_facts
from dotdo_postgres.engine.ddl.domains import domain_check, require_rows_keep
from dotdo_postgres.engine.naming import definition_name, split_definition
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA, FIRST_OID
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
MAX_LABEL_BYTES = 63


def _key(planner: Planner, items: list[Node]) -> tuple[str, str]:
    parts = [item["String"]["sval"] for item in items]
    node = {"relname": parts[-1]} | ({"schemaname": parts[-2]} if len(parts) > 1 else {})
    key = planner.names.key_to_create(node)
    if planner.names.type(key[0], key[1]) is not None or key in planner.names.objects.relations:
        raise error("42710", f'type "{key[1]}" already exists')
    return key


def type_noun(planner: Planner, items: list[Node]) -> Noun:
    """Return the definition of a type that a user made.

    Raises:
        PostgresError: there is none of that name (42704).
    """
    parts = [item["String"]["sval"] for item in items]
    oid = planner.names.type(parts[-2] if len(parts) > 1 else None, parts[-1])
    noun = None if oid is None else planner.catalog.by_id.get(oid - FIRST_OID)
    if noun is None:
        raise error("42704", f'type "{".".join(parts)}" does not exist')
    return noun


def _create(session: Session, key: tuple[str, str], facts: dict[str, Any]) -> None:
    noun = Noun(0, definition_name("type", *key), "definition", "", extra={EXTRA: facts})
    create_owned(session, noun)


# --- enums ---------------------------------------------------------------------------------


def plan_create_enum(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE TYPE ... AS ENUM."""
    return Prepared(None, (), "CREATE TYPE", define(_create_enum), detail=node)


def _create_enum(session: Session, planner: Planner, node: Node) -> None:
    key = _key(planner, node["typeName"])
    labels = [item["String"].get("sval", "") for item in node.get("vals", [])]
    for at, label in enumerate(labels):
        _require_label(label)
        if label in labels[:at]:
            message = 'duplicate key value violates unique constraint "pg_enum_typid_label_index"'
            raise error("23505", message)
    order = [float(place) for place in range(1, len(labels) + 1)]
    _create(session, key, {"kind": "enum", "labels": labels, "order": order})


def _require_label(label: str) -> None:
    if len(label.encode()) > MAX_LABEL_BYTES:
        raise error(
            "42602", f'invalid enum label "{label}"', detail="Labels must be 63 bytes or less."
        )


def plan_alter_enum(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER TYPE ... ADD VALUE and RENAME VALUE."""
    return Prepared(None, (), "ALTER TYPE", define(_alter_enum), detail=node)


def _alter_enum(session: Session, planner: Planner, node: Node) -> None:
    noun = type_noun(planner, node["typeName"])
    facts = facts_of(noun)
    if facts["kind"] != "enum":
        raise error("42809", f"{split_definition(noun.name)[2]} is not an enum")
    if "oldVal" in node:
        _rename_label(session, planner, noun, node["oldVal"], node["newVal"])
        return
    labels, order, label = list(facts["labels"]), list(facts["order"]), node["newVal"]
    _require_label(label)
    if label in labels:
        if node.get("skipIfNewValExists"):
            session.notice("NOTICE", "42710", f'enum label "{label}" already exists, skipping')
            return
        raise error("42710", f'enum label "{label}" already exists')
    neighbour = node.get("newValNeighbor")
    if neighbour is None:
        order.append(order[-1] + 1 if order else 1.0)
        labels.append(label)
    elif neighbour not in labels:
        raise error("22023", f'"{neighbour}" is not an existing enum label')
    else:
        at = labels.index(neighbour) + int(bool(node.get("newValIsAfter")))
        order.insert(at, _between(order, at))
        labels.insert(at, label)
    alter_noun(session.kernel, with_facts(noun, labels=labels, order=order))


def _between(order: list[float], at: int) -> float:
    """Return a sort order for a value that comes at a place among others."""
    if at == 0:
        return order[0] - 1
    return order[-1] + 1 if at == len(order) else (order[at - 1] + order[at]) / 2


def _rename_label(session: Session, planner: Planner, noun: Noun, old: str, new: str) -> None:
    labels = list(facts_of(noun)["labels"])
    if old not in labels:
        raise error("22023", f'"{old}" is not an existing enum label')
    if new in labels:
        raise error("42710", f'enum label "{new}" already exists')
    labels[labels.index(old)] = new
    oid = FIRST_OID + noun.id
    alter_noun(session.kernel, with_facts(noun, labels=labels))
    for table in planner.catalog.nouns:
        filled = {
            column.column: f'case "{column.column}" when {literal(old)} then {literal(new)} else "{column.column}" end'
            for column in table.columns
            if column.extra.get(EXTRA, {}).get("oid") == oid
        }
        filled |= {
            column.column: _in_arrays(column.column, old, new)
            for column in table.columns
            if column.extra.get(EXTRA, {}).get("oid") == t.BY_OID[oid].array
        }
        if filled:
            alter_noun(session.kernel, session.kernel.catalog.by_id[table.id], filled)


def _in_arrays(column: str, old: str, new: str) -> str:
    """Write the expression that renames a label in arrays, which are kept as JSON."""
    item = f"case value when {literal(old)} then {literal(new)} else value end"
    listed = f'select json_group_array({item}) from json_each("{column}")'  # noqa: S608 -- literals
    return f'iif("{column}" is null, null, ({listed}))'


# --- domains -------------------------------------------------------------------------------


def plan_create_domain(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE DOMAIN."""
    return Prepared(None, (), "CREATE DOMAIN", define(_create_domain), detail=node)


def _create_domain(session: Session, planner: Planner, node: Node) -> None:
    key = _key(planner, node["domainname"])
    oid, typmod = resolve_type(node["typeName"], planner.names)
    if t.BY_OID[oid].kind == "p":
        raise error("42804", f'"{t.BY_OID[oid].name}" is not a valid base type for a domain')
    facts: dict[str, Any] = {"kind": "domain", "base": oid, "typmod": typmod, "checks": []}
    for item in node.get("constraints", []):
        constraint = item["Constraint"]
        kind = constraint["contype"]
        if kind == "CONSTR_NOTNULL":
            facts["not_null"] = True
        elif kind == "CONSTR_DEFAULT":
            facts["default"] = constraint["raw_expr"]
            facts["default_text"] = _default_text(planner, oid, constraint["raw_expr"])
        elif kind == "CONSTR_CHECK":
            facts["checks"].append(domain_check(planner, key[1], facts, constraint))
        elif kind != "CONSTR_NULL":
            raise error(
                "42601",
                f"{kind.removeprefix('CONSTR_').lower()} constraints not possible for domains",
            )
    _create(session, key, facts)


def _default_text(planner: Planner, oid: int, node: Node) -> str:
    from dotdo_postgres.engine.bind.scope import Scope
    from dotdo_postgres.engine.catalog.deparse import deparse
    from dotdo_postgres.engine.catalog.expressions import showing_binder

    binder = showing_binder(planner.names)
    expr = binder.expression(node, Scope(clause="DEFAULT"))
    return deparse(binder.coercer.coerce(expr, oid) if expr.type == t.UNKNOWN else expr)


def plan_alter_domain(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER DOMAIN."""
    return Prepared(None, (), "ALTER DOMAIN", define(_alter_domain), detail=node)


def _alter_domain(session: Session, planner: Planner, node: Node) -> None:  # noqa: C901 -- one clause for each form
    noun = type_noun(planner, node["typeName"])
    facts, name = facts_of(noun), split_definition(noun.name)[2]
    if facts["kind"] != "domain":
        raise error("42809", f"{name} is not a domain")
    kind = node.get("subtype")
    if kind == "T":
        text = _default_text(planner, facts["base"], node["def"]) if "def" in node else None
        changed = with_facts(noun, default=node.get("def"), default_text=text)
    elif kind == "N":
        changed = with_facts(noun, not_null=None)
    elif kind == "O":
        changed = with_facts(noun, not_null=True)
        require_rows_keep(session, planner, noun, changed)
    elif kind == "C":
        check = domain_check(planner, name, facts, node["def"]["Constraint"])
        changed = with_facts(noun, checks=[*facts["checks"], check])
        if not node["def"]["Constraint"].get("skip_validation"):
            require_rows_keep(session, planner, noun, changed)
    elif kind == "X":
        kept = [check for check in facts["checks"] if check["name"] != node["name"]]
        if len(kept) == len(facts["checks"]):
            if node.get("missing_ok"):
                message = f'constraint "{node["name"]}" of domain "{name}" does not exist, skipping'
                session.notice("NOTICE", "00000", message)
                return
            raise error("42704", f'constraint "{node["name"]}" of domain "{name}" does not exist')
        changed = with_facts(noun, checks=kept)
    elif kind == "V":
        return
    else:
        raise not_supported("this form of ALTER DOMAIN")
    alter_noun(session.kernel, changed)


# --- composite types -----------------------------------------------------------------------


def plan_create_composite(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE TYPE ... AS (...)."""
    return Prepared(None, (), "CREATE TYPE", define(_create_composite), detail=node)


def _create_composite(session: Session, planner: Planner, node: Node) -> None:
    relation = node["typevar"]
    schema = [{"String": {"sval": relation["schemaname"]}}] if "schemaname" in relation else []
    key = _key(planner, [*schema, {"String": {"sval": relation["relname"]}}])
    fields: list[list[Any]] = []
    for item in node.get("coldeflist", []):
        column = item["ColumnDef"]
        if any(column["colname"] == field[0] for field in fields):
            raise error("42701", f'column "{column["colname"]}" specified more than once')
        fields.append([column["colname"], *resolve_type(column["typeName"], planner.names)])
    _create(session, key, {"kind": "composite", "fields": fields})


__all__ = [
    "plan_alter_domain",
    "plan_alter_enum",
    "plan_create_composite",
    "plan_create_domain",
    "plan_create_enum",
    "type_noun",
]
