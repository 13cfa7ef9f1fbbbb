"""INHERITS and PARTITION OF: what a new table takes over from the tables it descends from, and which it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo_postgres.engine.ddl.likes import DEFAULTS, GENERATED, column_node
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import bound_of, is_partitioned
from dotdo_postgres.engine.objects.kept import HIDDEN, kind_of
from dotdo_postgres.engine.objects.temporary import is_temporary
from dotdo_postgres.engine.relations import EXTRA, relation_of
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.relations import RelationColumn
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def parents_named(planner: Planner, node: Node, *, is_partition: bool) -> list[Noun]:
    """Return the tables that a new one descends from.

    Raises:
        PostgresError: no such table (42P01), twice the same (42P07), one that cannot have descendants (42809).
    """
    found: list[Noun] = []
    schema = planner.names.key_to_create(node["relation"])[0]
    for item in node.get("inhRelations", []):
        relation = item["RangeVar"]
        noun = planner.binder().relation({**relation, "location": None}).noun
        require_parent(noun, is_partition=is_partition)
        if is_temporary(split_name(noun.name)[0]) and not is_temporary(schema):
            bare = split_name(noun.name)[1]
            word = "create a permanent relation as partition of" if is_partition else "inherit from"
            raise error("42809", f'cannot {word} temporary relation "{bare}"')
        if noun in found:
            bare = split_name(noun.name)[1]
            raise error("42P07", f'relation "{bare}" would be inherited from more than once')
        found.append(noun)
    return found


def require_parent(noun: Noun, *, is_partition: bool) -> None:
    """See that a table may have descendants of a kind.

    Raises:
        PostgresError: it may not (42809).
    """
    bare = split_name(noun.name)[1]
    if kind_of(noun) != "r":
        raise error("42809", f'inherited relation "{bare}" is not a table or foreign table')
    if is_partition and not is_partitioned(noun):
        raise error("42809", f'"{bare}" is not partitioned')
    if not is_partition and is_partitioned(noun):
        raise error("42809", f'cannot inherit from partitioned table "{bare}"')
    if not is_partition and bound_of(noun) is not None:
        raise error("42809", f'cannot inherit from partition "{bare}"')


def with_inherited(
    session: Session | None, parents: list[Noun], elements: list[Node], *, is_partition: bool
) -> list[Node]:
    """Put what is inherited before what a table's own definition says, merging columns of one name.

    Raises:
        PostgresError: columns of one name differ (42804), or their defaults do (42611).
    """
    columns: dict[str, Node] = {}
    kinds: dict[str, RelationColumn] = {}
    conflicts: set[str] = set()
    checks: dict[str, Node] = {}
    for parent in parents:
        for column in relation_of(parent).columns:
            made = column_node(column, parent, DEFAULTS | GENERATED)["ColumnDef"]
            if column.name in columns:
                _merge(session, columns[column.name], made, kinds[column.name], column, conflicts)
            else:
                columns[column.name], kinds[column.name] = made, column
        checks |= _checks(parent)
    own: list[Node] = []
    for element in elements:
        definition = element.get("ColumnDef")
        if definition is None:
            own.append(element)
        elif definition["colname"] in columns:
            _merge_own(session, columns[definition["colname"]], definition, is_partition)
            conflicts.discard(definition["colname"])
        elif is_partition and "typeName" not in definition:
            raise error("42703", f'column "{definition["colname"]}" does not exist')
        else:
            own.append(element)
    for name in conflicts:
        hint = "To resolve the conflict, specify a default explicitly."
        raise error("42611", f'column "{name}" inherits conflicting default values', hint=hint)
    named = {item["Constraint"].get("conname") for item in own if "Constraint" in item}
    kept = [check for name, check in checks.items() if name not in named]
    return [*({"ColumnDef": one} for one in columns.values()), *own, *kept]


def _checks(parent: Noun) -> dict[str, Node]:
    from dotdo_postgres.engine.catalog.expressions import parse_expression

    return {
        c.name: {
            "Constraint": {
                "contype": "CONSTR_CHECK",
                "conname": c.name,
                "raw_expr": parse_expression(c.source),
            }
        }
        for c in parent.checks
        if c.source and not c.name.startswith(HIDDEN)
    }


def _merge(  # noqa: PLR0917 -- two columns, each as node and as it is
    session: Session | None,
    have: Node,
    more: Node,
    kind: RelationColumn,
    other: RelationColumn,
    conflicts: set[str],
) -> None:
    name = kind.name
    if session is not None:
        message = f'merging multiple inherited definitions of column "{name}"'
        session.notice("NOTICE", "00000", message)
    if (kind.type, kind.typmod) != (other.type, other.typmod):
        shown = [t.format_type(one.type, one.typmod) for one in (kind, other)]
        message = f'inherited column "{name}" has a type conflict'
        raise error("42804", message, detail=" versus ".join(shown))
    if kind.default != other.default:
        conflicts.add(name)
    have["constraints"] += [
        item for item in more["constraints"] if item["Constraint"]["contype"] == "CONSTR_NOTNULL"
    ]


def _merge_own(session: Session | None, have: Node, own: Node, is_partition: bool) -> None:
    name = own["colname"]
    if not is_partition:
        if session is not None:
            message = f'merging column "{name}" with inherited definition'
            session.notice("NOTICE", "00000", message)
        own_type = own["typeName"]["names"][-1]["String"]["sval"]
        their_type = have["typeName"]["names"][-1]["String"]["sval"]
        if own_type != their_type:
            shown = [
                t.BY_NAME[one].sql_name if one in t.BY_NAME else one
                for one in (their_type, own_type)
            ]
            message = f'column "{name}" has a type conflict'
            raise error("42804", message, detail=" versus ".join(shown))
    given = own.get("constraints", [])
    kinds = {item["Constraint"]["contype"] for item in given}
    if "CONSTR_DEFAULT" in kinds:
        have["constraints"] = [
            item
            for item in have["constraints"]
            if item["Constraint"]["contype"] != "CONSTR_DEFAULT"
        ]
    have["constraints"] += given


def as_descendant(noun: Noun, parents: list[Noun], own: set[str], bound: Any = None) -> Noun:
    """Note from which tables a definition descends, and which of its columns it has from them.

    Args:
        noun: The definition.
        parents: Its parents.
        own: Names of the columns that it defines itself.
        bound: Its bound, when it is a partition.
    """
    counts = {
        column.name: sum(parent.column(column.name) is not None for parent in parents)
        for column in noun.columns
    }
    columns = tuple(
        msgspec.structs.replace(
            column,
            extra={
                **column.extra,
                EXTRA: column.extra.get(EXTRA, {})
                | {"inherited": counts[column.name], "is_local": column.name in own},
            },
        )
        if counts[column.name]
        else column
        for column in noun.columns
    )
    facts = dict(noun.extra.get(EXTRA, {})) | {"inherits": [parent.id for parent in parents]}
    if bound is not None:
        facts["bound"] = bound
    return msgspec.structs.replace(noun, columns=columns, extra={**noun.extra, EXTRA: facts})
