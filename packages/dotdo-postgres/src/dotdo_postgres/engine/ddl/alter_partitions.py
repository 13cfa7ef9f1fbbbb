"""ATTACH and DETACH PARTITION, INHERIT and NO INHERIT: tables that begin or cease to descend from another."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.errors import CheckViolation
from dotdo.storage import Noun, alter_noun
from dotdo_postgres.engine.ddl.constraints import add_constraint
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.descendants import cloned_indexes, cloned_keys
from dotdo_postgres.engine.ddl.inheriting import as_descendant, require_parent
from dotdo_postgres.engine.ddl.partitions import (
    read_bound,
    require_default_free,
    require_free,
    require_rows,
    with_condition,
)
from dotdo_postgres.engine.ddl.tables import find_table
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import (
    DEFAULT,
    bound_of,
    children_of,
    family_of,
    is_partitioned,
    parents_of,
)
from dotdo_postgres.engine.objects.kept import HIDDEN, PARTITION, facts_of
from dotdo_postgres.engine.relations import EXTRA, relation_of
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
Filled = dict[str, str]


def _bare(noun: Noun) -> str:
    return split_name(noun.name)[1]


def _attach(session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled) -> Noun:
    wanted = command["def"]["PartitionCmd"]
    if not is_partitioned(noun):
        raise error("42809", f'"{_bare(noun)}" is not partitioned')
    child = find_table(session, planner, wanted["name"], is_missing_ok=False)
    assert child is not None
    catalog = session.kernel.catalog
    if bound_of(child) is not None:
        raise error("42809", f'"{_bare(child)}" is already a partition')
    if parents_of(catalog, child):
        raise error("42809", "cannot attach inheritance child as partition")
    if not is_partitioned(child) and children_of(catalog, child):
        raise error("42809", "cannot attach inheritance parent as partition")
    _require_no_circle(session, noun, child)
    _require_alike(noun, child)
    for column in child.columns:
        if noun.column(column.name) is None:
            message = (
                f'table "{_bare(child)}" contains column "{column.name}"'
                f' not found in parent "{_bare(noun)}"'
            )
            detail = "The new partition may contain only the columns present in parent."
            raise error("42804", message, detail=detail)
    bound = read_bound(session, noun, wanted["bound"], _bare(child))
    require_free(session, noun, bound, _bare(child))
    own = {column.name for column in child.columns}
    new = as_descendant(_with_keys(planner, noun, child), [noun], own, bound)
    new = with_condition(session, new) if not is_partitioned(new) else new
    if not is_partitioned(new):
        require_rows(session, new)
    alter_noun(session.kernel, new)
    renew_conditions(session, new)
    if bound["kind"] != DEFAULT:
        require_default_free(session, noun, bound)
    return noun


def _with_keys(planner: Planner, parent: Noun, child: Noun) -> Noun:
    """Return a table with those keys and indexes of its new parent that it has not already."""
    names = {column.column: column.name for column in child.columns}
    have = {tuple(names[c] for c in unique.columns) for unique in child.uniques}
    have |= {
        tuple(names.get(term.removesuffix(" desc").strip('"'), "") for term in index.terms)
        for index in child.indexes
        if index.is_unique
    }
    had_keys = {(fk.target, tuple(names[c] for c in fk.columns)) for fk in child.foreign_keys}
    new = child
    taken = planner.names.taken(split_name(child.name)[0])
    for item in cloned_keys(parent, planner.catalog):
        node = item["Constraint"]
        if node["contype"] == "CONSTR_FOREIGN":
            listed = tuple(part["String"]["sval"] for part in node["fk_attrs"])
            if any(columns == listed for _, columns in had_keys):
                continue
        else:
            listed = tuple(part["String"]["sval"] for part in node["keys"])
            if node["contype"] == "CONSTR_PRIMARY" and new.key:
                continue
            if node["contype"] == "CONSTR_UNIQUE" and listed in have:
                continue
        new = add_constraint(planner, new, node, None, taken)
    plain = msgspec.structs.replace(parent, indexes=_missing_indexes(parent, new))
    return cloned_indexes(plain, new, taken)


def _missing_indexes(parent: Noun, child: Noun) -> tuple[Any, ...]:
    have = {(index.terms, index.is_unique) for index in child.indexes}
    return tuple(index for index in parent.indexes if (index.terms, index.is_unique) not in have)


def renew_conditions(session: Session, noun: Noun) -> None:
    """Compute the conditions of a partition's own partitions again, after what it is a part of has changed.

    Raises:
        PostgresError: a row does not keep one (23514).
    """
    for one in family_of(session.kernel.catalog, session.kernel.catalog.by_id[noun.id]):
        current = session.kernel.catalog.by_id[one.id]
        if is_partitioned(current):
            continue
        if bound_of(current) is None:
            checks = tuple(check for check in current.checks if check.name != PARTITION)
            changed = msgspec.structs.replace(current, checks=checks)
        else:
            changed = with_condition(session, current)
        try:
            alter_noun(session.kernel, changed)
        except CheckViolation:
            message = f'partition constraint of relation "{_bare(one)}" is violated by some row'
            raise error("23514", message, table=_bare(one)) from None


def _detach(session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled) -> Noun:
    wanted = command["def"]["PartitionCmd"]
    child = find_table(session, planner, wanted["name"], is_missing_ok=False)
    assert child is not None
    if bound_of(child) is None or noun.id not in facts_of(child).get("inherits", ()):
        message = f'relation "{_bare(child)}" is not a partition of relation "{_bare(noun)}"'
        raise error("42P01", message)
    if wanted.get("concurrent") and not session.is_idle:
        message = "ALTER TABLE ... DETACH CONCURRENTLY cannot run inside a transaction block"
        raise error("25001", message)
    alter_noun(session.kernel, _without_parent(child, noun))
    renew_conditions(session, child)
    for sibling in children_of(session.kernel.catalog, noun):
        if (bound_of(sibling) or {}).get("kind") == DEFAULT:
            renew_conditions(session, sibling)
    return noun


def _without_parent(child: Noun, parent: Noun) -> Noun:
    """Return a table that no longer descends from another; its columns are its own now."""
    left = [number for number in facts_of(child)["inherits"] if number != parent.id]
    columns = []
    for column in child.columns:
        told = dict(column.extra.get(EXTRA, {}))
        if told.get("inherited") and parent.column(column.name) is not None:
            told["inherited"] -= 1
            if not told["inherited"]:
                told.pop("inherited")
                told.pop("is_local", None)
        columns.append(msgspec.structs.replace(column, extra={**column.extra, EXTRA: told}))
    new = msgspec.structs.replace(child, columns=tuple(columns))
    return with_facts(new, inherits=left or None, bound=None)


def _inherit(session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled) -> Noun:
    parent = planner.binder().relation({**command["def"]["RangeVar"], "location": None}).noun
    if bound_of(noun) is not None:
        raise error("42809", "cannot change inheritance of a partition")
    if is_partitioned(noun):
        raise error("42809", "cannot change inheritance of partitioned table")
    require_parent(parent, is_partition=False)
    if parent.id in facts_of(noun).get("inherits", ()):
        message = f'relation "{_bare(parent)}" would be inherited from more than once'
        raise error("42P07", message)
    _require_no_circle(session, parent, noun)
    _require_alike(parent, noun)
    parents = [*parents_of(session.kernel.catalog, noun), parent]
    return as_descendant(noun, parents, {column.name for column in noun.columns})


def _no_inherit(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    parent = planner.binder().relation({**command["def"]["RangeVar"], "location": None}).noun
    if bound_of(noun) is not None:
        raise error("42809", "cannot change inheritance of a partition")
    if parent.id not in facts_of(noun).get("inherits", ()):
        message = f'relation "{_bare(parent)}" is not a parent of relation "{_bare(noun)}"'
        raise error("42P01", message)
    return _without_parent(noun, parent)


def _require_no_circle(session: Session, parent: Noun, child: Noun) -> None:
    if any(one.id == parent.id for one in family_of(session.kernel.catalog, child)):
        detail = f'"{_bare(parent)}" is already a child of "{_bare(child)}".'
        raise error("42P07", "circular inheritance not allowed", detail=detail)


def _require_alike(parent: Noun, child: Noun) -> None:
    """See that a table has what each descendant of another must have.

    Raises:
        PostgresError: a column or a check is missing or differs (42804).
    """
    own = {column.name: column for column in relation_of(child).columns}
    for column in relation_of(parent).columns:
        there = own.get(column.name)
        if there is None:
            raise error("42804", f'child table is missing column "{column.name}"')
        if (there.type, there.typmod) != (column.type, column.typmod):
            message = f'child table "{_bare(child)}" has different type for column "{column.name}"'
            raise error("42804", message)
        if there.is_nullable and not column.is_nullable:
            message = f'column "{column.name}" in child table must be marked NOT NULL'
            raise error("42804", message)
        if column.generated is not None and there.generated is None:
            message = f'column "{column.name}" in child table must be a generated column'
            raise error("42804", message)
    checks = {check.name: check.source for check in child.checks}
    for check in parent.checks:
        if check.name.startswith(HIDDEN):
            continue
        if check.name not in checks:
            raise error("42804", f'child table is missing constraint "{check.name}"')
        if checks[check.name] != check.source:
            message = f'child table "{_bare(child)}" has different definition for check constraint "{check.name}"'
            raise error("42804", message)


PARTITION_COMMANDS: dict[str, Any] = {
    "AT_AttachPartition": _attach,
    "AT_DetachPartition": _detach,
    "AT_AddInherit": _inherit,
    "AT_DropInherit": _no_inherit,
}
