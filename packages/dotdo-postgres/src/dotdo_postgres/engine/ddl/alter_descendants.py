"""What ALTER TABLE does to the descendants of a table, and what it may not do to a descendant alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo_postgres.engine.ddl.definitions import facts, with_column_facts
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import (
    bound_of,
    children_of,
    has_children,
    is_partitioned,
    parents_of,
)
from dotdo_postgres.engine.objects.kept import HIDDEN
from dotdo_postgres.engine.partitioning import keys_of
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Catalog, Column, Noun
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
FOLLOWED = frozenset({
    "AT_AddColumn", "AT_DropColumn", "AT_AlterColumnType", "AT_SetNotNull", "AT_DropNotNull", "AT_ColumnDefault", "AT_AddConstraint",
    "AT_DropConstraint",
})  # fmt: skip
_ONLY = {
    "AT_AddColumn": "column must be added to child tables too",
    "AT_AlterColumnType": 'type of inherited column "{name}" must be changed in child tables too',
    "AT_AddConstraint": "constraint must be added to child tables too",
}


def require_alterable(catalog: Catalog, noun: Noun, command: Node, *, is_recursive: bool) -> None:
    """See that a command may be done to a table alone.

    Args:
        catalog: The definitions.
        noun: The table.
        command: The command.
        is_recursive: Its descendants follow.

    Raises:
        PostgresError: what is inherited is changed where it comes from only (42P16), and with all descendants.
    """
    kind, name = command["subtype"], command.get("name", "")
    column = noun.column(name) if name else None
    if kind in {"AT_DropColumn", "AT_AlterColumnType"} and column is not None:
        verb = "drop" if kind == "AT_DropColumn" else "alter"
        if facts(column).get("inherited"):
            raise error("42P16", f'cannot {verb} inherited column "{name}"')
        _require_no_key(noun, name, verb)
    if kind == "AT_AddColumn" and bound_of(noun) is not None:
        raise error("42809", "cannot add column to a partition")
    if kind == "AT_DropConstraint":
        inherited = {c.name for parent in parents_of(catalog, noun) for c in parent.checks}
        if name in inherited and not name.startswith(HIDDEN):
            bare = split_name(noun.name)[1]
            message = f'cannot drop inherited constraint "{name}" of relation "{bare}"'
            raise error("42P16", message)
    if not is_recursive and kind in _ONLY and has_children(catalog, noun):
        if kind == "AT_AddConstraint" and not _is_inherited(command, noun):
            return
        if kind == "AT_AddConstraint" and command["def"]["Constraint"]["contype"] in _KEYS:
            _require_filled(catalog, noun, command["def"]["Constraint"])
            return  # as a dump does, whose partitions' keys are attached one by one
        raise error("42P16", _ONLY[kind].format(name=name))


def _require_no_key(noun: Noun, name: str, verb: str) -> None:
    if not is_partitioned(noun):
        return
    for key in keys_of(noun):
        if key.column == name or (key.column is None and f'"{name}"' in str(key.tree)):
            bare = split_name(noun.name)[1]
            message = f'cannot {verb} column "{name}" because it is part of the partition key of relation "{bare}"'
            raise error("42P16", message)


def _require_filled(catalog: Catalog, noun: Noun, constraint: Node) -> None:
    """See that the columns of a primary key are not NULL in the descendants, which do not follow."""
    if constraint["contype"] != "CONSTR_PRIMARY":
        return
    for child in children_of(catalog, noun):
        for part in constraint.get("keys", ()):
            name = part["String"]["sval"]
            column = child.column(name)
            if column is not None and column.is_nullable:
                bare = split_name(child.name)[1]
                detail = f'Column "{name}" of relation "{bare}" is not already NOT NULL.'
                message = "constraint must be added to child tables too"
                raise error("42P16", message, detail=detail)


_KEYS = frozenset({"CONSTR_PRIMARY", "CONSTR_UNIQUE"})


def _is_inherited(command: Node, noun: Noun) -> bool:
    """Tell whether a new constraint is one of the descendants, too."""
    constraint = command["def"]["Constraint"]
    if constraint["contype"] == "CONSTR_CHECK":
        return not constraint.get("is_no_inherit")
    return is_partitioned(noun)


def for_child(
    session: Session, parent: Noun, child: Noun, command: Node
) -> tuple[Noun, Node | None]:
    """Return a descendant and what is to be done to it, None when nothing is left to do.

    Args:
        session: Is told of columns that merge.
        parent: The table as it has become.
        child: The descendant.
        command: What was done to the table.
    """
    kind, name = command["subtype"], command.get("name", "")
    if kind == "AT_AddColumn":
        return _added(session, child, command)
    column = child.column(name) if name else None
    if kind == "AT_DropColumn":
        return _dropped(child, column, command)
    if kind == "AT_AddConstraint":
        constraint = command["def"]["Constraint"]
        if not _is_inherited(command, parent):
            return child, None
        if constraint["contype"] in {"CONSTR_PRIMARY", "CONSTR_UNIQUE"}:
            bare = {k: v for k, v in constraint.items() if k != "conname"}
            return child, {**command, "def": {"Constraint": bare}}
        return child, _named(command, parent)
    if kind == "AT_DropConstraint":
        label = _constraint_of(parent, child, name)
        return child, None if label is None else {**command, "name": label, "missing_ok": True}
    return child, command if column is not None else None


def _dropped(child: Noun, column: Column | None, command: Node) -> tuple[Noun, Node | None]:
    if column is None:
        return child, None
    told = facts(column)
    left = told.get("inherited", 0) - 1
    if left > 0 or told.get("is_local"):
        return _with_column(child, with_column_facts(column, inherited=left or None)), None
    return child, {**command, "missing_ok": True}


def _with_column(noun: Noun, changed: Any) -> Noun:
    columns = tuple(changed if c.column == changed.column else c for c in noun.columns)
    return msgspec.structs.replace(noun, columns=columns)


def _added(session: Session, child: Noun, command: Node) -> tuple[Noun, Node | None]:
    name = command["def"]["ColumnDef"]["colname"]
    there = child.column(name)
    if there is None:
        return child, command
    bare = split_name(child.name)[1]
    message = f'merging definition of column "{name}" for child "{bare}"'
    session.notice("NOTICE", "00000", message)
    told = facts(there)
    count = told.get("inherited", 0) + 1
    is_local = told.get("is_local", not told.get("inherited"))
    return _with_column(child, with_column_facts(there, inherited=count, is_local=is_local)), None


def _named(command: Node, parent: Noun) -> Node:
    """Give a constraint the name that it has got at the table, which all descendants share."""
    constraint = command["def"]["Constraint"]
    if "conname" in constraint:
        return command
    found = parent.checks if constraint["contype"] == "CONSTR_CHECK" else parent.foreign_keys
    names = [one.name for one in found if not one.name.startswith(HIDDEN)]
    return {**command, "def": {"Constraint": {**constraint, "conname": names[-1]}}}


def _constraint_of(parent: Noun, child: Noun, name: str) -> str | None:
    """Return the constraint of a descendant that belongs to one of a table, which is gone there."""
    if any(check.name == name for check in child.checks):
        return name
    if not is_partitioned(parent):
        return None
    names = {c.column: c.name for c in child.columns}
    have = {tuple(names[c] for c in u.columns): u.name for u in child.uniques}
    if child.key and not parent.key:
        have[tuple(names[c] for c in child.key)] = child.key_name
    there = {c.column: c.name for c in parent.columns}
    kept = {tuple(there[c] for c in u.columns) for u in parent.uniques}
    keys = [label for columns, label in have.items() if columns not in kept]
    if any(fk.name == name for fk in child.foreign_keys):
        return name
    return keys[0] if len(keys) == 1 else None


def inherited_column(child: Noun, name: str) -> Noun:
    """Return a table whose newest column came from what it descends from."""
    column = child.column(name)
    assert column is not None
    return _with_column(child, with_column_facts(column, inherited=1, is_local=False))
