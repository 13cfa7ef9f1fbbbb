"""Keys, foreign keys and indexes that a partition takes over from the table it is a part of, and what those must have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo_postgres.engine.ddl.scopes import choose_name
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import is_partitioned
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.partitioning import keys_of
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo.storage import Index, Noun

Node = dict[str, Any]
_ACTIONS = {"no action": "a", "restrict": "r", "cascade": "c", "set null": "n", "set default": "d"}


def cloned_keys(parent: Noun, catalog: Any) -> list[Node]:
    """Return the keys and foreign keys of a partitioned table as nodes for a partition of it."""
    names = {column.column: column.name for column in parent.columns}
    made: list[Node] = []
    if parent.key:
        made.append({"contype": "CONSTR_PRIMARY", "keys": _strings(names, parent.key)})
    made += [
        {"contype": "CONSTR_UNIQUE", "keys": _strings(names, unique.columns)}
        for unique in parent.uniques
    ]
    full = facts_of(parent).get("match_full", ())
    for fk in parent.foreign_keys:
        target = catalog.noun(fk.target)
        schema, bare = split_name(fk.target)
        there = {column.column: column.name for column in target.columns}
        made.append(
            {
                "contype": "CONSTR_FOREIGN",
                "conname": fk.name,
                "fk_attrs": _strings(names, fk.columns),
                "pktable": {"schemaname": schema, "relname": bare, "inh": True},
                "pk_attrs": _strings(there, fk.target_columns),
                "fk_matchtype": "f" if fk.name in full else "s",
                "fk_upd_action": _ACTIONS[fk.on_update],
                "fk_del_action": _ACTIONS[fk.on_delete],
                "deferrable": fk.is_deferrable,
                "initdeferred": fk.is_deferred,
            }
        )
    return [{"Constraint": node} for node in made]


def _strings(names: dict[str, str], physical: tuple[str, ...]) -> list[Node]:
    return [{"String": {"sval": names[column]}} for column in physical]


def cloned_indexes(parent: Noun, child: Noun, taken: set[str]) -> Noun:
    """Return a partition with indexes like those of the table it is a part of."""
    made: list[Index] = list(child.indexes)
    there = {column.name: column.column for column in child.columns}
    for index in parent.indexes:
        if any(there.get(c.name) != c.column for c in parent.columns):
            raise not_supported("an index of a partition whose columns are kept under other names")
        name = index_name(index, child, taken | {one.name for one in made})
        made.append(msgspec.structs.replace(index, name=name))
    return msgspec.structs.replace(child, indexes=tuple(made))


def index_name(index: Index, child: Noun, taken: set[str]) -> str:
    """Return the name that a partition's index gets by itself."""
    told = index.extra.get(EXTRA, {}).get("expressions", {})
    names = {f'"{column.column}"': column.name for column in child.columns}
    parts = [
        names.get(term.removesuffix(" desc"), told.get(str(at), {}).get("name", "expr"))
        for at, term in enumerate(index.terms)
    ]
    return choose_name(taken, split_name(child.name)[1], "_".join(parts), "idx")


def require_partition_key(noun: Noun) -> None:
    """See that every key of a partitioned table holds its partition key, without which no partition could keep it.

    Raises:
        PostgresError: one does not (0A000).
    """
    if not is_partitioned(noun):
        return
    names = {column.column: column.name for column in noun.columns}
    listed = [("PRIMARY KEY", noun.key)] if noun.key else []
    listed += [("UNIQUE", unique.columns) for unique in noun.uniques]
    listed += [
        ("UNIQUE", tuple(term.removesuffix(" desc").strip('"') for term in index.terms))
        for index in noun.indexes
        if index.is_unique
    ]
    bare = split_name(noun.name)[1]
    for word, columns in listed:
        within = {names.get(column) for column in columns}
        for key in keys_of(noun):
            if key.column is None:
                message = f"unsupported {word} constraint with partition key definition"
                detail = (
                    f"{word} constraints cannot be used when partition keys include expressions."
                )
                raise error("0A000", message, detail=detail)
            if key.column not in within:
                message = (
                    "unique constraint on partitioned table must include all partitioning columns"
                )
                detail = (
                    f'{word} constraint on table "{bare}" lacks column "{key.column}"'
                    " which is part of the partition key."
                )
                raise error("0A000", message, detail=detail)
