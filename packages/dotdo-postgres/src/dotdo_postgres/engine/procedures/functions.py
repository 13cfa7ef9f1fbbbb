"""Functions called by name from Python, with values in the form of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.domains import base_type
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.udf.casting import Caster, assigned
from dotdo_postgres.engine.udf.running import plain_rows, run_step
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import field_codec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session

__all__ = ["Caster", "call_function"]


def call_function(
    session: Session, parts: Sequence[str], types: Sequence[int], result: int, args: Sequence[Any]
) -> Any:
    """Call a function by its name.

    Args:
        session: Whose.
        parts: Its name; `pg_catalog.in` reads a text as the type of the result.
        types: Types of the arguments.
        result: What its result is to be.
        args: Values.

    Raises:
        PostgresError: there is none (42883), and what it raises.
    """
    if list(parts) == ["pg_catalog", "in"]:
        codec = field_codec(base_type(result)[0], session.facts.zone)
        return args[0] if codec is None else codec.from_text(args[0])
    key = (tuple(parts), tuple(types), result)
    found = session.bodies.get(key)
    if found is None or found[1] is not session.names:
        prepared = _plan(session, parts, types, result)
        found = session.bodies[key] = None, session.names, prepared
    plan: Prepared = found[2]
    rows = run_step(session, plan, list(args))
    return plain_rows(plan.columns or (), rows.rows)[0][0]


def _plan(session: Session, parts: Sequence[str], types: Sequence[int], result: int) -> Prepared:
    from dotdo_postgres.engine.bind.select import make_target
    from dotdo_postgres.engine.planner import build_select
    from dotdo_postgres.engine.query import Select

    planner = session.planner(
        "", tuple(t.TEXT if oid == t.UNKNOWN else base_type(oid)[0] for oid in types)
    )
    binder = planner.binder()
    params = [{"ParamRef": {"number": at}} for at in range(1, len(types) + 1)]
    names = [{"String": {"sval": part}} for part in parts]
    node: dict[str, Any] = {"FuncCall": {"funcname": names, "args": params}}
    base, modifier, domain = base_type(result)
    expr = assigned(
        binder,
        binder.known(binder.expression(node, Scope(clause="SELECT"))),
        base,
        modifier,
        domain,
    )
    target = make_target(expr, "value")
    query = Select([target.column], targets=[target])
    made = build_select(planner, query, planner.param_types(binder), is_wide=False)
    session.know_virtual()
    return made
