"""What is wrong with CREATE TABLE by itself, which is told before the table is looked for: types, identities, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.ddl.columns import column_type, require_identity
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]
KEYS = {"CONSTR_PRIMARY": "primary key", "CONSTR_UNIQUE": "unique"}


def require_sound(planner: Planner, node: Node) -> None:
    """See that the types of columns exist and that keys are of columns of the table, each once.

    Raises:
        PostgresError: 42704, 42P16, 22023; 42703 no such column; 42701 a column twice.
    """
    elements = node.get("tableElts", [])
    names: list[str] = []
    is_whole = "inhRelations" not in node
    for element in elements:
        if "TableLikeClause" in element:
            is_whole = False
            table_liked(planner, element["TableLikeClause"])
        definition = element.get("ColumnDef")
        if definition is not None:
            _require_column(planner, definition)
            names.append(definition["colname"])
    listed = listed_constraints(elements)
    _require_keys(node["relation"]["relname"], listed, set(names) if is_whole else None)
    for at, name in enumerate(names):
        if name in names[:at]:
            raise error("42701", f'column "{name}" specified more than once')


def _require_column(planner: Planner, definition: Node) -> None:
    if "typeName" in definition:
        kind = column_type(planner, definition)
        kinds = {item["Constraint"]["contype"] for item in definition.get("constraints", [])}
        if "CONSTR_IDENTITY" in kinds:
            require_identity(kind.oid)


def listed_constraints(elements: list[Node]) -> list[tuple[Node, str | None]]:
    """Return the constraints as they are written, each with the column it stands at, None for the table's own."""
    found: list[tuple[Node, str | None]] = []
    for element in elements:
        if "Constraint" in element:
            found.append((element["Constraint"], None))
        definition = element.get("ColumnDef", {})
        own = merged(definition.get("constraints", []))
        found += [(item["Constraint"], definition["colname"]) for item in own]
    return found


def without_repeated_keys(listed: list[tuple[Node, str | None]]) -> list[tuple[Node, str | None]]:
    """Leave out keys of the very columns of another: the primary key is kept, else the first, with whichever name there is."""
    found: list[tuple[Node, str | None]] = []
    kept: dict[tuple[str, ...], Node] = {}
    for constraint, column in sorted(
        listed, key=lambda pair: pair[0]["contype"] != "CONSTR_PRIMARY"
    ):
        if constraint["contype"] not in KEYS or "indexname" in constraint:
            found.append((constraint, column))
            continue
        names = tuple([column] if column else key_names(constraint))
        facts = tuple(constraint.get(name) for name in ("deferrable", "nulls_not_distinct"))
        first = kept.setdefault((*names, *map(str, facts)), constraint)
        if first is constraint:
            found.append((constraint, column))
        elif "conname" in constraint:
            first.setdefault("conname", constraint["conname"])
    return found


def table_liked(planner: Planner, clause: Node) -> Noun:
    """Return the table that a LIKE clause names.

    Raises:
        PostgresError: no such table (42P01).
    """
    relation = clause["relation"]
    source = planner.names.table(relation)
    if source is None:
        message = f'relation "{relation["relname"]}" does not exist'
        raise error("42P01", message, position=relation.get("location"))
    return source


def _require_keys(
    table: str, constraints: list[tuple[Node, str | None]], names: set[str] | None
) -> None:
    has_primary = False
    for constraint, column in constraints:
        what = KEYS.get(constraint["contype"])
        if what is None or "indexname" in constraint:
            continue
        place = constraint.get("location")
        if constraint["contype"] == "CONSTR_PRIMARY":
            if has_primary:
                message = f'multiple primary keys for table "{table}" are not allowed'
                raise error("42P16", message, position=place)
            has_primary = True
        require_key_columns([column] if column else key_names(constraint), names, what, place)


def require_sound_key(command: Node) -> None:
    """See that a key that ALTER TABLE adds has each column once (42701), before anything is done."""
    constraint = command.get("def", {}).get("Constraint", {})
    what = KEYS.get(constraint.get("contype", ""))
    if command["subtype"] == "AT_AddConstraint" and what is not None:
        require_key_columns(key_names(constraint), None, what, constraint.get("location"))


def key_names(constraint: Node) -> list[str]:
    """Return the names of the columns of a key that is a constraint of its table."""
    return [part["String"]["sval"] for part in constraint.get("keys", [])]


def require_key_columns(
    listed: list[str], names: set[str] | None, what: str, place: int | None
) -> None:
    """See that each column of a key exists (42703; not looked for without `names`) and comes once (42701)."""
    for at, name in enumerate(listed):
        if names is not None and name not in names:
            raise error("42703", f'column "{name}" named in key does not exist', position=place)
        if name in listed[:at]:
            message = f'column "{name}" appears twice in {what} constraint'
            raise error("42701", message, position=place)


def merged(constraints: list[Node]) -> list[Node]:
    """Fold DEFERRABLE and INITIALLY DEFERRED, which the grammar gives as items of their own, into what they follow."""
    found: list[Node] = []
    for item in constraints:
        kind = item["Constraint"]["contype"]
        if kind == "CONSTR_ATTR_DEFERRABLE" and found:
            found[-1]["Constraint"]["deferrable"] = True
        elif kind == "CONSTR_ATTR_DEFERRED" and found:
            found[-1]["Constraint"] |= {"initdeferred": True, "deferrable": True}
        elif not kind.startswith("CONSTR_ATTR_"):
            found.append({"Constraint": dict(item["Constraint"])})
    return found
