"""ALTER TABLE, ALTER VIEW and their kin: the commands of one statement change a definition, which is then put in place at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.ddl.alter_columns import COLUMN_COMMANDS
from dotdo_postgres.engine.ddl.alter_constraints import CONSTRAINT_COMMANDS
from dotdo_postgres.engine.ddl.alter_descendants import (
    FOLLOWED,
    for_child,
    inherited_column,
    require_alterable,
)
from dotdo_postgres.engine.ddl.alter_options import OPTION_COMMANDS
from dotdo_postgres.engine.ddl.alter_partitions import PARTITION_COMMANDS
from dotdo_postgres.engine.ddl.applying import Filled, apply
from dotdo_postgres.engine.ddl.attached_indexes import attach_index, kind_of_index
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.descendants import require_partition_key
from dotdo_postgres.engine.ddl.owners import change_sequence_owner
from dotdo_postgres.engine.ddl.soundness import require_sound_key
from dotdo_postgres.engine.ddl.tables import find_table
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.descent import children_of, has_children
from dotdo_postgres.engine.objects.kept import kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_COMMANDS = {**COLUMN_COMMANDS, **CONSTRAINT_COMMANDS, **OPTION_COMMANDS, **PARTITION_COMMANDS}
_WORDS = {"OBJECT_TABLE": "TABLE", "OBJECT_VIEW": "VIEW", "OBJECT_MATVIEW": "MATERIALIZED VIEW", "OBJECT_SEQUENCE": "SEQUENCE",
          "OBJECT_INDEX": "INDEX"}  # fmt: skip
_OF_VIEWS = frozenset(
    {"AT_ColumnDefault", "AT_ChangeOwner", "AT_SetRelOptions", "AT_ResetRelOptions"}
)
_PHASES = {"AT_DropColumn": 0, "AT_DropConstraint": 0, "AT_AlterColumnType": 1, "AT_AddColumn": 2}


def plan_alter_table(planner: Planner, node: Node) -> Prepared:  # noqa: ARG001 -- planned as every statement
    """Plan ALTER TABLE, ALTER VIEW, ALTER INDEX and ALTER SEQUENCE in the forms they share."""
    kind = node.get("objtype", "OBJECT_TABLE")
    if kind not in _WORDS:
        raise not_supported(f"ALTER {kind.removeprefix('OBJECT_')}")
    return Prepared(None, (), f"ALTER {_WORDS[kind]}", define(_alter), detail=node)


def _alter(session: Session, planner: Planner, node: Node) -> None:
    if _is_owner_only(planner, node):
        change_sequence_owner(session, planner, node)
        return
    if kind_of_index(node):
        attach_index(planner, node)
        return
    noun = find_table(session, planner, node["relation"], bool(node.get("missing_ok")))
    if noun is None:
        return
    kind = node.get("objtype", "OBJECT_TABLE")
    if kind == "OBJECT_VIEW" and kind_of(noun) != "v":
        raise error("42809", f'"{split_name(noun.name)[1]}" is not a view')
    is_recursive = bool(node["relation"].get("inh"))
    for item in node["cmds"]:
        command = item["AlterTableCmd"]
        require_alterable(planner.catalog, noun, command, is_recursive=is_recursive)
        require_sound_key(command)
    changed = _perform(session, planner, noun, node)
    if is_recursive and has_children(planner.catalog, noun):
        _follow(session, changed, node)


def _follow(session: Session, parent: Noun, node: Node) -> None:
    """Let the descendants of a table follow."""
    for child in children_of(session.kernel.catalog, parent):
        for item in node["cmds"]:
            command = item["AlterTableCmd"]
            if command["subtype"] not in FOLLOWED:
                continue
            current = session.kernel.catalog.by_id[child.id]
            changed, wanted = for_child(session, parent, current, command)
            apply(session, current, changed)
            if wanted is None:
                continue
            step = {**node, "cmds": [{"AlterTableCmd": wanted}]}
            planner = session.planner()
            done = _perform(session, planner, session.kernel.catalog.by_id[child.id], step)
            if wanted["subtype"] == "AT_AddColumn":
                name = wanted["def"]["ColumnDef"]["colname"]
                apply(session, done, inherited_column(done, name))
            _follow(session, session.kernel.catalog.by_id[child.id], step)


def _perform(session: Session, planner: Planner, noun: Noun, node: Node) -> Noun:
    """Do the commands of a statement to one table; return it as it has become."""
    filled: Filled = {}
    new = noun
    commands = [item["AlterTableCmd"] for item in node["cmds"]]
    for command in sorted(commands, key=lambda command: _PHASES.get(command["subtype"], 3)):
        if kind_of(noun) == "v" and command["subtype"] not in _OF_VIEWS:
            bare = split_definition(noun.name)[2]
            message = f'"{bare}" is not a table'
            raise error("42809", message, detail="This operation is not supported for views.")
        act = _COMMANDS.get(command["subtype"])
        if act is None:
            raise not_supported(f"ALTER TABLE ... {command['subtype'].removeprefix('AT_')}")
        new = act(session, planner, new, command, filled)
    require_partition_key(new)
    apply(session, noun, new, filled)
    return session.kernel.catalog.by_id.get(noun.id, new)


def _is_owner_only(planner: Planner, node: Node) -> bool:
    """Tell whether only the owner of an index or sequence is given, which is that of its table."""
    subtypes = {item["AlterTableCmd"]["subtype"] for item in node["cmds"]}
    if subtypes != {"AT_ChangeOwner"}:
        return False
    relation = node["relation"]
    key = planner.names.find(relation.get("schemaname"), relation["relname"])
    return key is not None and planner.names.objects.relation_kind(key) in {"S", "i"}
