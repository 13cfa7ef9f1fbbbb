"""Values cast while routines run: by assignment where PostgreSQL has such a cast, by their text otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.domains import as_domain, base_type
from dotdo_postgres.engine.coercion import can_coerce
from dotdo_postgres.engine.query import Select
from dotdo_postgres.engine.udf.running import plain_rows, run_step
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import field_codec

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


def assigned(binder: Binder, expr: ir.Expr, oid: int, typmod: int = -1, domain: int = 0) -> ir.Expr:
    """Cast an expression the way a variable takes it.

    Raises:
        PostgresError: the types have nothing in common (SQLSTATE 42804).
    """
    if isinstance(expr, ir.Row):
        raise error("42804", f"cannot cast a row to {t.format_type(oid)}")
    if expr.type != oid or typmod >= 0:
        if can_coerce(expr.type, oid, "assignment"):
            expr = binder.coercer.coerce(expr, oid, typmod, "assignment")
        else:
            text = binder.coercer.coerce(expr, t.TEXT, -1, "explicit")
            expr = binder.coercer.coerce(text, oid, typmod, "explicit")
    return as_domain(binder, expr, domain) if domain else expr


class Caster:
    """Casts values of one session; what it takes is planned once for each pair of types."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._plans: dict[tuple[int, int, int], Prepared] = {}
        self._names: Any = None

    def cast(self, value: StorageValue, source: int, target: int, typmod: int = -1) -> StorageValue:
        """Return a value as another type keeps it.

        Args:
            value: As its own type keeps it.
            source: Its type.
            target: The other type; a domain is held against its checks.
            typmod: Type modifier of the target.

        Raises:
            PostgresError: whatever the cast raises.
        """
        if source == target and (typmod < 0 or value is None):
            return value
        found = t.BY_OID.get(target)
        if value is None and (found is None or found.kind != "d"):
            return None
        if found is None or found.kind in {"c", "p"}:
            return value
        try:
            prepared = self._plan(source, target, typmod)
        except PostgresError as failure:
            if failure.sqlstate != "0A000":
                raise
            return self._by_text(value, source, target, failure)
        result = run_step(self._session, prepared, (value,))
        return plain_rows(prepared.columns or (), result.rows)[0][0]

    def _by_text(
        self, value: StorageValue, source: int, target: int, failure: PostgresError
    ) -> StorageValue:
        """Cast by the text of a value, where no statement does it."""
        zone = self._session.facts.zone
        write, read = field_codec(source, zone), field_codec(target, zone)
        if write is None or read is None:
            raise failure
        found: StorageValue = read.from_text(write.to_text(value))
        return found

    def _plan(self, source: int, target: int, typmod: int) -> Prepared:
        session = self._session
        if self._names is not session.names:
            self._names = session.names
            self._plans.clear()
        found = self._plans.get((source, target, typmod))
        if found is None:
            planner = session.planner("", (source,))
            found = self._plans[source, target, typmod] = _cast_plan(
                planner, source, target, typmod
            )
        return found


def _cast_plan(planner: Planner, source: int, target: int, typmod: int) -> Prepared:
    from dotdo_postgres.engine.bind.select import make_target
    from dotdo_postgres.engine.planner import build_select

    binder = planner.binder()
    base, modifier, domain = base_type(target, typmod)
    param = ir.Param(source, -1, -1, 1)
    expr = assigned(binder, param, base, modifier, domain)
    made = make_target(expr, "value")
    query = Select([made.column], targets=[made])
    return build_select(planner, query, planner.param_types(binder), is_wide=False)
