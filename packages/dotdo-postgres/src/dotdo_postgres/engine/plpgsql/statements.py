"""Statements of SQL, EXECUTE, RETURN and the end of transactions, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.parse import parse
from dotdo_postgres.engine.plpgsql.assigning import assign_into, assign_value, row_expression, whole
from dotdo_postgres.engine.plpgsql.embedding import run_sql, tree_of
from dotdo_postgres.engine.plpgsql.evaluating import evaluate, fitted
from dotdo_postgres.engine.plpgsql.parts import Sql, Target
from dotdo_postgres.engine.udf.running import add_context, plain_rows, run_step
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.plan import Prepared, Result
    from dotdo_postgres.engine.plpgsql import nodes as p
    from dotdo_postgres.engine.plpgsql.frame import Frame
    from dotdo_postgres.engine.udf.rowvalues import Row

CHANGING = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
_TELLS_FOUND = CHANGING | {"SelectStmt"}
MAX_KEPT = 256


# --- SQL -------------------------------------------------------------------------------------


def run_statement(frame: Frame, one: p.RunSql) -> None:
    """Run a statement of SQL.

    Raises:
        PostgresError: rows that go nowhere (42601), and whatever the statement raises.
    """
    ((kind, body),) = tree_of(one.query).items()
    check_kind(frame, kind, body)
    if kind == "CallStmt":
        _call(frame, one)
        return
    result, _ = run_sql(frame, one.query)
    _note(frame, kind, result)
    if one.into is None:
        _refuse_rows(result, kind)
        return
    if result.columns is None:
        raise error("42601", "INTO used with a command that cannot return data")
    if kind in CHANGING and len(result.rows) > 1:
        hint = "Make sure the query returns a single row, or use LIMIT 1."
        raise error("P0003", "query returned more than one row", hint=hint)
    assign_into(frame, one.into, result)


def _refuse_rows(result: Result, kind: str) -> None:
    if result.columns is None or kind not in _TELLS_FOUND:
        return
    hint = "If you want to discard the results of a SELECT, use PERFORM instead."
    raise error(
        "42601",
        "query has no destination for result data",
        hint=hint if kind == "SelectStmt" else None,
    )


def _note(frame: Frame, kind: str, result: Result) -> None:
    frame.row_count = result.row_count or 0
    if kind in _TELLS_FOUND:
        frame.set_found(bool(result.row_count))


def check_kind(frame: Frame, kind: str, body: dict[str, Any], *, is_dynamic: bool = False) -> None:
    """Refuse what bodies may not run.

    Raises:
        PostgresError: transactions (0A000), changes in functions that are not volatile (0A000), COPY with the client (0A000).
    """
    if kind == "TransactionStmt":
        what = (
            "EXECUTE of transaction commands is not implemented"
            if is_dynamic
            else ("unsupported transaction command in PL/pgSQL")
        )
        raise error("0A000", what)
    if kind == "CopyStmt" and "filename" not in body:
        raise error("0A000", "cannot COPY to/from client in PL/pgSQL")
    if is_dynamic and kind == "SelectStmt" and "intoClause" in body:
        hint = "You might want to use EXECUTE ... INTO or EXECUTE CREATE TABLE ... AS instead."
        raise error("0A000", "EXECUTE of SELECT ... INTO is not implemented", hint=hint)
    if frame.is_read_only and kind not in _READING:
        word = kind.removesuffix("Stmt").upper()
        raise error("0A000", f"{_WORDS.get(kind, word)} is not allowed in a non-volatile function")


_READING = frozenset(
    {
        "SelectStmt",
        "VariableShowStmt",
        "ExplainStmt",
        "FetchStmt",
        "DeclareCursorStmt",
        "ClosePortalStmt",
        "CallStmt",
    }
)
_WORDS = {
    "CreateStmt": "CREATE TABLE",
    "DropStmt": "DROP TABLE",
    "VariableSetStmt": "SET",
    "TruncateStmt": "TRUNCATE TABLE",
}


def _call(frame: Frame, one: p.RunSql) -> None:
    """Run CALL; what comes out goes into the variables that were given."""
    session = frame.session
    before, session.is_call_atomic = (
        session.is_call_atomic,
        frame.is_atomic or bool(session.subtransactions),
    )
    try:
        result, _ = run_sql(frame, one.query)
    finally:
        session.is_call_atomic = before
    frame.row_count = 0
    if not result.columns or not result.rows:
        return
    targets = call_targets(frame, one, len(result.columns))
    for target, column, value in zip(targets, result.columns, result.rows[0], strict=True):
        if target is not None:
            assign_value(frame, target, value, column.oid)


def call_targets(frame: Frame, one: p.RunSql, count: int) -> list[Target | None]:
    """Return the variables that the OUT arguments of a CALL are.

    Raises:
        PostgresError: one is no variable (SQLSTATE 42601).
    """
    from dotdo_postgres.engine.udf.resolve import out_arguments

    call = tree_of(one.query)["CallStmt"]["funccall"]
    found: list[Target | None] = []
    for name, node in out_arguments(frame.session, call, one.query.plan):
        fields = node.get("ColumnRef", {}).get("fields", []) if node else []
        parts = [part["String"]["sval"] for part in fields if "String" in part]
        variable = one.query.scope.find(parts[0]) if parts else None
        if node and variable is None and parts and len(parts) > 1:
            space = one.query.scope.labelled(parts[0])
            variable = space.names.get(parts[1]) if space is not None else None
            parts = parts[1:]
        if variable is None:
            shown = f'"{name}"' if name else str(len(found) + 1)
            raise error(
                "42601",
                f"procedure parameter {shown} is an output parameter but corresponding argument is not writable",
            )
        found.append(Target(variable, tuple(parts[1:])))
    return found if len(found) == count else found[:count] + [None] * (count - len(found))


def run_perform(frame: Frame, one: p.Perform) -> None:
    """Run PERFORM."""
    result, _ = run_sql(frame, one.query)
    frame.row_count = result.row_count or 0
    frame.set_found(bool(frame.row_count))


def run_query(frame: Frame, query: Sql) -> Result:
    """Run a query for its rows.

    Raises:
        PostgresError: it returns none (SQLSTATE 42601).
    """
    ((kind, body),) = tree_of(query).items()
    check_kind(frame, kind, body)
    result, _ = run_sql(frame, query)
    if result.columns is None:
        raise error("42601", "query does not return tuples")
    return result


# --- EXECUTE ---------------------------------------------------------------------------------


def run_execute(frame: Frame, one: p.Execute) -> None:
    """Run EXECUTE."""
    result = run_dynamic(frame, one.command, one.using)
    frame.row_count = result.row_count or 0
    if one.into is not None:
        if result.columns is None:
            raise error("42601", "INTO used with a command that cannot return data")
        assign_into(frame, one.into, result)


def run_dynamic(frame: Frame, command: Sql, using: list[Sql], *, is_raw: bool = False) -> Result:
    """Run a statement that an expression gives; the last result is returned.

    Raises:
        PostgresError: it is NULL (22004), and whatever is wrong with it.
    """
    text, _ = evaluate(frame, command, (t.TEXT, -1, 0))
    if text is None:
        raise error("22004", "query string argument of EXECUTE is null")
    values = [evaluate(frame, item) for item in using]
    oids = tuple(t.TEXT if oid == t.UNKNOWN else oid for _, oid in values)
    try:
        plans = _dynamic_plans(frame, str(text), oids)
        result = None
        for prepared in plans:
            result = run_step(frame.session, prepared, [value for value, _ in values])
    except PostgresError as failure:
        if failure.position is None or failure.position < 0:
            add_context(failure, f'SQL statement "{text}"')
        failure.position = None
        raise
    if result is None:
        raise (
            error("42601", "EXECUTE of an empty statement is not supported")
            if text.strip()
            else _empty()
        )
    if result.columns and not is_raw:
        result.rows = plain_rows(result.columns, result.rows)
    return result


def _empty() -> PostgresError:
    return error("42601", "cannot EXECUTE an empty statement")


def _dynamic_plans(frame: Frame, text: str, oids: tuple[int, ...]) -> list[Prepared]:
    session = frame.session
    if session.kernel.catalog is not session.names.catalog:
        session.planner()
    kept = session.dynamic_plans
    found = kept.get((text, oids))
    if found is not None and found[0] is session.names:
        return found[1]
    plans: list[Prepared] = []
    statements = parse(text)
    for item in statements:
        ((kind, body),) = item["stmt"].items()
        check_kind(frame, kind, body, is_dynamic=True)
        if len(statements) > 1 and plans:  # those before may be what this one needs
            run_now = plans.pop()
            run_step(session, run_now, [])
        planner = session.planner(text, oids)
        plans.append(session.plan_step(planner, item["stmt"]))
    if len(statements) == 1 and plans[0].is_kept:
        if len(kept) >= MAX_KEPT:
            kept.clear()
        kept[text, oids] = session.names, plans
    return plans


# --- RETURN ----------------------------------------------------------------------------------


def set_result(frame: Frame, one: p.Return) -> None:
    """Note what RETURN gives."""
    frame.has_returned = True
    if one.value is None:
        return
    if frame.is_trigger or frame.columns is not None or frame.result_type == t.RECORD:
        frame.result = _row(frame, one)
    elif frame.result_type == t.VOID:
        return
    else:
        from dotdo_postgres.engine.bind.domains import base_type

        frame.result, _ = evaluate(frame, one.value, base_type(frame.result_type))


def _row(frame: Frame, one: p.Return | p.ReturnNext) -> Row | None:
    if one.variable is not None and one.variable.is_record:
        found = frame.row(one.variable)
        if found is None and one.variable.fields is not None and not frame.is_trigger:
            return None
        return found
    assert one.value is not None
    try:
        return row_expression(frame, one.value)
    except PostgresError as failure:
        if failure.sqlstate != "42804":
            raise
        if frame.is_trigger:
            message = "cannot return non-composite value from function returning composite type"
            raise error("42804", message) from None
        raise error(
            "42804", "cannot return non-composite value from function returning composite type"
        ) from None


def return_next(frame: Frame, one: p.ReturnNext) -> None:
    """Run RETURN NEXT."""
    if one.value is None:
        from dotdo_postgres.engine.plpgsql.frame import outs_of

        assert frame.routine is not None  # only functions return sets
        frame.rows.append(tuple(frame.values[v.number] for v in outs_of(frame, frame.routine)))
        return
    if frame.columns is not None:
        row = _row(frame, one)
        if row is None and one.variable is not None:
            row = whole(frame, one.variable)
        if row is None:
            frame.rows.append((None,) * len(frame.columns))
            return
        _require_alike(frame, row, "wrong record type supplied in RETURN NEXT")
        frame.rows.append(fitted(frame, row, frame.columns).values)
        return
    from dotdo_postgres.engine.bind.domains import base_type

    value, _ = evaluate(frame, one.value, base_type(frame.result_type))
    frame.rows.append((value,))


def _require_alike(frame: Frame, row: Row, message: str) -> None:
    assert frame.columns is not None
    if len(row.fields) != len(frame.columns):
        detail = f"Number of returned columns ({len(row.fields)}) does not match expected column count ({len(frame.columns)})."
        raise error("42804", message, detail=detail)


def return_query(frame: Frame, one: p.ReturnQuery) -> None:
    """Run RETURN QUERY.

    Raises:
        PostgresError: its columns are not the function's (SQLSTATE 42804).
    """
    if one.query is not None:
        result = run_query(frame, one.query)
    else:
        assert one.dynamic is not None
        result = run_dynamic(frame, one.dynamic, one.using)
        if result.columns is None:
            raise error("42601", "query does not return tuples")
    expected = [(oid, typmod) for _, oid, typmod in frame.columns or ()] or [
        (frame.result_type, -1)
    ]
    message = "structure of query does not match function result type"
    given = result.columns or ()
    if len(given) != len(expected):
        detail = f"Number of returned columns ({len(given)}) does not match expected column count ({len(expected)})."
        raise error("42804", message, detail=detail)
    from dotdo_postgres.engine.bind.domains import base_type

    for at, (column, (oid, _)) in enumerate(zip(given, expected, strict=True), 1):
        if column.oid not in {oid, base_type(oid)[0]}:
            shown = t.format_type(column.oid), t.format_type(oid)
            detail = (
                f"Returned type {shown[0]} does not match expected type {shown[1]} in column {at}."
            )
            raise error("42804", message, detail=detail)
    frame.rows += result.rows
    frame.row_count = len(result.rows)
    frame.set_found(bool(result.rows))


# --- transactions ----------------------------------------------------------------------------


def end_transaction(frame: Frame, one: p.EndTransaction) -> None:
    """Run COMMIT or ROLLBACK; another transaction begins at once.

    Raises:
        PostgresError: the transaction is not the procedure's to end (SQLSTATE 2D000).
    """
    from dotdo_postgres.engine.transactions import commit_now, roll_back_now, start

    session = frame.session
    if session.subtransactions:
        word = "commit" if one.is_commit else "roll back"
        raise error("2D000", f"cannot {word} while a subtransaction is active")
    if frame.is_atomic:
        raise error("2D000", "invalid transaction termination")
    modes = {
        name: session.settings.values[name]
        for name in ("transaction_isolation", "transaction_read_only", "transaction_deferrable")
    }
    if one.is_commit:
        commit_now(session, wait=True)
    else:
        roll_back_now(session)
    start(session, modes if one.is_chained else {})
    session.has_ended = True
