"""The plan of a COPY: an INSERT for the rows that come, a query for those that go."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.copy.incoming import CopyIn
from dotdo_postgres.engine.copy.options import Options, read_options
from dotdo_postgres.engine.copy.outgoing import CopyOut
from dotdo_postgres.engine.dml.insert import plan_insert
from dotdo_postgres.engine.dml.update import plan_delete, plan_update
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.planner import plan_select
from dotdo_postgres.engine.type_nodes import type_name
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

_SOURCES: dict[str, Any] = {
    "SelectStmt": plan_select,
    "InsertStmt": plan_insert,
    "UpdateStmt": plan_update,
    "DeleteStmt": plan_delete,
}


@dataclass(frozen=True, slots=True)
class _Copy:
    inner: Prepared
    options: Options
    table: str = ""
    names: tuple[str, ...] = ()


def plan_copy(planner: Planner, node: Node) -> Prepared:
    """Plan COPY.

    Raises:
        PostgresError: a file (42501), options that do not fit, unknown columns (42703), generated ones (42P10).
    """
    is_from = bool(node.get("is_from"))
    if "filename" in node or node.get("is_program"):
        raise _no_file(node, is_from=is_from)
    options = read_options(node.get("options", []), is_from=is_from)
    if "query" in node:
        return _plan_query(planner, node["query"], options)
    relation = planner.binder().relation(node["relation"])
    names = _names(relation, node.get("attlist"))
    for given in (options.force_quote - {"*"}, options.force_not_null, options.force_null):
        _check_named(relation, names, given)
    if is_from:
        return _plan_from(planner, node, relation, names, options)
    return _sending(plan_select(planner, _all_rows(node["relation"], names)), options)


def _no_file(node: Node, *, is_from: bool) -> Exception:
    what, role = ("from", "pg_read_server_files") if is_from else ("to", "pg_write_server_files")
    target = f"COPY {what} a file"
    if node.get("is_program"):
        role, target = "pg_execute_server_program", f"COPY {what} an external program"
    return error(
        "42501",
        f"must be superuser or have privileges of the {role} role to {target}",
        hint="Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.",
    )


def _names(relation: Relation, given: list[Node] | None) -> tuple[str, ...]:
    if given is None:
        return tuple(column.name for column in relation.columns if column.generated is None)
    found: list[str] = []
    for item in given:
        name = item["String"]["sval"]
        column = relation.column(name)
        if column is None:
            message = f'column "{name}" of relation "{relation.name}" does not exist'
            raise error("42703", message)
        if column.generated is not None:
            raise error(
                "42P10",
                f'column "{name}" is a generated column',
                detail="Generated columns cannot be used in COPY.",
            )
        if name in found:
            raise error("42701", f'column "{name}" specified more than once')
        found.append(name)
    return tuple(found)


def _check_named(relation: Relation, names: tuple[str, ...], given: frozenset[str]) -> None:
    for name in given:
        if relation.column(name) is None:
            message = f'column "{name}" of relation "{relation.name}" does not exist'
            raise error("42703", message)
        if name not in names:
            raise error("42P10", f'column "{name}" not referenced by COPY')


# --- to the client ---------------------------------------------------------------------------


def _all_rows(table: Node, names: tuple[str, ...]) -> Node:
    targets = [
        {"ResTarget": {"val": {"ColumnRef": {"fields": [{"String": {"sval": name}}]}}}}
        for name in names
    ]
    select: Node = {"fromClause": [{"RangeVar": table}], "op": "SETOP_NONE"}
    if targets:
        select["targetList"] = targets
    return select


def _plan_query(planner: Planner, query: Node, options: Options) -> Prepared:
    ((kind, body),) = query.items()
    plan = _SOURCES.get(kind)
    if plan is None:
        raise not_supported(f"COPY of {kind.removesuffix('Stmt').upper()}")
    inner: Prepared = plan(planner, body)
    if inner.columns is None:
        raise error("0A000", "COPY query must have a RETURNING clause")
    return _sending(inner, options)


def _sending(inner: Prepared, options: Options) -> Prepared:
    prepared = Prepared(None, (), "COPY", _send, detail=_Copy(inner, options))
    prepared.is_read, prepared.python_calls = inner.is_read, inner.python_calls
    if (rebuild := inner.rebuild) is not None:
        prepared.rebuild = lambda: _sending(rebuild(), options)
    return prepared


def _send(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    copy: _Copy = prepared.detail
    result = copy.inner.execute(session, copy.inner, params, wait)
    count = len(result.rows)
    out = CopyOut(result, copy.options, session.encoding)
    return Result(None, [], f"COPY {count}", count, copy=out)


# --- from the client -------------------------------------------------------------------------


def _plan_from(
    planner: Planner, node: Node, relation: Relation, names: tuple[str, ...], options: Options
) -> Prepared:
    cells = [{"ParamRef": {"number": number}} for number in range(1, len(names) + 1)]
    where = node.get("whereClause")
    insert: Node = {
        "relation": node["relation"],
        "cols": [{"ResTarget": {"name": name}} for name in names],
        "selectStmt": {
            "SelectStmt": {
                "valuesLists": [{"List": {"items": cells}}],
                "limitOption": "LIMIT_OPTION_DEFAULT",
                "op": "SETOP_NONE",
            }
        },
        "override": "OVERRIDING_SYSTEM_VALUE",
    }
    if where is not None:
        insert["selectStmt"] = {"SelectStmt": _filtered(relation, names, cells, where)}
    if not names:
        insert = {"relation": node["relation"], "override": "OVERRIDING_NOT_SET"}
    inner = plan_insert(planner, insert)
    detail = _Copy(inner, options, relation.name, names)
    return Prepared(None, (), "COPY", _receive, detail=detail)


def _filtered(relation: Relation, names: tuple[str, ...], cells: list[Node], where: Node) -> Node:
    """Return a query of one row of parameters that gives the row only where the condition holds."""
    typed = []
    for name, cell in zip(names, cells, strict=True):
        column = relation.column(name)
        assert column is not None
        typed.append({"TypeCast": {"arg": cell, "typeName": type_name(t.BY_OID[column.type])}})
    rows = {"valuesLists": [{"List": {"items": typed}}], "op": "SETOP_NONE"}
    table = {
        "subquery": {"SelectStmt": {**rows, "limitOption": "LIMIT_OPTION_DEFAULT"}},
        "alias": {
            "aliasname": relation.name,
            "colnames": [{"String": {"sval": name}} for name in names],
        },
    }
    targets = [
        {"ResTarget": {"val": {"ColumnRef": {"fields": [{"String": {"sval": name}}]}}}}
        for name in names
    ]
    return {
        "targetList": targets,
        "fromClause": [{"RangeSubselect": table}],
        "whereClause": where,
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }


def _receive(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    copy: _Copy = prepared.detail
    if session.is_idle:
        session.begin_implicit()
    incoming = CopyIn(session, copy.table, copy.names, copy.inner, copy.options)
    return Result(None, [], "COPY 0", 0, copy=incoming)
