"""Preparing statements in a session: the plan cache, how names resolve for new plans, planning of whole statements and of steps."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog.provided import computed
from dotdo_postgres.engine.catalog.regtypes import RegTypes
from dotdo_postgres.engine.catalog.rows import rows_of
from dotdo_postgres.engine.lifting import lift
from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.engine.objects import temporary
from dotdo_postgres.engine.objects.actor import actor_named
from dotdo_postgres.engine.objects.collected import objects_of
from dotdo_postgres.engine.objects.names import Names
from dotdo_postgres.engine.objects.search_path import search_path
from dotdo_postgres.engine.parse import parse, place
from dotdo_postgres.engine.planner import Planner
from dotdo_postgres.engine.procedures.hooks import UserRoutines
from dotdo_postgres.engine.statements import plan_statement
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.types import use_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.parse import Node
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session

_REGS = RegTypes()
_ROUTINES = UserRoutines()
MAX_PLANS = 512


def prepare(session: Session, sql: str, param_oids: tuple[int, ...] = ()) -> Prepared:
    """Parse, bind and plan one statement; the plan is cached.

    Raises:
        PostgresError: whatever is wrong with it.
    """
    if session.kernel.catalog is not session.plans_catalog:
        look_up_names(session)
    found = session.plans.get((sql, param_oids))
    if found is None:
        try:
            found = _plan_lifted(session, sql) if not param_oids else None
            found = found or _plan_one(session, sql, param_oids)
        except BaseException:
            session.fail()
            raise
        _keep(session, found, sql, param_oids)
    return found


def _keep(session: Session, plan: Prepared, sql: str, param_oids: tuple[int, ...]) -> None:
    if plan.is_kept:
        if len(session.plans) >= MAX_PLANS:
            session.plans.clear()
        session.plans[sql, param_oids] = plan


def _plan_lifted(session: Session, sql: str) -> Prepared | None:
    """Return the plan of a statement by that of all that differ only in their whole numbers; None where that does not do."""
    lifted = lift(sql)
    if lifted is None or lifted.sql in session.unlifted:
        return None
    status, notices = session.transaction_status, len(session.notices)
    try:
        inner = session.plans.get((lifted.sql, lifted.oids))
        if inner is None:
            inner = _plan_one(session, lifted.sql, lifted.oids)
            if inner.parameters != len(lifted.values) + len(inner.session_values):
                session.unlifted.add(lifted.sql)  # one was folded away
                return None
            _keep(session, inner, lifted.sql, lifted.oids)
        values = [
            value if (codec := inner.codecs.get(number)) is None else codec.from_text(str(value))
            for number, value in enumerate(lifted.values)
        ]
    except PostgresError:  # the statement itself is planned, which tells what is wrong with it
        session.transaction_status = status
        del session.notices[notices:]
        if len(session.unlifted) >= MAX_PLANS:
            session.unlifted.clear()
        session.unlifted.add(lifted.sql)
        return None
    return replace(inner, param_types=(), source=(sql, ()), is_kept=False, lifted=(inner, values))


def _plan_one(session: Session, sql: str, param_oids: tuple[int, ...]) -> Prepared:
    statements = parse(sql)
    if len(statements) > 1:
        raise error("42601", "cannot insert multiple commands into a prepared statement")
    for oid in param_oids:
        if oid and t.BY_OID.get(oid) is None:
            raise error("XX000", f"cache lookup failed for type {oid}")
    return session.plan(statements[0]["stmt"] if statements else None, sql, param_oids)


def plan(
    session: Session,
    node: Node | None,
    sql: str,
    param_oids: tuple[int, ...] = (),
    source: str = "",
) -> Prepared:
    """Bind and plan a parsed statement.

    Args:
        session: Whose statement it is.
        node: Its parse tree, None for the empty statement.
        sql: The text that positions refer to.
        param_oids: Types of parameters known beforehand.
        source: The statement's own text, where `sql` holds others too.

    Raises:
        PostgresError: whatever is wrong with it; an open transaction has failed.
    """
    planner = session.planner(source or sql, param_oids)
    session.documents.used = {}
    try:
        prepared = plan_statement(planner, node)
    except PostgresError as failure:
        session.fail()
        raise place(failure, sql) from None
    prepared.source = sql, param_oids
    prepared.shapes = tuple(session.documents.used.values())
    if planner.binder_used is not None:
        prepared.touched = tuple(planner.binder_used.touched.items())
    session.know_virtual()
    return prepared


def planner(session: Session, sql: str = "", param_oids: tuple[int, ...] = ()) -> Planner:
    """Return a planner of one statement on the definitions of the moment."""
    if session.kernel.catalog is not session.plans_catalog:
        look_up_names(session)
    know_types(session)
    return Planner(session, param_oids, sql)


def plan_inside(
    session: Session,
    node: Node,
    sql: str = "",
    *,
    oids: tuple[int, ...] = (),
    may_write_materialized: bool = False,
    is_trusted: bool = False,
) -> Prepared:
    """Plan a statement that is a step of another one.

    Args:
        session: Whose statement it is.
        node: Its parse tree.
        sql: Its text, where definitions keep it.
        oids: Types of parameters known beforehand.
        may_write_materialized: It may change a materialized view.
        is_trusted: The other one's rights have been looked at.

    Raises:
        PostgresError: whatever is wrong with it.
    """
    planner = session.planner(sql, oids)
    planner.may_write_materialized = may_write_materialized
    planner.is_trusted = is_trusted
    prepared = plan_statement(planner, node)
    session.know_virtual()
    return prepared


def plan_step(session: Session, planner: Planner, node: Node) -> Prepared:
    """Plan a statement of a routine with a planner made for it."""
    prepared = plan_statement(planner, node)
    session.know_virtual()
    return prepared


def know_virtual(session: Session) -> None:
    """Let SQLite know the relations of the catalog that statements planned here name."""
    for table, relation in session.names.virtual.items():
        if table not in session.virtual:
            session.virtual.add(table)
            columns = [column.physical for column in relation.columns]
            session.kernel.create_virtual_table(table, columns, partial(rows_of, session, relation))


@contextmanager
def searching(session: Session, schema: str) -> Iterator[None]:
    """Search a schema before the others within the block."""
    values = session.settings.values
    before = values["search_path"]
    values["search_path"] = f"{quote_ident(schema)}, {before}"
    look_up_names(session)
    try:
        yield
    finally:
        values["search_path"] = before
        look_up_names(session)


def forget_plans(session: Session) -> None:
    """Drop cached plans: a setting they depend on has changed."""
    look_up_names(session)


def look_up_names(session: Session) -> None:
    """Forget plans of other definitions, and let names mean what they mean now."""
    session.plans.clear()
    catalog = session.plans_catalog = session.kernel.catalog
    values = session.settings.values
    session.facts.session_user = values["session_authorization"]
    role = values.get("role", "none")
    session.facts.user = session.facts.session_user if role == "none" else role
    path = search_path(session, catalog)
    actor = actor_named(objects_of(catalog), session.facts.user)
    session.facts.names = Names(
        catalog,
        path,
        temporary.schema_name(session.pid),
        computed(),
        _REGS,
        actor,
        _ROUTINES,
        session.documents,
    )
    know_types(session)


def know_types(session: Session) -> None:
    """Let type numbers mean the types of the session's tenant."""
    use_types(session.facts.names.objects.by_oid, session.facts.names)
