"""The planner: a parse tree becomes a prepared statement, by the kind of statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.atomic import atomically
from dotdo_postgres.engine.bind.make import make_binder
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.compiler import Compiler
from dotdo_postgres.engine.compile.document_lookups import by_key
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.objects.descent import family_of
from dotdo_postgres.engine.plan import Prepared, Result, ResultColumn
from dotdo_postgres.engine.query import OutputColumn, Query, Select
from dotdo_postgres.engine.run.locking import add_row_ids, constant_limit, run_locking
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import codecs, numeric_codecs, scalar_codecs
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.scope import Scope, Variables
    from dotdo_postgres.engine.compile.sql import Sql
    from dotdo_postgres.engine.plan import Execute
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]
PlanStatement = Callable[["Planner", Node], Prepared]


class Planner:
    """Plans one statement.

    Args:
        session: Whose statement it is: its names, its time zone.
        param_oids: Types of parameters known beforehand.
        sql: Text of the statement.

    Attributes:
        is_trial: Only the types of parameters are looked for.
        is_staged: Several statements are planned that share their parameters.
        shared: Their binder.
        outer: What is around the statement: the names of WITH, the variables of a routine.
        is_in_family: Statement triggers of the table that is written to are fired around what is planned.
        variables: Which of a name's two meanings is taken where a routine's variable has it too.
        is_trusted: The statement is a step of one whose rights have been looked at.
        policies_of: The table whose policies hold for the one that is written, None for its own.
        before: Names under which tables are read as they were before the statement.
        contested: Tables that other stages of the statement change too.
        binder_used: The binder that was made last.
    """

    def __init__(self, session: Session, param_oids: tuple[int, ...] = (), sql: str = "") -> None:
        self.session = session
        self.names = session.names
        self.catalog = session.names.catalog
        self.param_oids = param_oids
        self.zone = session.facts.zone
        self.sql = sql
        self.may_write_materialized = False
        self.is_trial = self.is_staged = False
        self.shared: Binder | None = None
        self.outer: Scope | None = None
        self.variables: Variables | None = None
        self.is_in_family = False
        self.is_trusted = False
        self.policies_of: Noun | None = None
        self.before: dict[str, str] = {}
        self.contested: set[str] = set()
        self.binder_used: Binder = None  # type: ignore[assignment]  # set by the first binder

    def is_contested(self, noun: Noun) -> bool:
        """Tell whether other stages of the statement change rows of a table or of those that descend from it."""
        return bool(self.contested) and any(
            member.name in self.contested for member in family_of(self.catalog, noun)
        )

    def binder(self) -> Binder:
        """Return a binder for the statement; its stages share one."""
        if self.shared is not None:
            return self.shared
        made = make_binder(self.names, self.param_oids, self.zone)
        made.may_write_materialized = self.may_write_materialized
        made.variables = self.variables
        made.session = self.session
        made.is_trusted = self.is_trusted
        made.snapshots = dict(self.before)
        self.binder_used = made
        if self.is_staged:
            self.shared = made
        return made

    def param_types(self, binder: Binder) -> tuple[t.PgType, ...]:
        """Return the types parameters turned out to have.

        Raises:
            PostgresError: one is not known (42P18).
        """
        for number, oid in enumerate(binder.param_types, start=1):
            if oid in {0, t.UNKNOWN}:
                if self.is_trial:
                    return tuple(t.BY_OID[oid or t.TEXT] for oid in binder.param_types)
                raise error("42P18", f"could not determine data type of parameter ${number}")
        return tuple(t.BY_OID[oid] for oid in binder.param_types)

    def result_columns(
        self, columns: Sequence[OutputColumn], forms: Sequence[Sql]
    ) -> tuple[ResultColumn, ...]:
        """Describe result columns; the codec of a numeric is that of its form."""
        return tuple(
            self._result_column(column, form) for column, form in zip(columns, forms, strict=True)
        )

    def _result_column(self, column: OutputColumn, form: Sql) -> ResultColumn:
        pg_type = t.BY_OID[column.type]
        if column.type == t.NUMERIC:
            codec: codecs.Codec | None = (
                numeric_codecs.NUMERIC_BYTES
                if form.scale is None
                else numeric_codecs.numeric_scaled(form.scale)
            )
        elif column.type in t.REG_TYPES:
            codec = scalar_codecs.reg_codec(column.type, self.names)
        else:
            codec = codecs.codec_of(column.type, self.zone)
        if codec is None:
            raise not_supported(f"a result of type {pg_type.sql_name}")
        return ResultColumn(
            column.name,
            pg_type,
            column.type,
            column.typmod,
            pg_type.size,
            column.table_oid,
            column.column_number,
            codec,
            form.scale if column.type == t.NUMERIC else None,
        )

    def finish(self, compiler: Compiler, node: n.Node, prepared: Prepared) -> Prepared:
        """Put text and needs of a compiled statement into its plan."""
        if self.session.documents.used:
            by_key(compiler, node)
        prepared.sql = n.to_text(node)
        prepared.parameters = n.highest_parameter(prepared.sql)
        prepared.python_calls = tuple(compiler.python_calls.values())
        prepared.session_values = tuple(compiler.session_values)
        prepared.catalog = self.catalog
        return prepared


def plan_select(planner: Planner, node: Node) -> Prepared:
    """Plan a query."""
    binder = planner.binder()
    query = binder.query({"SelectStmt": node}, planner.outer)
    param_types = planner.param_types(binder)
    return build_select(planner, query, param_types, is_wide=False)


def build_select(
    planner: Planner, query: Query, param_types: tuple[t.PgType, ...], *, is_wide: bool
) -> Prepared:
    """Compile a bound query."""
    compiler = make_compiler(len(param_types), is_wide=is_wide)
    locking = query.locking if isinstance(query, Select) else []
    is_skipping = any(item.wait == "skip" for item in locking)
    limit = constant_limit(query) if is_skipping else None
    bound, query.limit = query.limit, None if is_skipping else query.limit
    node, forms = compiler.query(query)
    query.limit = bound
    columns = planner.result_columns(query.columns, forms)
    is_writing = any(call.routine.writes for call in compiler.python_calls.values())
    run = run_writing_select if is_writing else run_select
    prepared = Prepared(columns, param_types, "SELECT", run, is_read=not (locking or is_writing))
    if locking:
        prepared.execute = run_locking
        prepared.detail = add_row_ids(compiler, node, query), limit
    planner.finish(compiler, node, prepared)
    used = prepared.parameters
    if not locking and used < len(param_types) + len(prepared.session_values):
        prepared.execute = partial(run, used=used)
    if not columns:
        prepared.execute = partial(_run_bare, prepared.execute)
    if not is_wide:
        prepared.rebuild = lambda: build_select(planner, query, param_types, is_wide=True)
    return prepared


def run_select(
    session: Session,
    prepared: Prepared,
    params: Sequence[StorageValue],
    wait: bool,
    used: int | None = None,
) -> Result:
    """Run a query; `used` is how many parameters its text has where the last were folded away."""
    if prepared.session_values:
        params = session.with_values(prepared, params)
    if used is not None:
        params = params[:used]
    rows = session.kernel.read(prepared.sql, params, planned_for=prepared.catalog, wait=wait)
    return Result(prepared.columns, rows, f"SELECT {len(rows)}", len(rows))


def _run_bare(
    run: Execute, session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run a query without columns, which SQLite gives one."""
    result = run(session, prepared, params, wait)
    result.rows = [() for _ in result.rows]
    return result


def run_writing_select(
    session: Session,
    prepared: Prepared,
    params: Sequence[StorageValue],
    wait: bool,
    used: int | None = None,
) -> Result:
    """Run a query that calls functions which write."""
    if prepared.session_values:
        params = session.with_values(prepared, params)
    if used is not None:
        params = params[:used]
    kernel = session.kernel
    rows = atomically(
        session,
        lambda: kernel.execute(prepared.sql, params),
        planned_for=prepared.catalog,
        wait=wait,
    )
    return Result(prepared.columns, rows, f"SELECT {len(rows)}", len(rows))


__all__ = ["Compiler", "Planner", "plan_select", "run_select"]
