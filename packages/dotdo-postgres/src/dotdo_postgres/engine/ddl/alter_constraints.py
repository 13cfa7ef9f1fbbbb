"""Commands of ALTER TABLE on constraints: added, dropped, validated, altered."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo_postgres.engine.catalog.dependencies import Object
from dotdo_postgres.engine.ddl.constraints import add_constraint, names_in_use
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.dropping import clear_dependents
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.kept import MATCH_FULL, facts_of
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
Filled = dict[str, str]


def _add_constraint(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    constraint = command["def"]["Constraint"]
    if "indexname" in constraint:
        return _of_index(session, planner, noun, constraint)
    if (
        constraint["contype"] == "CONSTR_PRIMARY"
        and noun.has_hidden_rowid is False
        and not noun.key
    ):
        raise not_supported("ADD PRIMARY KEY here")
    made = add_constraint(planner, noun, constraint, None)
    if not constraint.get("skip_validation"):
        return made
    new = sorted(names_in_use(made) - names_in_use(noun))
    return with_facts(made, not_valid=[*facts_of(noun).get("not_valid", ()), *new])


def _of_index(session: Session, planner: Planner, noun: Noun, constraint: Node) -> Noun:
    """Make a unique constraint or primary key of an index that is there."""
    name = constraint["indexname"]
    index = next((item for item in noun.indexes if item.name == name), None)
    if index is None:
        raise error("42704", f'index "{name}" does not exist')
    columns = {f'"{c.column}"': c.name for c in noun.columns}
    if not index.is_unique:
        raise error(
            "42809",
            f'"{name}" is not a unique index',
            detail="Cannot create a primary key or unique constraint using such an index.",
        )
    if index.where is not None:
        raise error(
            "42809",
            f'"{name}" is a partial index',
            detail="Cannot create a primary key or unique constraint using such an index.",
        )
    if any(term not in columns for term in index.terms):
        raise error(
            "42809",
            f'index "{name}" contains expressions',
            detail="Cannot create a primary key or unique constraint using such an index.",
        )
    bare = msgspec.structs.replace(
        noun, indexes=tuple(item for item in noun.indexes if item.name != name)
    )
    keys = [{"String": {"sval": columns[term]}} for term in index.terms]
    node = {
        "contype": constraint["contype"],
        "keys": keys,
        "conname": constraint.get("conname", name),
    }
    wanted = constraint.get("conname", name)
    if wanted != name:
        message = (
            f'ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index "{name}" to "{wanted}"'
        )
        session.notice("NOTICE", "00000", message)
    taken = planner.names.taken(split_name(noun.name)[0]) - {name}
    return add_constraint(planner, bare, node, None, taken)


def _drop_constraint(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    name, bare = command["name"], split_name(noun.name)[1]
    new = msgspec.structs.replace(
        noun,
        uniques=tuple(item for item in noun.uniques if item.name != name),
        checks=tuple(item for item in noun.checks if item.name not in {name, MATCH_FULL + name}),
        foreign_keys=tuple(item for item in noun.foreign_keys if item.name != name),
    )
    if name == noun.key_name and noun.key:
        if noun.rowid in noun.key:
            raise not_supported("dropping this primary key")
        new = msgspec.structs.replace(new, key=(), key_name="")
    if new == noun:
        if command.get("missing_ok"):
            message = f'constraint "{name}" of relation "{bare}" does not exist, skipping'
            session.notice("NOTICE", "00000", message)
            return noun
        raise error("42704", f'constraint "{name}" of relation "{bare}" does not exist')
    target = Object("constraint", noun, name)
    cascade = command.get("behavior") == "DROP_CASCADE"
    for item in clear_dependents(session, planner.names, target, cascade=cascade):
        if item.noun.id == noun.id:
            kept = tuple(fk for fk in new.foreign_keys if fk.name != item.name)
            new = msgspec.structs.replace(new, foreign_keys=kept)
    unvalidated = [label for label in facts_of(noun).get("not_valid", ()) if label != name]
    return with_facts(new, not_valid=unvalidated or None) if "not_valid" in facts_of(noun) else new


def _validate(
    session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled
) -> Noun:
    name = command["name"]
    if name not in names_in_use(noun):
        bare = split_name(noun.name)[1]
        raise error("42704", f'constraint "{name}" of relation "{bare}" does not exist')
    checked = {item.name for item in noun.checks} | {fk.name for fk in noun.foreign_keys}
    if name not in checked:
        bare = split_name(noun.name)[1]
        message = (
            f'constraint "{name}" of relation "{bare}" is not a foreign key or check constraint'
        )
        raise error("42809", message)
    left = [label for label in facts_of(noun).get("not_valid", ()) if label != name]
    return with_facts(noun, not_valid=left or None)


def _alter(session: Session, planner: Planner, noun: Noun, command: Node, filled: Filled) -> Noun:
    definition = command["def"]
    constraint = definition.get("ATAlterConstraint") or definition["Constraint"]
    name, bare = constraint["conname"], split_name(noun.name)[1]
    if name not in names_in_use(noun):
        raise error("42704", f'constraint "{name}" of relation "{bare}" does not exist')
    if all(fk.name != name for fk in noun.foreign_keys):
        raise error(
            "42809", f'constraint "{name}" of relation "{bare}" is not a foreign key constraint'
        )
    is_deferrable = bool(constraint.get("deferrable"))
    is_deferred = bool(constraint.get("initdeferred"))
    keys = tuple(
        msgspec.structs.replace(fk, is_deferrable=is_deferrable, is_deferred=is_deferred)
        if fk.name == name
        else fk
        for fk in noun.foreign_keys
    )
    return msgspec.structs.replace(noun, foreign_keys=keys)


CONSTRAINT_COMMANDS: dict[str, Any] = {
    "AT_AddConstraint": _add_constraint, "AT_DropConstraint": _drop_constraint, "AT_ValidateConstraint": _validate,
    "AT_AlterConstraint": _alter,
}  # fmt: skip
