"""Assignment to variables, fields of rows and elements of arrays; NOT NULL and types are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.rowtypes import fields_of
from dotdo_postgres.engine.plpgsql.elements import put_element
from dotdo_postgres.engine.plpgsql.evaluating import evaluate, fitted
from dotdo_postgres.engine.plpgsql.frame import not_assigned
from dotdo_postgres.engine.plpgsql.rowvalues import evaluate_row
from dotdo_postgres.engine.udf.rowvalues import Row, row_from_value
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.plan import Result
    from dotdo_postgres.engine.plpgsql.frame import Frame
    from dotdo_postgres.engine.plpgsql.parts import Into, Sql, Target, Variable
    from dotdo_postgres.engine.udf.rowvalues import Fields
    from dotdo_postgres.mapping.codecs import StorageValue


def set_value(frame: Frame, variable: Variable, value: StorageValue, oid: int) -> None:
    """Assign a value of a type to a variable."""
    value = frame.session.caster.cast(value, oid, variable.domain or variable.type, variable.typmod)
    if value is None and variable.is_not_null:
        raise _null(variable)
    frame.values[variable.number] = value


def _null(variable: Variable) -> Exception:
    message = f'null value cannot be assigned to variable "{variable.name}" declared NOT NULL'
    return error("22004", message)


def assign_expression(frame: Frame, target: Target, sql: Sql) -> None:
    """Evaluate an expression and assign it."""
    variable = target.variable
    if not target.fields and not target.subscripts:
        if variable.is_record:
            assign_row_expression(frame, variable, sql)
            return
        value, _ = evaluate(frame, sql, (variable.type, variable.typmod, variable.domain))
        if value is None and variable.is_not_null:
            raise _null(variable)
        frame.values[variable.number] = value
        return
    if target.subscripts:
        _assign_element(frame, target, sql)
        return
    value, oid = evaluate(frame, sql)
    assign_value(frame, target, value, oid)


def assign_value(frame: Frame, target: Target, value: StorageValue, oid: int) -> None:
    """Assign a value of a type to a variable or a field of a row."""
    if not target.fields:
        if target.subscripts:
            raise error(
                "0A000", "assignment of a column to an element of an array is not supported"
            )
        if target.variable.is_record:
            fields = fields_of(frame.session.names, oid) or target.variable.fields
            row_value = None if value is None else row_from_value(fields, str(value))
            set_row(frame, target.variable, row_value)
            return
        set_value(frame, target.variable, value, oid)
        return
    row, place = _field(frame, target)
    _, wanted, typmod = row.fields[place]
    changed = frame.session.caster.cast(value, oid, wanted, typmod)
    values = (*row.values[:place], changed, *row.values[place + 1 :])
    frame.values[target.variable.number] = Row(row.fields, values)


def _field(frame: Frame, target: Target) -> tuple[Row, int]:
    variable = target.variable
    if len(target.fields) > 1 or not variable.is_record:
        raise error("0A000", "assignment to a part of a field is not supported")
    row = whole(frame, variable)
    place = row.place(target.fields[0])
    if place is None:
        raise error("42703", f'record "{variable.name}" has no field "{target.fields[0]}"')
    return row, place


def whole(frame: Frame, variable: Variable) -> Row:
    """Return the row of a row variable; one without values has NULLs.

    Raises:
        PostgresError: it has no fields yet (SQLSTATE 55000).
    """
    found = frame.row(variable)
    if found is not None:
        return found
    if variable.fields is None:
        raise not_assigned(variable)
    return Row(variable.fields, (None,) * len(variable.fields))


def _assign_element(frame: Frame, target: Target, sql: Sql) -> None:
    """Assign to an element or a part of an array, or a key of jsonb."""
    variable = target.variable
    if target.fields:
        row, place = _field(frame, target)
        _, oid, _typmod = row.fields[place]
        changed = put_element(frame, row.values[place], oid, target.subscripts, sql)
        values = (*row.values[:place], changed, *row.values[place + 1 :])
        frame.values[variable.number] = Row(row.fields, values)
        return
    before = frame.values[variable.number]
    frame.values[variable.number] = put_element(
        frame, before, variable.type, target.subscripts, sql
    )


# --- rows ------------------------------------------------------------------------------------


def assign_row_expression(frame: Frame, variable: Variable, sql: Sql) -> None:
    """Assign what is written as one value to a row variable: another row variable, ROW(...), a call, a subquery."""
    row = row_expression(frame, sql)
    set_row(frame, variable, row)


def row_expression(frame: Frame, sql: Sql) -> Row | None:
    """Evaluate an expression that gives a row.

    Raises:
        PostgresError: it gives something else (SQLSTATE 42804).
    """
    return evaluate_row(frame, sql)


def set_row(frame: Frame, variable: Variable, row: Row | None) -> None:
    """Assign a row to a row variable, field by field where its fields are given.

    Raises:
        PostgresError: NULL where it is refused (SQLSTATE 22004).
    """
    if row is None:
        if variable.is_not_null:
            raise _null(variable)
        frame.values[variable.number] = None
        return
    if variable.fields is None:
        frame.values[variable.number] = row
        return
    frame.values[variable.number] = fitted(frame, row, variable.fields)


def assign_into(frame: Frame, into: Into, result: Result) -> None:
    """Assign the first row of a result, NULLs when there is none.

    Raises:
        PostgresError: STRICT, and there is not just one (P0002, P0003).
    """
    if into.is_strict:
        if not result.rows:
            raise error("P0002", "query returned no rows")
        if len(result.rows) > 1:
            hint = "Make sure the query returns a single row, or use LIMIT 1."
            raise error("P0003", "query returned more than one row", hint=hint)
    columns = result.columns or ()
    fields = tuple((c.name, c.oid, c.typmod) for c in columns)
    put_row(frame, into, fields, result.rows[0] if result.rows else None)


def put_row(
    frame: Frame, into: Into, fields: Fields, values: tuple[StorageValue, ...] | None
) -> None:
    """Assign the values of a row to what INTO names; None for no row."""
    if into.is_row:
        variable = into.targets[0].variable
        if values is None:
            empty = Row(fields, (None,) * len(fields)) if variable.fields is None else None
            frame.values[variable.number] = empty
        else:
            set_row(frame, variable, Row(fields, values))
        return
    for at, target in enumerate(into.targets):
        if values is None or at >= len(values):
            assign_value(frame, target, None, t.UNKNOWN)
        else:
            assign_value(frame, target, values[at], fields[at][1])


def resolved_fields(frame: Frame, oid: int) -> Fields | None:
    """Return the columns of a row type."""
    return fields_of(frame.session.names, oid)
