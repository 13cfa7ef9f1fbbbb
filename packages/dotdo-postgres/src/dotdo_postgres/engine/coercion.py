"""Type coercion by PostgreSQL's rules: implicit, assignment and explicit casts, unknown literals, common types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Literal

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.functions.registry import cast_routines
from dotdo_postgres.engine.routines.array_checks import ARRAY_TEXT, array_cast
from dotdo_postgres.engine.routines.checks import enum_cast
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of
from dotdo_postgres.mapping.ranges import MULTIRANGES, RANGES
from dotdo_postgres.spec.casts import CASTS as OWN_CASTS
from dotdo_postgres.spec.extension_types import CASTS as EXTENSION_CASTS

Context = Literal["implicit", "assignment", "explicit"]
_ALLOWED = {"implicit": "i", "assignment": "ia", "explicit": "iae"}
# oidvector and int2vector would capture casts that are meant for real arrays.
_VECTORS = frozenset({22, 30})
CASTS = OWN_CASTS | EXTENSION_CASTS
_ANY_TYPES = frozenset({t.ANY, *t.POLYMORPHIC})


def category(oid: int) -> str:
    """Return the category of a type, `X` for unknown."""
    return t.BY_OID[oid].category


def is_array(oid: int) -> bool:
    """Tell whether a type is an array."""
    pg_type = t.BY_OID[oid]
    return bool(pg_type.element) and pg_type.category == "A"


def pathway(source: int, target: int, context: Context) -> str | None:
    """Return how a value of one type becomes another.

    Args:
        source: OID.
        target: OID.
        context: How strong a cast is allowed.

    Returns:
        `same`, `relabel`, `routine`, `io`, `array` or None when there is no way.
    """
    if source == target:
        return "same"
    if t.RECORD in {source, target} and "c" in {t.BY_OID[source].kind, t.BY_OID[target].kind}:
        return "row"
    entry = CASTS.get((source, target))
    if entry is not None:
        if entry[0] not in _ALLOWED[context]:
            return None
        return {"b": "relabel", "f": "routine", "i": "io"}[entry[1]]
    if is_array(source) and is_array(target) and target not in _VECTORS:
        return (
            "array"
            if pathway(t.BY_OID[source].element, t.BY_OID[target].element, context)
            else None
        )
    if context != "implicit" and category(target) == "S":
        return "io"
    if context == "explicit" and category(source) == "S":
        return "io"
    return None


def can_coerce(source: int, target: int, context: Context = "implicit") -> bool:
    """Tell whether a cast of at most that strength exists; unknown becomes anything."""
    if (
        source == target
        or (target in _ANY_TYPES and _fits_polymorphic(source, target))
        or source == t.UNKNOWN
    ):
        return True
    if target in _ANY_TYPES:
        return False
    return pathway(source, target, context) is not None


def _fits_polymorphic(source: int, target: int) -> bool:
    if source == t.UNKNOWN:
        return True
    if target in {t.ANYARRAY, t.ANYCOMPATIBLEARRAY}:
        return is_array(source)
    if target in {t.ANYRANGE, t.ANYCOMPATIBLERANGE}:
        return source in RANGES
    if target in {t.ANYMULTIRANGE, t.ANYCOMPATIBLEMULTIRANGE}:
        return source in MULTIRANGES
    if target in {t.ANYNONARRAY, t.ANYCOMPATIBLENONARRAY}:
        return not is_array(source)
    if target == t.ANYENUM:
        return bool(t.BY_OID[source].kind == "e")
    return target in {t.ANY, t.ANYELEMENT, t.ANYCOMPATIBLE}


_NOW = {
    t.DATE: "current_date",
    t.TIME: "localtime",
    t.TIMETZ: "current_time",
    t.TIMESTAMP: "localtimestamp",
    t.TIMESTAMPTZ: "now",
}
_SHIFTS = {"today": 0, "tomorrow": 1, "yesterday": -1}


def _moving(const: ir.Const, target: int) -> ir.Expr | None:
    """Return the value of the session that `now`, `today`, `tomorrow` or `yesterday` stands for."""
    if target not in _NOW or not isinstance(const.value, str):
        return None
    word = const.value.strip().lower()
    if word == "now":
        return ir.SessionValue(target, -1, const.location, _NOW[target])
    if word in _SHIFTS and target not in {t.TIME, t.TIMETZ}:
        return ir.SessionValue(
            target, -1, const.location, t.BY_OID[target].name, str(_SHIFTS[word])
        )
    return None


class Coercer:
    """Applies casts to expressions; keeps the types parameters turn out to have.

    Args:
        param_types: OID of each parameter, 0 where unknown; filled in as they become known.
        zone: Time zone that literals of timestamptz are read in.
    """

    def __init__(self, param_types: list[int], zone: tzinfo = UTC) -> None:
        self.param_types = param_types
        self.zone = zone
        self.uses_zone = False
        self.keeps_casts = (
            False  # also those of literals that could be folded, for what is shown again
        )

    def coerce(
        self,
        expr: ir.Expr,
        target: int,
        typmod: int = -1,
        context: Context = "implicit",
        location: int | None = None,
    ) -> ir.Expr:
        """Cast an expression to a type and type modifier.

        Raises:
            PostgresError: 42846 cannot cast; errors of the literal's input; 0A000 for a cast that is missing here.
        """
        if expr.type != target:
            expr = self._to_type(expr, target, context, location)
        if typmod >= 0 and expr.typmod != typmod:
            return self.fit(expr, typmod, context == "explicit")
        return expr

    def fit(self, expr: ir.Expr, typmod: int, is_explicit: bool) -> ir.Expr:
        """Force a value into a type modifier."""
        return ir.Fit(expr.type, typmod, expr.location, expr, is_explicit)

    def _to_type(
        self, expr: ir.Expr, target: int, context: Context, location: int | None
    ) -> ir.Expr:
        if target in _ANY_TYPES:
            return expr
        if expr.type == t.UNKNOWN:
            return self._from_unknown(expr, target)
        way = pathway(expr.type, target, context)
        place = expr.location if location is None else location
        if isinstance(expr, ir.Const) and expr.value is None and way is not None:
            return ir.Const(target, -1, expr.location, None)
        if way is None:
            raise cannot_cast(expr.type, target, place)
        if way == "same":
            return expr
        if way == "row":
            return self._row(expr, target, place)
        folded = None if self.keeps_casts else _folded(expr, target)
        if folded is not None:
            return folded
        if way == "relabel" and (expr.type, target) not in cast_routines():
            typmod = (
                expr.typmod
                if {expr.type, target} == {t.TEXT, t.VARCHAR} and target == t.VARCHAR
                else -1
            )
            return ir.Relabel(target, typmod, expr.location, expr)
        return self._by_routine(expr, target, place)

    def _row(self, expr: ir.Expr, target: int, location: int) -> ir.Expr:
        """Make an anonymous row one of a type, or the other way round."""
        from dotdo_postgres.engine.routines import records

        if target == t.RECORD:
            if isinstance(expr, ir.Row):
                return ir.Row(t.RECORD, -1, expr.location, expr.args, expr.absent)
            return ir.Call(target, -1, expr.location, records.anonymous(expr.type), [expr])
        if not isinstance(expr, ir.Row):
            return ir.Call(target, -1, expr.location, records.named(target), [expr])
        fields = t.BY_OID[target].fields
        if len(fields) != len(expr.args):
            word = "few" if len(expr.args) < len(fields) else "many"
            failure = cannot_cast(expr.type, target, location)
            failure.detail = f"Input has too {word} columns."
            raise failure
        args = []
        for at, (arg, (_, oid, typmod)) in enumerate(zip(expr.args, fields, strict=True), start=1):
            base = t.BY_OID[oid]
            kind, mod = (base.base, base.base_typmod) if base.kind == "d" else (oid, typmod)
            if not can_coerce(arg.type, kind, "explicit"):
                failure = cannot_cast(expr.type, target, location)
                shown = t.format_type(arg.type), t.format_type(kind)
                failure.detail = f"Cannot cast type {shown[0]} to {shown[1]} in column {at}."
                raise failure
            args.append(self.coerce(arg, kind, mod, "explicit"))
        return ir.Row(target, -1, expr.location, args, expr.absent)

    def _by_routine(  # noqa: C901 -- one clause for each way
        self, expr: ir.Expr, target: int, location: int
    ) -> ir.Expr:
        routine = cast_routines().get((expr.type, target))
        if routine is not None:
            return ir.Call(target, -1, expr.location, routine, [expr])
        if is_array(target) and is_array(expr.type):
            return self._by_elements(expr, target, location)
        is_row = expr.type == t.RECORD or t.BY_OID[expr.type].kind == "c"
        if category(target) == "S" and (is_array(expr.type) or is_row):
            call = ir.Call(t.TEXT, -1, expr.location, ARRAY_TEXT, [expr])
            return call if target == t.TEXT else ir.Relabel(target, -1, expr.location, call)
        if t.BY_OID[expr.type].kind == "e" and category(target) == "S":
            return ir.Relabel(target, -1, expr.location, expr)
        if t.BY_OID[target].kind == "c" and category(expr.type) == "S":
            from dotdo_postgres.engine.routines import records

            return ir.Call(target, -1, expr.location, records.from_text(target), [expr])
        if t.BY_OID[target].kind == "e" and category(expr.type) == "S":
            return ir.Call(target, -1, expr.location, enum_cast(target), [expr])
        if category(target) == "S" and target != t.TEXT:
            routine = cast_routines().get((expr.type, t.TEXT))
            if routine is not None:
                return ir.Relabel(
                    target, -1, expr.location, ir.Call(t.TEXT, -1, expr.location, routine, [expr])
                )
        if category(expr.type) == "S" and expr.type != t.TEXT:
            routine = cast_routines().get((t.TEXT, target))
            if routine is not None:
                return ir.Call(
                    target,
                    -1,
                    expr.location,
                    routine,
                    [self._to_type(expr, t.TEXT, "explicit", None)],
                )
        raise not_supported(
            f"a cast from {t.format_type(expr.type)} to {t.format_type(target)}", location
        )

    def _by_elements(self, expr: ir.Expr, target: int, location: int) -> ir.Expr:
        source, wanted = t.BY_OID[expr.type].element, t.BY_OID[target].element
        if source in _BITS and _BITS.get(wanted, 0) >= _BITS[source]:
            return ir.Relabel(target, -1, expr.location, expr)
        if category(source) == category(wanted) == "S" and t.BPCHAR not in {source, wanted}:
            return ir.Relabel(target, -1, expr.location, expr)
        is_exact = source in _BITS or category(source) == "S" or category(wanted) == "S"
        codec = codec_of(wanted, self.zone)
        if not is_exact or codec is None:
            raise not_supported(
                f"a cast from {t.format_type(expr.type)} to {t.format_type(target)}", location
            )
        self.uses_zone = self.uses_zone or t.TIMESTAMPTZ in {source, wanted}
        return ir.Call(target, -1, expr.location, array_cast(target), [expr])

    def _from_unknown(self, expr: ir.Expr, target: int) -> ir.Expr:
        if isinstance(expr, ir.Param):
            self.param_types[expr.number - 1] = target
            return ir.Param(target, -1, expr.location, expr.number)
        if isinstance(expr, ir.Const):
            moving = None if self.keeps_casts else _moving(expr, target)
            return moving or self.literal(expr, target)
        if t.BY_OID[target].kind == "e":
            return ir.Call(target, -1, expr.location, enum_cast(target), [expr])
        routine = cast_routines().get((t.TEXT, target))
        as_text = ir.Relabel(t.TEXT, -1, expr.location, expr)
        if target in {t.TEXT, t.VARCHAR, t.NAME}:
            return ir.Relabel(target, -1, expr.location, expr)
        if routine is None:
            raise not_supported(f"a cast from unknown to {t.format_type(target)}", expr.location)
        return ir.Call(target, -1, expr.location, routine, [as_text])

    def literal(self, const: ir.Const, target: int) -> ir.Const:
        """Read an untyped literal as a type."""
        if const.value is None:
            return ir.Const(target, -1, const.location, None)
        if target in {t.TIMESTAMPTZ, t.TIMETZ}:
            self.uses_zone = True
        try:
            value = read_literal(const.value, target, self.zone)
        except PostgresError as failure:
            if failure.position is None:
                failure.position = const.location
            raise
        return ir.Const(target, -1, const.location, value)

    def common_type(self, exprs: Sequence[ir.Expr], construct: str) -> int:
        """Choose the type of UNION, CASE, VALUES and their kin.

        Args:
            exprs: The alternatives.
            construct: Name for the message (`CASE`, `UNION`).

        Raises:
            PostgresError: the types cannot be matched (SQLSTATE 42804).
        """
        chosen = t.UNKNOWN
        for expr in exprs:
            if expr.type in {t.UNKNOWN, chosen}:
                continue
            if chosen == t.UNKNOWN:
                chosen = expr.type
            elif category(expr.type) != category(chosen):
                raise error(
                    "42804",
                    f"{construct} types {t.format_type(chosen)} and {t.format_type(expr.type)} cannot be matched",
                    position=expr.location,
                )
            elif (
                not t.BY_OID[chosen].is_preferred
                and can_coerce(chosen, expr.type)
                and not can_coerce(expr.type, chosen)
            ):
                chosen = expr.type
        return t.TEXT if chosen == t.UNKNOWN else chosen

    def to_common(self, exprs: Sequence[ir.Expr], construct: str) -> tuple[list[ir.Expr], int, int]:
        """Cast alternatives to their common type; return them, the type and the type modifier."""
        target = self.common_type(exprs, construct)
        typmods = {expr.typmod if expr.type == target else -1 for expr in exprs}
        typmod = typmods.pop() if len(typmods) == 1 else -1
        coerced = []
        for expr in exprs:
            if not can_coerce(expr.type, target):
                raise error(
                    "42846",
                    f"{construct} could not convert type {t.format_type(expr.type)} to {t.format_type(target)}",
                    position=expr.location,
                )
            coerced.append(self.coerce(expr, target))
        return coerced, target, typmod


_BITS = {t.INT2: 15, t.INT4: 31, t.INT8: 63}


def _folded(expr: ir.Expr, target: int) -> ir.Const | None:
    """Cast a whole literal at once where that cannot fail."""
    if (
        not isinstance(expr, ir.Const)
        or not isinstance(expr.value, int)
        or expr.type not in t.INTEGERS
    ):
        return None
    value: object = None
    if target in _BITS and -(1 << _BITS[target]) <= expr.value < 1 << _BITS[target]:
        value = expr.value
    elif target == t.NUMERIC:
        value = Decimal(expr.value)
    elif target == t.FLOAT8:
        value = float(expr.value)
    return None if value is None else ir.Const(target, -1, expr.location, value)


def read_literal(text: str, target: int, zone: tzinfo = UTC) -> object:
    """Run the input function of a type; numeric gives a Decimal.

    Raises:
        PostgresError: PostgreSQL's input errors; 0A000 when the type cannot be read yet.
    """
    if target == t.NUMERIC:
        return numeric.from_text(text)
    codec = codec_of(target, zone)
    if codec is None:
        raise not_supported(f"type {t.format_type(target)}")
    return codec.from_text(text)


def cannot_cast(source: int, target: int, location: int) -> PostgresError:
    """Make the error for a cast that does not exist (42846)."""
    return error(
        "42846",
        f"cannot cast type {t.format_type(source)} to {t.format_type(target)}",
        position=location,
    )


ReadLiteral = Callable[[str], object]
