"""ALTER TABLE and RENAME."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlglot import exp

from dotdo.errors import (
    CheckViolation,
    DotdoError,
    ForeignKeyViolation,
    NotNullViolation,
    UniqueViolation,
)
from dotdo.storage import Column, Noun, alter_noun
from dotdo.storage.names import physical_column, quoted
from dotdo.storage.types import storage_of
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.ddl.columns import column_type, make_column, relation_column
from dotdo_postgres.engine.ddl.constraints import (
    add_constraint,
    index_names,
    names_in_use,
    persistent_scope,
)
from dotdo_postgres.engine.ddl.create_table import define, merged
from dotdo_postgres.engine.dml.assign import assign, storage_node
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA, canonical_type
from dotdo_postgres.errors import PostgresError, error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
Filled = dict[str, str]


def plan_alter_table(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER TABLE."""
    if node.get("objtype", "OBJECT_TABLE") != "OBJECT_TABLE":
        raise not_supported(f"ALTER {node['objtype'].removeprefix('OBJECT_')}")
    return Prepared(None, (), "ALTER TABLE", define(_alter), detail=node)


def find_table(session: Session, planner: Planner, node: Node, is_missing_ok: bool) -> Noun | None:
    """Return the noun of a table.

    Raises:
        PostgresError: no such table (42P01).
    """
    name = node["relname"]
    noun = planner.catalog.noun(name)
    if noun is None:
        if not is_missing_ok:
            raise error("42P01", f'relation "{name}" does not exist')
        session.notice("NOTICE", "00000", f'relation "{name}" does not exist, skipping')
    return noun


def _alter(session: Session, planner: Planner, node: Node) -> None:
    noun = find_table(session, planner, node["relation"], bool(node.get("missing_ok")))
    if noun is None:
        return
    filled: Filled = {}
    new = noun
    for item in node["cmds"]:
        command = item["AlterTableCmd"]
        act = _COMMANDS.get(command["subtype"])
        if act is None:
            raise not_supported(f"ALTER TABLE ... {command['subtype'].removeprefix('AT_')}")
        new = act(session, planner, new, command, filled)
    apply(session, noun, new, filled)


def apply(session: Session, old: Noun, new: Noun, filled: Filled | None = None) -> None:
    """Change the noun; what its rows do not keep is PostgreSQL's error.

    Raises:
        PostgresError: 23502, 23503, 23505, 23514.
    """
    if new == old:
        return
    try:
        alter_noun(session.kernel, new, filled or {})
    except NotNullViolation as failure:
        column = next((c.name for c in new.columns if c.column in failure.columns), "")
        message = f'column "{column}" of relation "{new.name}" contains null values'
        raise error("23502", message, schema="public", table=new.name, column=column) from None
    except CheckViolation as failure:
        message = f'check constraint "{failure.constraint}" of relation "{new.name}" is violated by some row'
        raise error(
            "23514", message, schema="public", table=new.name, constraint=failure.constraint
        ) from None
    except ForeignKeyViolation as failure:
        raise _orphans(session, new, failure) from None
    except UniqueViolation as failure:
        raise duplicates(session, old, new, failure) from None


def _orphans(session: Session, noun: Noun, failure: ForeignKeyViolation) -> PostgresError:
    from dotdo_postgres.engine.constraints import orphan_detail

    fk = next(item for item in noun.foreign_keys if item.name == failure.constraint)
    message = f'insert or update on table "{noun.name}" violates foreign key constraint "{fk.name}"'
    detail = orphan_detail(session, noun, fk)
    return error(
        "23503", message, detail=detail, schema="public", table=noun.name, constraint=fk.name
    )


def duplicates(session: Session, old: Noun, new: Noun, failure: DotdoError) -> PostgresError:
    """Make the error for a unique index that rows do not keep (23505)."""
    from dotdo_postgres.engine.constraints import duplicate_detail

    had = {item.columns for item in old.uniques} | {old.key}
    wanted = [(new.key_name, new.key)] + [(u.name, u.columns) for u in new.uniques]
    for name, columns in wanted:
        if columns and columns not in had:
            detail = duplicate_detail(session, new, columns)
            return error(
                "23505",
                f'could not create unique index "{name}"',
                detail=detail,
                schema="public",
                table=new.name,
                constraint=name,
            )
    return error("23505", f"could not create unique index: {failure}")


def _column(noun: Noun, name: str) -> Column:
    column = noun.column(name)
    if column is None:
        raise error("42703", f'column "{name}" of relation "{noun.name}" does not exist')
    return column


def _replace(noun: Noun, old: Column, **changes: Any) -> Noun:
    columns = tuple(
        msgspec.structs.replace(c, **changes) if c.column == old.column else c for c in noun.columns
    )
    return msgspec.structs.replace(noun, columns=columns)


def _add_column(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    definition = command["def"]["ColumnDef"]
    name = definition["colname"]
    if noun.column(name) is not None:
        if command.get("missing_ok"):
            session.notice(
                "NOTICE",
                "42701",
                f'column "{name}" of relation "{noun.name}" already exists, skipping',
            )
            return noun
        raise error("42701", f'column "{name}" of relation "{noun.name}" already exists')
    taken = {column.column.lower() for column in noun.columns}
    numbers = [
        column.extra.get(EXTRA, {}).get("number", at)
        for at, column in enumerate(noun.columns, start=1)
    ]
    column = make_column(
        planner, noun.name, definition, physical_column(name, taken), max(numbers, default=0) + 1
    )
    if column.extra[EXTRA].get("sequence"):
        raise not_supported("a serial or identity column added to a table")
    default = column.extra[EXTRA].get("default")
    if default is not None and column.default is None:
        filled[column.column] = _constant_now(session, planner, column)
    elif column.default is not None:
        filled[column.column] = column.default
    noun = msgspec.structs.replace(noun, columns=(*noun.columns, column))
    for item in merged(definition.get("constraints", [])):
        noun = add_constraint(planner, noun, item["Constraint"], name)
    return noun


def _constant_now(session: Session, planner: Planner, column: Column) -> str:
    """Compute a default such as now() once, for the rows that are there."""
    binder = planner.binder()
    target = relation_column(column)
    expr = assign(
        binder,
        binder.expression(column.extra[EXTRA]["default"], Scope(clause="DEFAULT")),
        target,
        "default",
    )
    compiler = make_compiler()
    node = n.subquery(
        exp.Select(expressions=[storage_node(compiler, compiler.expression(expr), target)])
    )
    if any(call.routine.is_volatile for call in compiler.python_calls.values()):
        raise not_supported("a volatile default for a column added to a table")
    from dotdo_postgres.engine.dml.probe import make_probe, run_probe

    ((value,),) = run_probe(session, make_probe(compiler, node.this, []), ())
    if value is None:
        return "NULL"
    literal = (
        n.blob(value)
        if isinstance(value, bytes)
        else n.string(value)
        if isinstance(value, str)
        else n.real(value)
        if isinstance(value, float)
        else n.integer(value)
    )
    return n.to_text(literal)


def _drop_column(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    name = command["name"]
    if noun.column(name) is None and command.get("missing_ok"):
        session.notice(
            "NOTICE", "00000", f'column "{name}" of relation "{noun.name}" does not exist, skipping'
        )
        return noun
    column = _column(noun, name)
    if column.column in noun.key:
        raise not_supported("dropping a column of the primary key")
    for other in planner.catalog.nouns:
        for fk in other.foreign_keys:
            if fk.target == noun.name and column.column in fk.target_columns:
                raise not_supported(f'dropping a column that constraint "{fk.name}" refers to')
    gone = f'"{column.column}"'
    return msgspec.structs.replace(
        noun,
        columns=tuple(c for c in noun.columns if c.column != column.column),
        uniques=tuple(u for u in noun.uniques if column.column not in u.columns),
        checks=tuple(c for c in noun.checks if gone not in c.sql),
        foreign_keys=tuple(f for f in noun.foreign_keys if column.column not in f.columns),
        indexes=tuple(
            i for i in noun.indexes if not any(gone in term for term in (*i.terms, i.where or ""))
        ),
    )


def _set_not_null(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = _column(noun, command["name"])
    sql = f"select 1 from {quoted(noun.table)} where {quoted(column.column)} is null limit 1"  # noqa: S608 -- quoted names
    if session.kernel.read(sql):
        message = f'column "{column.name}" of relation "{noun.name}" contains null values'
        raise error("23502", message, schema="public", table=noun.name, column=column.name)
    return _replace(noun, column, is_nullable=False)


def _drop_not_null(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = _column(noun, command["name"])
    if column.column in noun.key:
        raise error("42P16", f'column "{column.name}" is in a primary key')
    return _replace(noun, column, is_nullable=True)


def _column_default(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    from dotdo_postgres.engine.ddl.columns import _with_default

    column = _column(noun, command["name"])
    facts = {
        key: value
        for key, value in column.extra.get(EXTRA, {}).items()
        if key not in {"default", "sequence"}
    }
    bare = msgspec.structs.replace(column, default=None, extra={**column.extra, EXTRA: facts})
    if "def" in command:
        facts["default"] = command["def"]
        bare = _with_default(planner, bare, facts)
    columns = tuple(bare if c.column == column.column else c for c in noun.columns)
    return msgspec.structs.replace(noun, columns=columns)


def _column_type(  # noqa: PLR0914 one step for each form of the grammar
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    column = _column(noun, command["name"])
    definition = command["def"]["ColumnDef"]
    oid, typmod, is_serial = column_type(definition | {"colname": column.name})
    constrained = {*noun.key, *(name for unique in noun.uniques for name in unique.columns)}
    is_kept = storage_of(canonical_type(oid, typmod)) == storage_of(column.type)
    if (
        is_serial
        or (column.column in constrained and not is_kept)
        or any(f'"{column.column}"' in c.sql for c in noun.checks)
    ):
        raise not_supported("changing the type of a column with a key, check or sequence")
    facts = {**column.extra.get(EXTRA, {}), "oid": oid, "typmod": typmod}
    changed = msgspec.structs.replace(
        column, type=canonical_type(oid, typmod), extra={**column.extra, EXTRA: facts}
    )
    binder = planner.binder()
    scope, entry = persistent_scope(planner, noun, "UPDATE")
    source: Node = definition.get("raw_default") or {
        "ColumnRef": {"fields": [{"String": {"sval": column.name}}]}
    }
    try:
        expr = assign(binder, binder.expression(source, scope), relation_column(changed))
    except PostgresError as failure:
        if failure.sqlstate != "42804":
            raise
        from dotdo_postgres.mapping.types import format_type

        message = f'column "{column.name}" cannot be cast automatically to type {format_type(oid)}'
        hint = f'You might need to specify "USING {column.name}::{format_type(oid)}".'
        raise error("42804", message, hint=hint) from None
    compiler = make_compiler()
    table_columns(compiler, entry, "")
    filled[column.column] = n.to_text(
        storage_node(compiler, compiler.expression(expr), relation_column(changed))
    )
    session.register(tuple(compiler.python_calls.values()))
    columns = tuple(changed if c.column == column.column else c for c in noun.columns)
    return msgspec.structs.replace(noun, columns=columns)


def _add_constraint(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    constraint = command["def"]["Constraint"]
    if "indexname" in constraint:
        raise not_supported("ADD CONSTRAINT USING INDEX")
    if constraint["contype"] == "CONSTR_PRIMARY" and noun.has_hidden_rowid is False:
        raise not_supported("ADD PRIMARY KEY here")
    return add_constraint(
        planner,
        noun,
        constraint,
        None,
        index_names(planner.catalog) - names_in_use(noun) | names_in_use(noun),
    )


def _drop_constraint(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    name = command["name"]
    new = msgspec.structs.replace(
        noun,
        uniques=tuple(item for item in noun.uniques if item.name != name),
        checks=tuple(item for item in noun.checks if item.name != name),
        foreign_keys=tuple(item for item in noun.foreign_keys if item.name != name),
    )
    if name == noun.key_name and noun.key:
        if noun.rowid in noun.key:
            raise not_supported("dropping this primary key")
        new = msgspec.structs.replace(new, key=(), key_name="")
    if new == noun:
        if command.get("missing_ok"):
            session.notice(
                "NOTICE",
                "00000",
                f'constraint "{name}" of relation "{noun.name}" does not exist, skipping',
            )
            return noun
        raise error("42704", f'constraint "{name}" of relation "{noun.name}" does not exist')
    _refuse_dependants(planner, noun, new, name, command)
    return new


def _refuse_dependants(planner: Planner, noun: Noun, new: Noun, name: str, command: Node) -> None:
    kept = {new.key, *(item.columns for item in new.uniques)}
    lost = [
        columns
        for columns in (noun.key, *(item.columns for item in noun.uniques))
        if columns and columns not in kept
    ]
    for other in planner.catalog.nouns:
        for fk in other.foreign_keys:
            if fk.target == noun.name and fk.target_columns in lost:
                if command.get("behavior") == "DROP_CASCADE":
                    raise not_supported("DROP CONSTRAINT ... CASCADE with dependants")
                raise error(
                    "2BP01",
                    f"cannot drop constraint {name} on table {noun.name} because other objects depend on it",
                    detail=f"constraint {fk.name} on table {other.name} depends on index {name}",
                    hint="Use DROP ... CASCADE to drop the dependent objects too.",
                )


_COMMANDS: dict[str, Any] = {
    "AT_AddColumn": _add_column,
    "AT_DropColumn": _drop_column,
    "AT_SetNotNull": _set_not_null,
    "AT_DropNotNull": _drop_not_null,
    "AT_ColumnDefault": _column_default,
    "AT_AlterColumnType": _column_type,
    "AT_AddConstraint": _add_constraint,
    "AT_DropConstraint": _drop_constraint,
}


# --- RENAME --------------------------------------------------------------------------------


def plan_rename(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER ... RENAME."""
    if node["renameType"] not in _RENAMES:
        raise not_supported(f"renaming a {node['renameType'].removeprefix('OBJECT_').lower()}")
    return Prepared(
        None,
        (),
        "ALTER INDEX" if node["renameType"] == "OBJECT_INDEX" else "ALTER TABLE",
        define(_rename),
        detail=node,
    )


def _rename(session: Session, planner: Planner, node: Node) -> None:
    if node["renameType"] == "OBJECT_INDEX":
        _rename_index(session, planner, node)
        return
    noun = find_table(session, planner, node["relation"], bool(node.get("missing_ok")))
    if noun is not None:
        _RENAMES[node["renameType"]](session, planner, noun, node)


def _rename_table(session: Session, planner: Planner, noun: Noun, node: Node) -> None:
    name = node["newname"]
    if name in index_names(planner.catalog):
        raise error("42P07", f'relation "{name}" already exists')
    for other in planner.catalog.nouns:
        if any(fk.target == noun.name for fk in other.foreign_keys):
            keys = tuple(
                msgspec.structs.replace(fk, target=name) if fk.target == noun.name else fk
                for fk in other.foreign_keys
            )
            if other.id == noun.id:
                noun_keys = keys
                apply(
                    session, noun, msgspec.structs.replace(noun, name=name, foreign_keys=noun_keys)
                )
                return
            apply(session, noun, msgspec.structs.replace(noun, name=name))
            apply(session, other, msgspec.structs.replace(other, foreign_keys=keys))
            noun = msgspec.structs.replace(noun, name=name)
    if noun.name != name:
        apply(session, noun, msgspec.structs.replace(noun, name=name))


def _rename_column(session: Session, planner: Planner, noun: Noun, node: Node) -> None:
    column = noun.column(node["subname"])
    if column is None:
        raise error("42703", f'column "{node["subname"]}" does not exist')
    if noun.column(node["newname"]) is not None:
        raise error("42701", f'column "{node["newname"]}" of relation "{noun.name}" already exists')
    apply(session, noun, _replace(noun, column, name=node["newname"]))


def _rename_constraint(session: Session, planner: Planner, noun: Noun, node: Node) -> None:
    old, new = node["subname"], node["newname"]
    if old not in names_in_use(noun):
        raise error("42704", f'constraint "{old}" for table "{noun.name}" does not exist')
    if new in names_in_use(noun):
        raise error("42710", f'constraint "{new}" for relation "{noun.name}" already exists')

    def renamed(items: Any) -> Any:
        return tuple(
            msgspec.structs.replace(item, name=new) if item.name == old else item for item in items
        )

    changed = msgspec.structs.replace(
        noun, uniques=renamed(noun.uniques), checks=renamed(noun.checks), foreign_keys=renamed(noun.foreign_keys),
        key_name=new if noun.key_name == old else noun.key_name,
    )  # fmt: skip
    apply(session, noun, changed)


def _rename_index(session: Session, planner: Planner, node: Node) -> None:
    old, new = node["relation"]["relname"], node["newname"]
    for noun in planner.catalog.nouns:
        if any(index.name == old for index in noun.indexes):
            indexes = tuple(
                msgspec.structs.replace(index, name=new) if index.name == old else index
                for index in noun.indexes
            )
            apply(session, noun, msgspec.structs.replace(noun, indexes=indexes))
            return
    raise error("42P01", f'relation "{old}" does not exist')


_RENAMES: dict[str, Any] = {
    "OBJECT_TABLE": _rename_table,
    "OBJECT_COLUMN": _rename_column,
    "OBJECT_TABCONSTRAINT": _rename_constraint,
    "OBJECT_INDEX": _rename_index,
}
