"""Commands of ALTER TABLE on columns: added, dropped, their types, defaults, identity, NOT NULL."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlglot import exp

from dotdo.storage.counters import sequence_counter
from dotdo.storage.names import physical_column, quoted
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.catalog.dependencies import Object, shown
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.ddl.applying import Filled, apply
from dotdo_postgres.engine.ddl.columns import (
    column_type,
    make_column,
    relation_column,
    require_identity,
    with_default,
)
from dotdo_postgres.engine.ddl.conditions import rebound_checks
from dotdo_postgres.engine.ddl.constraints import add_constraint, check_types
from dotdo_postgres.engine.ddl.definitions import (
    column_named,
    facts,
    replaced,
    with_column_facts,
    without_column,
)
from dotdo_postgres.engine.ddl.dropping import clear_dependents
from dotdo_postgres.engine.ddl.indexes import rebound_indexes
from dotdo_postgres.engine.ddl.scopes import persistent_scope
from dotdo_postgres.engine.ddl.sequence_options import serial_options
from dotdo_postgres.engine.ddl.soundness import merged
from dotdo_postgres.engine.dml.assign import assign, storage_node
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.relations import EXTRA, canonical_type
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping.types import format_type

if TYPE_CHECKING:
    from dotdo.storage import Column, Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def _add_column(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    definition = command["def"]["ColumnDef"]
    name, bare = definition["colname"], split_name(noun.name)[1]
    if noun.column(name) is not None:
        if command.get("missing_ok"):
            message = f'column "{name}" of relation "{bare}" already exists, skipping'
            session.notice("NOTICE", "42701", message)
            return noun
        raise error("42701", f'column "{name}" of relation "{bare}" already exists')
    present = session.kernel.catalog.by_id.get(
        noun.id, noun
    )  # a column that this statement drops keeps its own
    taken = {column.column.lower() for column in (*noun.columns, *present.columns)}
    highest = max((facts(c).get("number", at) for at, c in enumerate(noun.columns, 1)), default=0)
    highest = max(highest, noun.extra.get(EXTRA, {}).get("highest", 0))
    column = make_column(planner, noun, definition, physical_column(name, taken), highest + 1)
    told = facts(column)
    if told.get("sequence"):
        filled[column.column] = _numbered(noun)
        ((count,),) = session.kernel.read(f"select count(*) from {quoted(noun.table)}")  # noqa: S608 -- quoted
        if count:
            session.kernel.put_number(sequence_counter(noun.id, column.column), int(count) + 1)
    elif told.get("default") is not None and column.default is None:
        value = _constant_now(session, planner, column)
        if value is None:
            return _filled_row_by_row(session, planner, noun, column, definition, filled)
        filled[column.column] = value
    elif column.default is not None:
        filled[column.column] = column.default
    noun = msgspec.structs.replace(noun, columns=(*noun.columns, column))
    return _with_constraints(planner, noun, definition)


def _with_constraints(planner: Planner, noun: Noun, definition: Node) -> Noun:
    for item in merged(definition.get("constraints", [])):
        noun = add_constraint(planner, noun, item["Constraint"], definition["colname"])
    return noun


def _filled_row_by_row(  # noqa: PLR0917 -- what a new column is made of
    session: Session,
    planner: Planner,
    noun: Noun,
    column: Column,
    definition: Node,
    filled: Filled,
) -> Noun:
    """Add a column whose default is another one for each row: first the column, then its values, then what holds for them."""
    before = session.kernel.catalog.by_id[noun.id]
    loose = msgspec.structs.replace(column, is_nullable=True)
    apply(session, before, msgspec.structs.replace(noun, columns=(*noun.columns, loose)), filled)
    filled.clear()
    schema, bare = split_name(noun.name)
    target = {"name": column.name, "val": {"SetToDefault": {}}}
    relation = {"schemaname": schema, "relname": bare, "inh": False, "relpersistence": "p"}
    update = {"relation": relation, "targetList": [{"ResTarget": target}]}
    session.run_inside(session.plan_inside({"UpdateStmt": update}, is_trusted=True))
    current = session.kernel.catalog.by_id[noun.id]
    columns = tuple(column if c.column == column.column else c for c in current.columns)
    whole = msgspec.structs.replace(current, columns=columns)
    return _with_constraints(planner, whole, definition)


def _numbered(noun: Noun) -> str:
    """Number the rows that are there, in the order of their ids."""
    table, rowid = quoted(noun.table), quoted(noun.rowid)
    return f"(select count(*) from {table} as _n where _n.{rowid} <= {table}.{rowid})"  # noqa: S608 -- quoted


def _constant_now(session: Session, planner: Planner, column: Column) -> str | None:
    """Compute a default such as now() once, for the rows that are there; None of one that is another for each."""
    binder = planner.binder()
    target = relation_column(column)
    default = binder.expression(facts(column)["default"], Scope(clause="DEFAULT"))
    expr = assign(binder, default, target, "default")
    compiler = make_compiler()
    node = n.subquery(
        exp.Select(expressions=[storage_node(compiler, compiler.expression(expr), target)])
    )
    is_drawn = any(key[0] == "nextval" for key in compiler.session_values)
    if is_drawn or any(call.routine.is_volatile for call in compiler.python_calls.values()):
        return None
    from dotdo_postgres.engine.run.probe import make_probe, run_probe

    ((value,),) = run_probe(session, make_probe(compiler, node.this, []), ())
    if value is None:
        return "NULL"
    write: Any = {bytes: n.blob, str: n.string, float: n.real}.get(type(value), n.integer)
    return n.to_text(write(value))


def _drop_column(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    name = command["name"]
    if noun.column(name) is None and command.get("missing_ok"):
        bare = split_name(noun.name)[1]
        message = f'column "{name}" of relation "{bare}" does not exist, skipping'
        session.notice("NOTICE", "00000", message)
        return noun
    column = column_named(noun, name)
    if column.column == noun.rowid:
        raise not_supported("dropping a primary key of one whole number")
    cascade = command.get("behavior") == "DROP_CASCADE"
    dropped = clear_dependents(
        session, planner.names, Object("column", noun, name), cascade=cascade
    )
    for item in dropped:
        if item.kind == "column" and item.noun.id == noun.id:
            noun = without_column(noun, column_named(noun, item.name))
    return without_column(noun, column)


def _set_not_null(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = column_named(noun, command["name"])
    sql = f"select 1 from {quoted(noun.table)} where {quoted(column.column)} is null limit 1"  # noqa: S608 -- quoted names
    if any(
        c.column == column.column for c in session.kernel.catalog.by_id[noun.id].columns
    ) and session.kernel.read(sql):
        schema, bare = split_name(noun.name)
        message = f'column "{column.name}" of relation "{bare}" contains null values'
        raise error("23502", message, schema=schema, table=bare, column=column.name)
    return replaced(noun, column, is_nullable=False)


def _drop_not_null(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = column_named(noun, command["name"])
    if column.column in noun.key:
        raise error("42P16", f'column "{column.name}" is in a primary key')
    if facts(column).get("identity"):
        bare = split_name(noun.name)[1]
        raise error("42601", f'column "{column.name}" of relation "{bare}" is an identity column')
    return replaced(noun, column, is_nullable=True)


def _column_default(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = column_named(noun, command["name"])
    bare_name = split_name(noun.name)[1]
    if facts(column).get("identity"):
        message = f'column "{column.name}" of relation "{bare_name}" is an identity column'
        hint = (
            None
            if "def" in command
            else "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead."
        )
        raise error("42601", message, hint=hint)
    if column.generated is not None:
        message = f'column "{column.name}" of relation "{bare_name}" is a generated column'
        hint = (
            None
            if "def" in command
            else "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead."
        )
        raise error("42601", message, hint=hint)
    told = {k: v for k, v in facts(column).items() if k not in {"default", "sequence", "options"}}
    bare = msgspec.structs.replace(column, default=None, extra={**column.extra, EXTRA: told})
    if "def" in command:
        told["default"] = command["def"]
        bare = with_default(planner, bare, told)
    columns = tuple(bare if c.column == column.column else c for c in noun.columns)
    return msgspec.structs.replace(noun, columns=columns)


def _column_type(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = column_named(noun, command["name"])
    definition = command["def"]["ColumnDef"]
    kind = column_type(planner, definition | {"colname": column.name})
    if kind.is_serial:
        raise error(
            "42704",
            f'type "{definition["typeName"]["names"][-1]["String"]["sval"]}" does not exist',
        )
    _refuse_readers(planner, noun, column)
    told = facts(column) | {"oid": kind.oid, "typmod": kind.typmod, "domain": kind.domain or None}
    changed = with_column_facts(
        msgspec.structs.replace(column, type=canonical_type(kind.oid, kind.typmod)), **told
    )
    if (
        changed.type != column.type
        and column.column == noun.rowid
        and canonical_type(kind.oid, -1) not in {"smallint", "integer", "bigint"}
    ):
        raise not_supported(
            "changing the type of a primary key of one whole number to another than that"
        )
    text = _converted(session, planner, noun, column, changed, definition)
    if text != f'"{column.column}"':
        filled[column.column] = text
    if "default" in told:
        changed = _converted_default(planner, changed, told)
    new = msgspec.structs.replace(
        noun, columns=tuple(changed if c.column == column.column else c for c in noun.columns)
    )
    new = rebound_indexes(planner, rebound_checks(planner, new, column.column), column.column)
    _check_foreign_keys(planner, new, column.column)
    return new


def _refuse_readers(planner: Planner, noun: Noun, column: Column) -> None:
    number = facts(column).get("number", noun.columns.index(column) + 1)
    for other in planner.names.objects.relations.values():
        depends = other.extra.get(EXTRA, {}).get("depends", ())
        if any(list(pair) == [noun.id, number] for pair in depends):
            detail = f'rule _RETURN on view {shown(planner.names, other)} depends on column "{column.name}"'
            raise error(
                "0A000", "cannot alter type of a column used by a view or rule", detail=detail
            )
    for other_column in noun.columns:
        if other_column.generated is not None and f'"{column.column}"' in other_column.generated:
            detail = f'Column "{column.name}" is used by generated column "{other_column.name}".'
            raise error(
                "42P16", "cannot alter type of a column used by a generated column", detail=detail
            )


def _converted(  # noqa: PLR0917 -- what a conversion is made of
    session: Session,
    planner: Planner,
    noun: Noun,
    column: Column,
    changed: Column,
    definition: Node,
) -> str:
    """Write the SQLite expression that makes new values of old rows."""
    binder = planner.binder()
    scope, entry = persistent_scope(noun, "UPDATE")
    source: Node = definition.get("raw_default") or {
        "ColumnRef": {"fields": [{"String": {"sval": column.name}}]}
    }
    try:
        expr = assign(binder, binder.expression(source, scope), relation_column(changed))
    except PostgresError as failure:
        if failure.sqlstate != "42804":
            raise
        shown_type = format_type(facts(changed)["oid"], facts(changed)["typmod"])
        if definition.get("raw_default"):
            message = f'result of USING clause for column "{column.name}" cannot be cast automatically to type {shown_type}'
            raise error("42804", message, hint="You might need to add an explicit cast.") from None
        message = f'column "{column.name}" cannot be cast automatically to type {shown_type}'
        hint = f'You might need to specify "USING {column.name}::{shown_type}".'
        raise error("42804", message, hint=hint) from None
    compiler = make_compiler()
    table_columns(compiler, entry, "")
    text = n.to_text(storage_node(compiler, compiler.expression(expr), relation_column(changed)))
    session.register(tuple(compiler.python_calls.values()))
    return text


def _converted_default(planner: Planner, changed: Column, told: dict[str, Any]) -> Column:
    bare = msgspec.structs.replace(changed, default=None)
    try:
        return with_default(planner, bare, dict(facts(bare)))
    except PostgresError as failure:
        if failure.sqlstate != "42804":
            raise
        shown_type = format_type(facts(changed)["oid"], facts(changed)["typmod"])
        message = (
            f'default for column "{changed.name}" cannot be cast automatically to type {shown_type}'
        )
        raise error("42804", message) from None


def _check_foreign_keys(planner: Planner, new: Noun, physical: str) -> None:
    for fk in new.foreign_keys:
        if physical in fk.columns:
            target = new if fk.target == new.name else planner.catalog.noun(fk.target)
            assert target is not None
            check_types(new, target, fk.columns, fk.target_columns, fk.name)
    for other in planner.catalog.nouns:
        for fk in other.foreign_keys:
            if fk.target == new.name and physical in fk.target_columns and other.id != new.id:
                check_types(other, new, fk.columns, fk.target_columns, fk.name)


def _add_identity(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = column_named(noun, command["name"])
    constraint, bare = command["def"]["Constraint"], split_name(noun.name)[1]
    require_identity(facts(column)["oid"])
    if column.is_nullable:
        raise error(
            "55000",
            f'column "{column.name}" of relation "{bare}" must be declared NOT NULL before identity can be added',
        )
    if facts(column).get("identity"):
        raise error(
            "55000", f'column "{column.name}" of relation "{bare}" is already an identity column'
        )
    if facts(column).get("default") is not None or facts(column).get("sequence"):
        raise error(
            "55000", f'column "{column.name}" of relation "{bare}" already has a default value'
        )
    from dotdo_postgres.engine.ddl.columns import sequence_name

    name, options = serial_options(planner, facts(column)["oid"], constraint.get("options", []))
    changed = with_column_facts(
        column, identity=constraint["generated_when"], options=options or None,
        sequence=name or sequence_name(planner, noun, column.name),
    )  # fmt: skip
    return msgspec.structs.replace(
        noun, columns=tuple(changed if c.column == column.column else c for c in noun.columns)
    )


def _drop_identity(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = column_named(noun, command["name"])
    if not facts(column).get("identity"):
        bare = split_name(noun.name)[1]
        if command.get("missing_ok"):
            session.notice(
                "NOTICE",
                "00000",
                f'column "{column.name}" of relation "{bare}" is not an identity column, skipping',
            )
            return noun
        raise error(
            "55000", f'column "{column.name}" of relation "{bare}" is not an identity column'
        )
    changed = with_column_facts(column, identity=None, sequence=None, options=None)
    return msgspec.structs.replace(
        noun, columns=tuple(changed if c.column == column.column else c for c in noun.columns)
    )


def _set_identity(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = column_named(noun, command["name"])
    if not facts(column).get("identity"):
        bare = split_name(noun.name)[1]
        raise error(
            "55000", f'column "{column.name}" of relation "{bare}" is not an identity column'
        )
    items = command["def"]["List"]["items"]
    changes: dict[str, Any] = {}
    options = []
    for item in items:
        element = item["DefElem"]
        if element["defname"] == "generated":
            changes["identity"] = chr(element["arg"]["Integer"]["ival"])
        else:
            options.append(item)
    if options:
        from dotdo_postgres.engine.ddl.sequences import change_serial

        return change_serial(session, planner, noun, column, options, **changes)
    changed = with_column_facts(column, **changes)
    return msgspec.structs.replace(
        noun, columns=tuple(changed if c.column == column.column else c for c in noun.columns)
    )


def _drop_expression(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = column_named(noun, command["name"])
    if column.generated is None:
        bare = split_name(noun.name)[1]
        if command.get("missing_ok"):
            session.notice(
                "NOTICE",
                "00000",
                f'column "{column.name}" of relation "{bare}" is not a stored generated column, skipping',
            )
            return noun
        raise error(
            "55000", f'column "{column.name}" of relation "{bare}" is not a stored generated column'
        )
    raise not_supported("ALTER COLUMN ... DROP EXPRESSION")


def _set_statistics(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    """Statistics targets and storage kinds say how PostgreSQL does its work: they are kept, to be shown."""
    if "name" not in command:
        return noun
    column = column_named(noun, command["name"])
    key = _KEPT[command["subtype"]]
    ((_, body),) = command.get("def", {"Integer": {}}).items()
    value = next(iter(body.values()), 0)
    if key == "storage":
        letter = _STORAGES.get(str(value).lower())
        if letter is None:
            raise error("22023", f'invalid storage type "{value}"')
        value = letter
    changed = with_column_facts(column, **{key: value})
    columns = tuple(changed if c.column == column.column else c for c in noun.columns)
    return msgspec.structs.replace(noun, columns=columns)


_KEPT = {"AT_SetStatistics": "statistics", "AT_SetStorage": "storage", "AT_SetCompression": "compression"}  # fmt: skip
_STORAGES = {"plain": "p", "external": "e", "extended": "x", "main": "m"}


COLUMN_COMMANDS: dict[str, Any] = {
    "AT_AddColumn": _add_column, "AT_DropColumn": _drop_column, "AT_SetNotNull": _set_not_null, "AT_DropNotNull": _drop_not_null,
    "AT_ColumnDefault": _column_default, "AT_AlterColumnType": _column_type, "AT_AddIdentity": _add_identity,
    "AT_DropIdentity": _drop_identity, "AT_SetIdentity": _set_identity, "AT_DropExpression": _drop_expression,
    "AT_SetStatistics": _set_statistics, "AT_SetStorage": _set_statistics, "AT_SetCompression": _set_statistics,
}  # fmt: skip
