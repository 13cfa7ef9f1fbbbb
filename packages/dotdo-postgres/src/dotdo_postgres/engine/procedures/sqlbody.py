"""Bodies in SQL: their statements run one after the other, the last one gives the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.composites import opened
from dotdo_postgres.engine.bind.domains import base_type
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem
from dotdo_postgres.engine.objects.rowtypes import fields_of
from dotdo_postgres.engine.parse import parse
from dotdo_postgres.engine.udf.polymorphs import actual_arguments
from dotdo_postgres.engine.udf.rowvalues import Row
from dotdo_postgres.engine.udf.running import add_context, called, plain_rows, run_step
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.plan import Prepared, Result
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.engine.udf.definition import Stored
    from dotdo_postgres.engine.udf.rowvalues import Fields

Node = dict[str, Any]
CHANGING = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


def statements_of(stored: Stored) -> list[Node]:
    """Return the parse trees of a body's statements."""
    tree = stored.facts.get("tree")
    if tree is not None:
        return list(tree)
    return [item["stmt"] for item in parse(stored.facts["body"])]


def sql_writes(stored: Stored, names: Names) -> bool:
    """Tell whether a body may change something."""
    from dotdo_postgres.engine.plpgsql.compiling import text_writes

    try:
        listed = statements_of(stored)
    except PostgresError:
        return True
    if any("SelectStmt" not in node for node in listed):
        return True
    text = stored.facts["body"] or repr(listed).replace("'sval': '", " (")
    return text_writes(text, names) or _called_writes(listed, names)


def _called_writes(node: Any, names: Names) -> bool:
    if isinstance(node, list):
        return any(_called_writes(item, names) for item in node)
    if not isinstance(node, dict):
        return False
    call = node.get("FuncCall")
    if isinstance(call, dict):
        name = call["funcname"][-1]["String"]["sval"]
        if any(name == made for _, made in names.objects.functions) or name in {
            "nextval",
            "setval",
        }:
            return True
    if set(node) & CHANGING or "lockingClause" in node or "intoClause" in node:
        return True
    return any(
        _called_writes(value, names) for value in node.values() if isinstance(value, (dict, list))
    )


def argument_scope(binder: Binder, stored: Stored, types: Sequence[int]) -> Scope:
    """Return the scope in which the arguments are known by name, also after the function's."""
    every = actual_arguments(stored, types)
    plain: list[tuple[str, ir.Expr]] = []
    scope = Scope()
    inputs = [at for at, mode in enumerate(stored.modes) if mode in "ibv"]
    for number, at in enumerate(inputs, 1):
        name = stored.all_names[at]
        base, modifier, _ = base_type(every[at])
        param = ir.Param(base, modifier, -1, number)
        row = opened(binder, param) if name else None
        if row is not None:
            cells = list(zip(row.names, row.args, strict=True))
            scope.items.append(ScopeItem(name, cells, has_plain_columns=False, row_type=base))
        elif name:
            plain.append((name, param))
    scope.items.append(ScopeItem(stored.name, plain))
    return scope


def input_oids(types: Sequence[int]) -> tuple[int, ...]:
    """Return the types of the arguments as parameters have them."""
    return tuple(base_type(oid)[0] for oid in types)


def plan_body(session: Session, stored: Stored, types: Sequence[int]) -> list[Prepared]:
    """Return the plans of a body's statements, kept while names mean the same."""
    key = (stored.noun.id, tuple(types), -1)
    found = session.bodies.get(key)
    if found is not None and found[0] is stored.noun and found[1] is session.names:
        kept: list[Prepared] = found[2]
        return kept
    plans = [plan_one(session, stored, types, node) for node in statements_of(stored)]
    session.bodies[key] = stored.noun, session.names, plans
    return plans


def plan_one(session: Session, stored: Stored, types: Sequence[int], node: Node) -> Prepared:
    """Plan a statement of a body."""
    planner: Planner = session.planner(stored.facts["body"] or "", input_oids(types))
    planner.outer = argument_scope(planner.binder(), stored, types)
    ((kind, body),) = node.items()
    if kind == "TransactionStmt":
        raise error(
            "0A000", f"{body['kind'].removeprefix('TRANS_STMT_')} is not allowed in an SQL function"
        )
    if kind == "ReturnStmt":
        target = {"ResTarget": {"val": body["returnval"]}}
        node = {
            "SelectStmt": {
                "targetList": [target],
                "limitOption": "LIMIT_OPTION_DEFAULT",
                "op": "SETOP_NONE",
            }
        }
    return session.plan_step(planner, node)


def call_sql(  # noqa: PLR0917 -- what a call is made of
    session: Session,
    stored: Stored,
    types: Sequence[int],
    result: int,
    columns: Fields | None,
    args: Sequence[Any],
) -> Any:
    """Call a function in SQL; see `call_plpgsql`."""
    with called(session):
        last = _run(session, stored, types, args)
    if stored.kind == "p" and columns is None:
        return None
    if result == t.VOID and columns is None:
        return [] if stored.returns_set else None
    if columns == () and last is not None and last.columns is not None:
        columns = tuple((column.name, column.oid, column.typmod) for column in last.columns)
    rows = [] if last is None or last.columns is None else _fitted(session, last, result, columns)
    if stored.returns_set:
        return rows
    if columns is None:
        return rows[0][0] if rows else None
    return Row(columns, rows[0]) if rows else None


def _run(
    session: Session, stored: Stored, types: Sequence[int], args: Sequence[Any]
) -> Result | None:
    last: Result | None = None
    number = 0
    try:
        if _defines(stored):
            plans: Iterator[Prepared] | list[Prepared] = (
                plan_one(session, stored, types, node) for node in statements_of(stored)
            )
        else:
            plans = plan_body(session, stored, types)
        for prepared in plans:
            number += 1
            last = run_step(session, prepared, list(args))
    except PostgresError as failure:
        failure.position = None
        where = f"statement {number}" if number else "during startup"
        add_context(failure, f'SQL function "{stored.name}" {where}')
        raise
    return last


def _defines(stored: Stored) -> bool:
    """Tell whether a statement may need what one before it made."""
    listed = statements_of(stored)
    return len(listed) > 1 and any(
        not (set(node) & (CHANGING | {"SelectStmt", "ReturnStmt"})) for node in listed
    )


def _opened(
    session: Session, value: Any, fields: Fields | None, columns: Fields
) -> tuple[Any, ...]:
    """Return the fields of a row that is one value."""
    from dotdo_postgres.engine.udf.rowvalues import row_from_value

    if value is None:
        return (None,) * len(columns)
    row = row_from_value(fields, value)
    if columns and len(row.values) != len(columns):
        raise error("42804", "function return row and query-specified return row do not match")
    if not columns:
        return row.values
    cast = session.caster.cast
    return tuple(
        cast(cell, have[1], oid, typmod)
        for cell, have, (_, oid, typmod) in zip(row.values, row.fields, columns, strict=True)
    )


def _fitted(
    session: Session, last: Result, result: int, columns: Fields | None
) -> list[tuple[Any, ...]]:
    given = last.columns or ()
    rows = plain_rows(given, last.rows)
    wanted = [(result, -1)] if columns is None else [(oid, typmod) for _, oid, typmod in columns]
    if len(given) != len(wanted):
        row = fields_of(session.names, given[0].oid) if len(given) == 1 else None
        if len(given) == 1 and (row is not None or given[0].oid == t.RECORD):
            return [_opened(session, cells[0], row, columns or ()) for cells in rows]
        if row is None:
            raise error(
                "42P13",
                f"return type mismatch in function declared to return {t.format_type(result)}",
            )
        return rows
    cast = session.caster.cast
    pairs = [(column.oid, *target) for column, target in zip(given, wanted, strict=True)]
    if all(source == oid and typmod < 0 for source, oid, typmod in pairs):
        return rows
    return [
        tuple(cast(value, *pair) for value, pair in zip(row, pairs, strict=True)) for row in rows
    ]
