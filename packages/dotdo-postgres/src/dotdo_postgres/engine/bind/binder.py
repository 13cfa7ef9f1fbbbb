"""The binder: one statement's state while names and types are resolved, and the dispatch on kinds of parse nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.relations import resolve_relation
from dotdo_postgres.engine.coercion import Coercer
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.scope import Scope, Variables
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.query import Entry, Query
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
ExpressionBinder = Callable[["Binder", Node, "Scope"], ir.Expr]


class Binder:
    """Binds one statement.

    Args:
        names: Resolves names of relations and types.
        param_oids: Types of parameters known beforehand, 0 where unknown.
        zone: The session's time zone.
        settings: The session's settings by name.
    """

    def __init__(
        self,
        names: Names,
        param_oids: tuple[int, ...] = (),
        zone: tzinfo = UTC,
        expressions: dict[str, ExpressionBinder] | None = None,
        queries: Callable[[Binder, Node, Scope | None], Query] | None = None,
    ) -> None:
        self.names = names
        self.coercer = Coercer([oid if oid != t.UNKNOWN else 0 for oid in param_oids], zone)
        self._expressions = expressions or {}
        self._queries = queries
        self.keeps_unknown = False
        self.may_write_materialized = False
        self.variables: Variables | None = None
        self.session: Session | None = None
        self.inlining: list[str] = []  # functions whose expressions are being written in place
        self.is_trusted = False
        self.viewing: list[int] = []
        self.policing: list[int] = []
        self.touched: dict[int, int] = {}  # relation: the mode in which the statement locks it
        self.snapshots: dict[str, str] = {}
        self.snapshots_read: dict[str, Relation] = {}
        self.inserted: Entry | None = None  # whose RETURNING is bound

    @property
    def param_types(self) -> list[int]:
        """Types of the parameters as far as they are known."""
        return self.coercer.param_types

    def expression(self, node: Node, scope: Scope) -> ir.Expr:
        """Bind an expression of any kind."""
        ((kind, body),) = node.items()
        bind = self._expressions.get(kind)
        if bind is None:
            raise not_supported(f"{kind} as an expression", body.get("location"))
        return bind(self, body, scope)

    def boolean(self, node: Node, scope: Scope, construct: str) -> ir.Expr:
        """Bind a condition.

        Raises:
            PostgresError: it is not boolean (SQLSTATE 42804).
        """
        return self.to_boolean(self.expression(node, scope), construct)

    def to_boolean(self, expr: ir.Expr, construct: str) -> ir.Expr:
        """Make a condition of an expression.

        Raises:
            PostgresError: it is not boolean (SQLSTATE 42804).
        """
        if expr.type in {t.BOOL, t.UNKNOWN}:
            return self.coercer.coerce(expr, t.BOOL)
        message = (
            f"argument of {construct} must be type boolean, not type {t.format_type(expr.type)}"
        )
        raise error("42804", message, position=expr.location)

    def known(self, expr: ir.Expr) -> ir.Expr:
        """Give an untyped literal or parameter the type text."""
        return self.coercer.coerce(expr, t.TEXT) if expr.type == t.UNKNOWN else expr

    def query(self, node: Node, scope: Scope | None) -> Query:
        """Bind a query inside a scope."""
        assert self._queries is not None
        return self._queries(self, node, scope)

    def as_read(self, relation: Relation) -> Relation:
        """Return what is read of a table: as it was before the statement changed it."""
        name = self.snapshots.get(relation.noun.name)
        if name is None:
            return relation
        found = self.snapshots_read[name] = replace(relation, snapshot=name)
        return found

    def relation(self, node: Node) -> Relation:
        """Resolve a RangeVar to a table.

        Raises:
            PostgresError: 42P01 no such table, 42809 no table, 0A000 for catalogue relations that are missing here.
        """
        return resolve_relation(self, node)


def names_of(node: list[Node]) -> list[str]:
    """Return the parts of a qualified name."""
    return [part["String"].get("sval", "") for part in node]
