"""Compilers of expressions: literals, columns, calls, conditions, conditionals, type modifiers."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.ordering import key_node, needs_key
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines import array_checks, checks
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler


# Types kept as bytes: in JSON text they are objects with hexadecimal digits.
PACKED = frozenset({
    t.NUMERIC, t.UUID, t.BYTEA, t.INTERVAL, t.TIMETZ, t.INET, t.CIDR, t.MACADDR, t.MACADDR8,
})  # fmt: skip


def compile_constant(compiler: Compiler, expr: ir.Const) -> Sql:
    """Write a literal."""
    value: Any = expr.value
    if value is None:
        return Sql(n.null(), 0 if expr.type == t.NUMERIC else None, 1, is_null=True)
    if isinstance(value, Decimal):
        return numerics.narrowed_for_wide(compiler, numerics.literal(value))
    if isinstance(value, int):
        return Sql(n.integer(value), value=value)
    if isinstance(value, float):
        return Sql(n.real(value), value=value)
    if isinstance(value, bytes):
        return Sql(n.blob(value), value=value)
    return Sql(n.string(value), value=value)


def compile_param(compiler: Compiler, expr: ir.Param) -> Sql:
    """Write a parameter; numeric ones arrive as byte strings."""
    return Sql(n.parameter(expr.number))


def compile_column(compiler: Compiler, expr: ir.Column) -> Sql:
    """Write a column."""
    found = compiler.columns[id(expr.entry), expr.index]
    copied = Sql(found.node, found.scale, found.digits)
    if expr.type == t.NUMERIC:
        return numerics.narrowed_for_wide(compiler, copied)
    return copied


def compile_call(compiler: Compiler, expr: ir.Call) -> Sql:
    """Write a function, operator or cast: natively where declared so, else as a Python function."""
    args = [compiler.expression(arg) for arg in expr.args]
    routine = expr.routine
    if routine.build is not None:
        return routine.build(compiler, args, expr)
    return Sql(compiler.python(routine, args, [arg.type for arg in expr.args]))


def compile_relabel(compiler: Compiler, expr: ir.Relabel) -> Sql:
    """Write the argument as it is."""
    return compiler.expression(expr.arg)


def compile_fit(compiler: Compiler, expr: ir.Fit) -> Sql:
    """Write a value with its type modifier enforced."""
    sql = compiler.expression(expr.arg)
    if sql.is_null:
        return sql
    if expr.type == t.NUMERIC:
        return _fit_numeric(compiler, sql, expr.typmod)
    if expr.type in {t.VARCHAR, t.BPCHAR}:
        return _fit_text(compiler, sql, expr)
    if expr.type in {t.TIME, t.TIMESTAMP, t.TIMESTAMPTZ}:
        if expr.typmod >= 6:
            return sql
        routine = checks.FIT_TIME if expr.type == t.TIME else checks.FIT_MOMENT
        return Sql(
            compiler.python(routine, [sql, Sql(n.integer(expr.typmod))], [t.TIMESTAMP, t.INT4])
        )
    if expr.type in {t.BIT, t.VARBIT, t.TIMETZ}:
        return _fit_other(compiler, sql, expr)
    if expr.type == t.INTERVAL:
        return Sql(
            compiler.python(
                checks.FIT_INTERVAL, [sql, Sql(n.integer(expr.typmod))], [t.INTERVAL, t.INT4]
            )
        )
    element = t.BY_OID[expr.type].element
    if element in {t.VARCHAR, t.BPCHAR, t.NUMERIC}:
        extra = [Sql(n.integer(expr.typmod)), Sql(n.integer(int(expr.is_explicit)))]
        return Sql(
            compiler.python(
                array_checks.array_fit(element), [sql, *extra], [t.TEXT, t.INT4, t.INT4]
            )
        )
    raise not_supported(f"a type modifier of {t.format_type(expr.type)}", expr.location)


def _fit_other(compiler: Compiler, sql: Sql, expr: ir.Fit) -> Sql:
    if expr.type == t.TIMETZ:
        listed = [sql, Sql(n.integer(expr.typmod))]
        return Sql(compiler.python(checks.FIT_TIMETZ, listed, [t.TIMETZ, t.INT4]))
    given = expr.arg
    if isinstance(given, ir.Call) and given.args and given.args[0].type in {t.INT4, t.INT8}:
        listed = [sql, Sql(n.integer(expr.typmod))]
        return Sql(compiler.python(checks.FIT_NUMBER_BITS, listed, [t.TEXT, t.INT4]))
    extra = [Sql(n.integer(expr.typmod)), Sql(n.integer(int(expr.is_explicit)))]
    routine = checks.FIT_BIT if expr.type == t.BIT else checks.FIT_VARBIT
    return Sql(compiler.python(routine, [sql, *extra], [t.TEXT, t.INT4, t.INT4]))


def _fit_text(compiler: Compiler, sql: Sql, expr: ir.Fit) -> Sql:
    length = expr.typmod - 4
    if isinstance(sql.value, str):
        body = checks.FIT_VARCHAR.body if expr.type == t.VARCHAR else checks.FIT_CHAR.body
        assert body is not None
        fitted_text = body(sql.value, length, int(expr.is_explicit))
        return Sql(n.string(fitted_text), value=fitted_text)
    routine = checks.FIT_VARCHAR if expr.type == t.VARCHAR else checks.FIT_CHAR
    extra = [Sql(n.integer(length)), Sql(n.integer(int(expr.is_explicit)))]
    fitted = compiler.python(routine, [sql, *extra], [t.TEXT, t.INT4, t.INT4])
    if expr.type == t.BPCHAR or not sql.is_simple:
        return Sql(fitted)
    fits = n.binary("<=", n.call("length", sql.node.copy()), n.integer(length))
    return Sql(n.call("iif", fits, sql.node.copy(), fitted))


def _fit_numeric(compiler: Compiler, sql: Sql, typmod: int) -> Sql:
    precision, scale = t.numeric_limits(typmod)
    is_scaled = 0 <= scale <= precision <= 18
    extra = [Sql(n.integer(precision)), Sql(n.integer(scale))]
    types = [t.NUMERIC, t.INT4, t.INT4]
    if not is_scaled or compiler.is_wide:
        return Sql(compiler.python(checks.FIT_NUMERIC, [sql, *extra], types))
    if sql.scale is not None and sql.scale <= scale and sql.digits + scale - sql.scale <= precision:
        fitted = numerics.rescaled(compiler, sql, scale)
        return Sql(fitted.node, scale, precision, value=fitted.value)
    if isinstance(sql.value, Decimal):
        from dotdo_postgres.mapping import numeric

        if sql.value.is_nan():
            raise not_supported(f"NaN of type numeric({precision},{scale})")

        return numerics.rescaled(
            compiler, numerics.literal(numeric.fit(sql.value, precision, scale)), scale
        )
    return Sql(compiler.python(checks.FIT_SCALED, [sql, *extra], types), scale, precision)


def compile_bool(compiler: Compiler, expr: ir.Bool) -> Sql:
    """Write AND, OR, NOT: three-valued as in SQL on both sides."""
    parts = [compiler.node(arg) for arg in expr.args]
    if expr.op == "not":
        return Sql(n.negate(parts[0]))
    return Sql(n.conjunction(expr.op, parts))


def compile_null_test(compiler: Compiler, expr: ir.NullTest) -> Sql:
    """Write IS [NOT] NULL."""
    test = n.is_null(compiler.node(expr.arg))
    return Sql(test if expr.is_null else n.negate(test))


_TESTS = {
    "IS TRUE": ("is not distinct from", 1), "IS NOT TRUE": ("is distinct from", 1),
    "IS FALSE": ("is not distinct from", 0), "IS NOT FALSE": ("is distinct from", 0),
}  # fmt: skip


def compile_boolean_test(compiler: Compiler, expr: ir.BooleanTest) -> Sql:
    """Write IS [NOT] TRUE, FALSE, UNKNOWN."""
    arg = compiler.node(expr.arg)
    if expr.test.endswith("UNKNOWN"):
        test = n.is_null(arg)
        return Sql(n.negate(test) if "NOT" in expr.test else test)
    op, value = _TESTS[expr.test]
    return Sql(n.binary(op, arg, n.integer(value)))


def compile_distinct(compiler: Compiler, expr: ir.DistinctFrom) -> Sql:
    """Write IS [NOT] DISTINCT FROM out of the operands' equality."""
    op = "is not distinct from" if expr.is_not else "is distinct from"
    comparison = expr.comparison
    if not isinstance(comparison, ir.Call):
        raise not_supported("IS DISTINCT FROM on rows", expr.location)
    equality = compiler.node(comparison)
    inner = equality.this if type(equality).__name__ == "Paren" else equality
    if type(inner).__name__ != "EQ":
        return Sql(_distinct_by_parts(compiler, comparison, equality, is_not=expr.is_not))
    return Sql(n.binary(op, inner.this, inner.expression))


def _distinct_by_parts(
    compiler: Compiler, comparison: ir.Call, equality: n.Node, *, is_not: bool
) -> n.Node:
    """Write IS DISTINCT FROM for types whose equality is a call."""
    left, right = (n.is_null(compiler.node(arg)) for arg in comparison.args)
    either = n.conjunction("or", [left.copy(), right.copy()])
    nulls = n.binary("=" if is_not else "<>", n.wrap(left), n.wrap(right))
    return n.call("iif", either, nulls, equality if is_not else n.negate(equality))


def compile_case(compiler: Compiler, expr: ir.Case) -> Sql:
    """Write CASE."""
    conditions = [compiler.node(condition) for condition, _ in expr.whens]
    results = [compiler.expression(result) for _, result in expr.whens]
    default = compiler.expression(expr.default) if expr.default is not None else None
    results, scale, digits = _unify(
        compiler, expr.type, [*results, *([default] if default else [])]
    )
    tail = results.pop() if default else None
    whens = [
        (condition, result.node) for condition, result in zip(conditions, results, strict=True)
    ]
    return Sql(n.case(whens, tail.node if tail else None), scale, digits)


def _unify(compiler: Compiler, oid: int, parts: list[Sql]) -> tuple[list[Sql], int | None, int]:
    return numerics.unified(compiler, parts) if oid == t.NUMERIC else (parts, None, 0)


def compile_coalesce(compiler: Compiler, expr: ir.Coalesce) -> Sql:
    """Write COALESCE."""
    parts, scale, digits = _unify(
        compiler, expr.type, [compiler.expression(arg) for arg in expr.args]
    )
    if len(parts) == 1:
        return parts[0]
    return Sql(n.call("coalesce", *[part.node for part in parts]), scale, digits)


def compile_min_max(compiler: Compiler, expr: ir.MinMax) -> Sql:
    """Write GREATEST and LEAST: NULLs are passed over, unlike SQLite's max(a, b)."""
    parts, scale, digits = _unify(
        compiler, expr.type, [compiler.expression(arg) for arg in expr.args]
    )
    is_array = t.BY_OID[expr.type].category == "A"
    if expr.type != t.NUMERIC and (is_array or needs_key(expr.type, parts[0])):
        return _keyed_extreme(compiler, expr, parts)
    name = "max" if expr.is_greatest else "min"
    result = parts[0].node
    for part in parts[1:]:
        a, b = result, part.node
        result = n.call("coalesce", n.call(name, a, b), a.copy(), b.copy())
    return Sql(result, scale, digits)


def _keyed_extreme(compiler: Compiler, expr: ir.MinMax, parts: list[Sql]) -> Sql:
    """Write GREATEST and LEAST of values that order by a key: the first row in that order."""
    alias = compiler.alias()
    listed = exp.Values(expressions=[exp.Tuple(expressions=[part.node]) for part in parts])
    listed.set("alias", exp.TableAlias(this=n.name(alias)))
    value = n.column(alias, "column1")
    select = exp.Select(expressions=[value])
    select.set("from_", exp.From(this=listed))
    select.set("where", exp.Where(this=n.negate(n.is_null(value.copy()))))
    key = key_node(compiler, Sql(value.copy()), expr.type, is_group=False)
    order = n.ordered(key, expr.is_greatest, nulls_first=False)
    select.set("order", exp.Order(expressions=[order]))
    select.set("limit", exp.Limit(expression=n.integer(1)))
    return Sql(n.subquery(select))


def compile_null_if(compiler: Compiler, expr: ir.NullIf) -> Sql:
    """Write NULLIF: the first operand unless both are equal."""
    equal = compiler.node(expr.comparison)
    first = compiler.expression(expr.comparison.args[0])
    return Sql(n.case([(equal, n.null())], first.node), first.scale, first.digits)


def compile_in(compiler: Compiler, expr: ir.InList) -> Sql:
    """Write IN as SQLite's IN where all comparisons share their left side, else as OR."""
    equalities = [compiler.node(comparison) for comparison in expr.comparisons]
    plain = [eq.this if type(eq).__name__ == "Paren" else eq for eq in equalities]
    if all(type(eq).__name__ == "EQ" for eq in plain) and len({eq.this.sql() for eq in plain}) == 1:
        found: n.Node = exp.In(
            this=n.wrap(plain[0].this), expressions=[eq.expression for eq in plain]
        )
    else:
        found = n.conjunction("or", equalities)
    return Sql(n.negate(found) if expr.is_not else found)


def compile_row(compiler: Compiler, expr: ir.Row) -> Sql:
    """Write a row as the JSON text of its fields, an anonymous one with their types."""
    parts = [array_item(compiler, compiler.expression(arg), arg.type) for arg in expr.args]
    made = n.call("json_array", *parts)
    if expr.type == t.RECORD:
        types = n.call("json_array", *[n.integer(arg.type) for arg in expr.args])
        made = n.call("json_object", n.string("t"), types, n.string("v"), made)
    text = n.binary("||", made, n.string(""))
    if expr.absent is None:
        return Sql(text)
    return Sql(n.call("iif", compiler.node(expr.absent), n.null(), text))


def compile_row_id(compiler: Compiler, expr: ir.RowId) -> Sql:
    """Write where a row is."""
    entry = expr.entry
    assert entry.relation is not None
    rowid = entry.relation.noun.rowid
    first = compiler.columns.get((id(entry), 0))
    column = None if first is None else _column_in(first.node)
    alias = column.table if column is not None else ""
    node = n.column(alias, rowid) if alias else n.bare_column(rowid)
    return Sql(n.call("printf", n.string("(0,%d)"), node))


def _column_in(node: n.Node) -> exp.Column | None:
    return node if isinstance(node, exp.Column) else node.find(exp.Column)


def compile_missing(compiler: Compiler, expr: ir.Missing) -> Sql:
    """Tell by the row id that an outer join gave no row."""
    assert expr.entry.relation is not None
    first = compiler.columns[id(expr.entry), 0].node
    column = _column_in(first)
    assert column is not None
    return Sql(n.is_null(n.column(column.table, expr.entry.relation.noun.rowid)))


def compile_field(compiler: Compiler, expr: ir.FieldOf) -> Sql:
    """Write a field of a row."""
    path = f"$.v[{expr.index}]" if expr.arg.type == t.RECORD else f"$[{expr.index}]"
    node = compiler.node(expr.arg)
    if expr.type in PACKED:
        return Sql(n.call("unhex", n.call("json_extract", node, n.string(f"{path}.b"))))
    return Sql(n.call("json_extract", node, n.string(path)))


def compile_row_compare(compiler: Compiler, expr: ir.RowCompare) -> Sql:
    """Write a comparison of rows by its fields."""
    equalities = [compiler.node(item) for item in expr.comparisons]
    if expr.op == "=":
        return Sql(n.conjunction("and", equalities))
    if expr.op == "<>":
        return Sql(n.conjunction("or", equalities))
    sides = [eq.this if type(eq).__name__ == "Paren" else eq for eq in equalities]
    if not all(isinstance(side, exp.Binary) for side in sides):
        raise not_supported("an ordering of rows of these types", expr.location)
    left = exp.Tuple(expressions=[side.this for side in sides])
    right = exp.Tuple(expressions=[side.expression for side in sides])
    return Sql(type(sides[-1])(this=left, expression=right))


def compile_array(compiler: Compiler, expr: ir.ArrayOf) -> Sql:
    """Write ARRAY[...] as JSON text."""
    if expr.args and t.BY_OID[expr.args[0].type].category == "A":
        parts = [compiler.expression(arg) for arg in expr.args]
        return Sql(compiler.python(array_checks.nested(len(parts)), parts, [t.TEXT] * len(parts)))
    return Sql(
        n.call(
            "json_array",
            *[array_item(compiler, compiler.expression(arg), arg.type) for arg in expr.args],
        )
    )


def array_item(compiler: Compiler, sql: Sql, oid: int) -> n.Node:
    """Write a value as an element of the JSON text that carries an array."""
    if oid == t.NUMERIC:
        sql = numerics.widened(compiler, sql)
    if oid in PACKED and not sql.is_null:
        packed = n.call("json_object", n.string("b"), n.call("hex", sql.node))
        return n.call("iif", n.is_null(sql.node.copy()), n.null(), packed)
    if oid in {t.JSON, t.JSONB, t.RECORD} or t.BY_OID[oid].category in {"A", "C"}:
        return n.binary("||", sql.node, n.string(""))
    return sql.node


def array_element(node: n.Node, oid: int) -> n.Node:
    """Read an element of such JSON text."""
    if oid in PACKED:
        return n.call("unhex", n.call("json_extract", node, n.string("$.b")))
    return node


def compile_array_compare(compiler: Compiler, expr: ir.ArrayCompare) -> Sql:
    """Write ANY and ALL over an array: IN for equality, else three-valued over its elements."""
    array = compiler.node(expr.array)
    alias = compiler.alias("a")
    element_type = t.BY_OID[expr.array.type].element
    element = array_element(n.column(alias, "value"), element_type)
    compiler.array_elements.append(Sql(element))
    comparison = compiler.node(expr.comparison)
    compiler.array_elements.pop()
    is_deep = n.binary("=", n.call("substr", array, n.integer(1), n.integer(2)), n.string("[["))
    flat = compiler.python(array_checks.FLAT, [Sql(array.copy())], [t.TEXT])
    rows_of = n.call("iif", is_deep, flat, array.copy())
    source = exp.Table(this=n.call("json_each", rows_of), alias=exp.TableAlias(this=n.name(alias)))
    inner = comparison.this if type(comparison).__name__ == "Paren" else comparison
    if expr.op == "=" and expr.is_any and type(inner).__name__ == "EQ":
        listed = exp.Select(expressions=[inner.expression])
        listed.set("from_", exp.From(this=source))
        found = exp.In(this=n.wrap(inner.this), query=n.subquery(listed))
        return Sql(n.call("iif", n.is_null(array.copy()), n.null(), found))
    rows = exp.Select(expressions=[n.aliased(comparison, "r")])
    rows.set("from_", exp.From(this=source))
    result = quantified(rows, expr.is_any)
    return Sql(n.call("iif", n.is_null(array.copy()), n.null(), result))


def quantified(rows: Any, is_any: bool) -> n.Node:
    """Fold the column `r` of rows into ANY or ALL, three-valued."""
    hit, miss = (1, 0) if is_any else (0, 1)
    fold = n.call("max" if is_any else "min", n.bare_column("r"))
    known = n.call("count", n.bare_column("r"))
    everything = n.call("count", exp.Star())
    result = n.case(
        [
            (n.binary("=", fold, n.integer(hit)), n.integer(hit)),
            (n.binary(">", everything, known), n.null()),
        ],
        n.integer(miss),
    )
    select = exp.Select(expressions=[result])
    select.set("from_", exp.From(this=n.subquery(rows)))
    return n.subquery(select)


def compile_array_element(compiler: Compiler, expr: ir.ArrayElement) -> Sql:
    """Write the element that an ANY or ALL stands at."""
    found = compiler.array_elements[-1]
    return Sql(found.node.copy(), found.scale, found.digits)


def compile_session_value(compiler: Compiler, expr: ir.SessionValue) -> Sql:
    """Write a value of the session as a parameter."""
    return Sql(compiler.session_value(expr.kind, expr.argument))


def compile_series(compiler: Compiler, expr: ir.SeriesCall) -> Sql:
    """Write a set-returning call: JSON text of its values."""
    args = [compiler.expression(arg) for arg in expr.args]
    return Sql(compiler.python(expr.routine, args, [arg.type for arg in expr.args]))


def compile_subquery_column(compiler: Compiler, expr: ir.SubqueryColumn) -> Sql:
    """Write a column of the subquery on the right of ANY or ALL."""
    found = compiler.subquery_columns[-1][expr.index]
    return Sql(found.node.copy(), found.scale, found.digits)


def compile_subscript(compiler: Compiler, expr: ir.Subscript) -> Sql:
    """Write `array[n]`: NULL outside the array."""
    arg = compiler.expression(expr.arg)
    indexes = [None if index is None else compiler.expression(index) for index in expr.indexes]
    if expr.is_slice:
        is_open = sum(1 << at for at, index in enumerate(indexes) if index is None)
        bounds = [Sql(n.integer(is_open)), *(index or Sql(n.null()) for index in indexes)]
        routine = array_checks.array_slice(len(indexes) // 2)
        return Sql(compiler.python(routine, [arg, *bounds], [t.TEXT, *[t.INT4] * len(bounds)]))
    listed = [index for index in indexes if index is not None]
    if len(listed) > 1 or not arg.is_simple:
        routine = array_checks.subscript(len(listed), expr.type)
        types = [t.TEXT, *[t.INT4] * len(listed)]
        return Sql(compiler.python(routine, [arg, *listed], types))
    index_node = n.binary("-", listed[0].node, n.integer(1))
    packed = expr.type in PACKED
    tail = n.string("].b" if packed else "]")
    path = n.binary("||", n.binary("||", n.string("$["), index_node), tail)
    guarded = n.call("iif", n.binary(">=", index_node.copy(), n.integer(0)), path, n.null())
    value = n.call("json_extract", arg.node, guarded)
    found = n.call("unhex", value) if packed else value
    is_deep = n.binary(
        "=", n.call("substr", arg.node.copy(), n.integer(1), n.integer(2)), n.string("[[")
    )
    return Sql(n.call("iif", is_deep, n.null(), found))
