"""Calls of aggregates that users made: SQLite hands over the rows, the transition function is called for each."""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.calls import make_aggregate_call
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.overloads import bind_polymorphic
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.engine.udf.definition import stored_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.scope import Scope
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.udf.definition import Stored

Node = dict[str, Any]


def bind_aggregate(  # noqa: PLR0917 -- what a call is made of
    binder: Binder, node: Node, scope: Scope, stored: Stored, args: list[ir.Expr], result: int
) -> ir.Expr:
    """Bind a call of an aggregate."""
    types = tuple(arg.type for arg in args)
    name = f"pg_user_agg_{stored.noun.id}_{zlib.crc32(repr((types, result)).encode()):x}"
    routine = Routine(
        "aggregate", stored.name, types, result, body=partial(_state, stored.noun.id, types, result), is_strict=False,
        is_volatile=True, takes_session=True, takes_window=True, sql_name=name, is_stored=True,
    )  # fmt: skip
    return make_aggregate_call(binder, node, scope, routine, args, result)


def _state(number: int, types: tuple[int, ...], result: int, facts: Facts) -> UserAggregate:
    return UserAggregate(facts, number, types, result)


class UserAggregate:
    """An aggregate being computed: its rows are kept, as a window may take the oldest away again.

    Args:
        facts: Of the session.
        number: Of its definition.
        types: Types of the arguments.
        result: Type of the result.
    """

    def __init__(self, facts: Facts, number: int, types: tuple[int, ...], result: int) -> None:
        noun = facts.names.catalog.by_id[number]
        self._call, self._types, self._result = facts.call_function, types, result
        self._kept = facts_of(noun)
        bound = bind_polymorphic(stored_of(noun).arguments, types) or {}
        self._state_type = bound.get(self._kept["stype"], self._kept["stype"])
        self._rows: list[tuple[Any, ...]] = []
        self._begin()

    def _begin(self) -> None:
        initial = self._kept.get("initcond")
        self._value: Any = None
        self._is_begun = initial is not None
        if initial is not None:
            self._value = self._call(
                ["pg_catalog", "in"], (t.UNKNOWN,), self._state_type, (initial,)
            )
        self._done = 0

    def step(self, *args: Any) -> None:
        """Take a row."""
        self._rows.append(args)

    def inverse(self, *args: Any) -> None:
        """Take the oldest row away again."""
        del args, self._rows[0]
        self._begin()

    def final(self) -> Any:
        """Return the result of the rows so far."""
        for row in self._rows[self._done :]:
            self._fold(row)
        self._done = len(self._rows)
        final = self._kept.get("finalfunc")
        if final is None:
            return self._value
        extra = self._types if self._kept.get("final_extra") else ()
        return self._call(
            final, (self._state_type, *extra), self._result, (self._value, *(None for _ in extra))
        )

    def _fold(self, row: tuple[Any, ...]) -> None:
        if self._kept["sfunc_strict"]:
            if None in row:
                return
            if not self._is_begun:
                self._value, self._is_begun = row[0], True
                return
            if self._value is None:
                return
        types = (self._state_type, *self._types)
        self._value = self._call(self._kept["sfunc"], types, self._state_type, (self._value, *row))
        self._is_begun = True
