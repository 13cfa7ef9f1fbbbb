"""CREATE SEQUENCE and ALTER SEQUENCE."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Column, Noun, alter_noun
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import create_owned, with_facts
from dotdo_postgres.engine.ddl.sequence_options import read_options, settled
from dotdo_postgres.engine.ddl.temporary import begin_using
from dotdo_postgres.engine.naming import definition_name, split_name
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.objects.temporary import is_temporary
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.collected import Sequence
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def plan_create_sequence(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE SEQUENCE."""
    return Prepared(None, (), "CREATE SEQUENCE", define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    key = planner.names.key_to_create(node["sequence"])
    options = read_options(planner, node.get("options", []))
    owned = options.pop("owned_by", None)
    found = settled(options)
    if key[1] in planner.names.taken(key[0]):
        if node.get("if_not_exists"):
            session.notice("NOTICE", "42P07", f'relation "{key[1]}" already exists, skipping')
            return
        raise error("42P07", f'relation "{key[1]}" already exists')
    facts: dict[str, Any] = {"kind": "S", "options": found}
    if owned:
        owner = _owner(planner, owned, key[0])
        facts["owned_by"] = list(owner) if owner else None
    if is_temporary(key[0]):
        begin_using(session)
    noun = Noun(0, definition_name("sequence", *key), "definition", "", extra={EXTRA: facts})
    create_owned(session, noun)


def _owner(planner: Planner, parts: list[str], schema: str) -> tuple[int, str] | None:
    if parts == ["none"]:
        return None
    if len(parts) < 2:
        hint = "Specify OWNED BY table.column or OWNED BY NONE."
        raise error("42601", "invalid OWNED BY option", hint=hint)
    node = {"relname": parts[-2]} | ({"schemaname": parts[-3]} if len(parts) > 2 else {})
    noun = planner.names.table(node)
    if noun is None:
        raise error("42P01", f'relation "{parts[-2]}" does not exist')
    if split_name(noun.name)[0] != schema:
        raise error("55000", "sequence must be in same schema as table it is linked to")
    if noun.column(parts[-1]) is None:
        raise error("42703", f'column "{parts[-1]}" of relation "{parts[-2]}" does not exist')
    return noun.id, parts[-1]


def plan_alter_sequence(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER SEQUENCE."""
    return Prepared(None, (), "ALTER SEQUENCE", define(_alter), detail=node)


def _alter(session: Session, planner: Planner, node: Node) -> None:
    relation = node["sequence"]
    sequence = planner.names.sequence(relation.get("schemaname"), relation["relname"])
    if sequence is None:
        name = relation["relname"]
        if planner.names.find(relation.get("schemaname"), name) is not None:
            raise error("42809", f'"{name}" is not a sequence')
        if node.get("missing_ok"):
            session.notice("NOTICE", "00000", f'relation "{name}" does not exist, skipping')
            return
        raise error("42P01", f'relation "{name}" does not exist')
    if sequence.column is not None:
        noun = sequence.noun
        column = next(c for c in noun.columns if c.column == sequence.column)
        new = change_serial(session, planner, noun, column, node.get("options", []))
        if new != noun:
            alter_noun(session.kernel, new)
        return
    options = read_options(planner, node.get("options", []))
    changed = sequence.noun
    if "owned_by" in options:
        owner = _owner(planner, options.pop("owned_by"), sequence.key[0])
        changed = with_facts(changed, owned_by=list(owner) if owner else None)
    following = session.sequences.state(sequence)
    facts = settled(options, sequence)
    if facts != facts_of(changed)["options"]:
        changed = with_facts(changed, options=facts)
    if changed != sequence.noun:
        alter_noun(session.kernel, changed)
    _settle_value(session, sequence, facts, options, following)


def _settle_value(
    session: Session,
    sequence: Sequence,
    facts: dict[str, Any],
    options: dict[str, Any],
    following: tuple[int, bool],
) -> None:
    """Let the sequence go on where it was, or where RESTART says."""
    altered = msgspec_sequence(sequence, facts)
    if "restart" in options:
        value = options["restart"] if options["restart"] is not None else facts["start"]
        session.sequences.set(altered, value, is_called=False)
    elif facts["increment"] != sequence.increment:
        session.sequences.set(altered, following[0], is_called=following[1])


def msgspec_sequence(sequence: Sequence, facts: dict[str, Any]) -> Sequence:
    """Return a sequence with other facts."""
    from dataclasses import replace

    return replace(sequence, **facts)


def change_serial(
    session: Session,
    planner: Planner,
    noun: Noun,
    column: Column,
    nodes: list[Node],
    **changes: Any,
) -> Noun:
    """Change the sequence behind a column; return the table's definition with it."""
    from dotdo_postgres.engine.objects.collected import serial_sequence

    facts = column.extra[EXTRA]
    sequence = serial_sequence(noun, column, (split_name(noun.name)[0], facts["sequence"]))
    options = read_options(planner, nodes)
    if options.pop("owned_by", None) == ["none"]:
        raise not_supported("ALTER SEQUENCE ... OWNED BY NONE for a serial column")
    following = session.sequences.state(sequence)
    found = settled(options, sequence)
    kept = {
        key: value
        for key, value in found.items()
        if key != "type" and getattr(_plain(sequence), key) != value
    }
    told = {k: v for k, v in (facts | changes | {"options": kept or None}).items() if v is not None}
    _settle_value(session, sequence, found, options, following)
    changed = msgspec.structs.replace(column, extra={**column.extra, EXTRA: told})
    return msgspec.structs.replace(
        noun, columns=tuple(changed if c.column == column.column else c for c in noun.columns)
    )


def _plain(sequence: Sequence) -> Sequence:
    from dotdo_postgres.engine.ddl.sequence_options import settled as plain

    return msgspec_sequence(sequence, plain({"as": sequence.type}))
