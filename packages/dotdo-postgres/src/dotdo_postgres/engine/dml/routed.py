"""INSERT into a partitioned table: its rows are computed first, and each goes to the partition that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import family_of, is_partitioned
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.parameters import codec_for
from dotdo_postgres.engine.partitioning import find_partition, keys_of
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.planner import build_select
from dotdo_postgres.engine.query import Entry, OutputColumn, Query, Select, Target, Values
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.plan import ResultColumn
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.relations import Relation, RelationColumn
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]
RowCheck = Callable[[Entry], ir.Expr | None]


@dataclass(slots=True)
class Routed:
    """What routing needs.

    Args:
        relation: The partitioned table.
        source: Computes the rows: the given columns, then the terms of all keys.
        names: Names of the given columns.
        drawn: Columns whose value is a sequence's next number, with the sequence.
        keys: For each partitioned table of the family where the terms of its key are among the source's columns, or
            the names of drawn columns.
        node: The statement, for what each partition is to do with its rows.
        returning: The RETURNING list, its stars written out.
        parts: The statements of partitions planned so far.
    """

    relation: Relation
    source: Prepared
    names: list[str]
    drawn: list[tuple[str, str]]
    keys: dict[int, list[int | str]]
    node: Node
    returning: list[Node] | None
    parts: dict[int, Prepared] = field(default_factory=dict)


def plan_routed(  # noqa: PLR0917 -- what the statement is made of
    planner: Planner,
    binder: Binder,
    relation: Relation,
    filled: list[tuple[RelationColumn, list[ir.Expr] | None]],
    query: Query | None,
    node: Node,
    param_types: tuple[t.PgType, ...],
    columns: tuple[ResultColumn, ...] | None,
    check: RowCheck | None = None,
) -> Prepared:
    """Plan it.

    Args:
        planner: The statement's.
        binder: The statement's.
        relation: The partitioned table.
        filled: Columns with their values for each row of VALUES; None for those that the query gives, in its order.
        query: The query whose rows are inserted, None for VALUES.
        node: The statement.
        param_types: Types of its parameters.
        columns: Its result columns.
        check: Returns what each row must keep, given where it is; None when anything may be written.
    """
    drawn: list[tuple[str, str]] = []
    kept: list[tuple[RelationColumn, list[ir.Expr] | None]] = []
    for column, cells in filled:
        sequence = _sequence(cells)
        if sequence is not None:
            drawn.append((column.name, sequence))
        else:
            kept.append((column, cells))
    rows = _rows(kept, query)
    entry = Entry("", list(rows.columns), query=rows)
    if check is not None:
        entry = _held(relation, kept, drawn, entry, check)
    keys, targets = _key_targets(binder, planner, relation, kept, drawn, entry)
    whole = Select([target.column for target in targets], targets=targets, from_items=[entry])
    source = build_select(planner, whole, param_types, is_wide=True)
    prepared = Prepared(columns, param_types, "INSERT", run_routed, catalog=planner.catalog)
    names = [column.name for column, _ in kept]
    returning = written_out(relation, returning_of(node), _alias(relation, node))
    prepared.detail = Routed(relation, source, names, drawn, keys, node, returning)
    return prepared


def _held(
    relation: Relation,
    kept: list[tuple[RelationColumn, list[ir.Expr] | None]],
    drawn: list[tuple[str, str]],
    rows: Entry,
    check: RowCheck,
) -> Entry:
    """Return the rows, each held against the policies of the table.

    Raises:
        PostgresError: a policy reads a column that a sequence fills later (0A000).
    """
    if drawn and _reads(facts_of(relation.noun).get("policies", {}), {name for name, _ in drawn}):
        raise not_supported("a policy over a column that a sequence fills of a partitioned table")
    places = {column.name: at for at, (column, _) in enumerate(kept)}
    targets = []
    for column in relation.columns:
        at = places.get(column.name)
        empty: ir.Expr = ir.Const(column.type, column.typmod, -1, None)
        cell = empty if at is None else ir.Column(column.type, column.typmod, -1, rows, at)
        targets.append(Target(cell, OutputColumn(column.name, column.type, column.typmod)))
    whole = Select([one.column for one in targets], targets=targets, from_items=[rows])
    whole.limit = ir.Const(t.INT8, -1, -1, _ALL)  # volatile values are drawn once
    entry = Entry("", list(whole.columns), query=whole)
    columns = [column.name for column in relation.columns]
    shown = [
        Target(ir.Column(c.type, c.typmod, -1, entry, columns.index(c.name)), OutputColumn(c.name, c.type, c.typmod))
        for c, _ in kept
    ]  # fmt: skip
    held = Select([one.column for one in shown], targets=shown, from_items=[entry])
    held.where = check(entry)
    return Entry("", list(held.columns), query=held)


_ALL = 1 << 62


def _reads(tree: Any, names: set[str]) -> bool:
    """Tell whether a parse tree names one of these columns."""
    if isinstance(tree, dict):
        fields = tree.get("ColumnRef", {}).get("fields", [])
        if fields and fields[-1].get("String", {}).get("sval") in names:
            return True
        tree = list(tree.values())
    return isinstance(tree, list) and any(_reads(item, names) for item in tree)


def _alias(relation: Relation, node: Node) -> str:
    found: str = node["relation"].get("alias", {}).get("aliasname", relation.name)
    return found


def _sequence(cells: list[ir.Expr] | None) -> str | None:
    """Return the sequence that gives the value of a column in every row."""
    found = {
        cell.argument if isinstance(cell, ir.SessionValue) and cell.kind == "nextval" else None
        for cell in cells or ()
    }
    return found.pop() if len(found) == 1 else None


def _rows(kept: list[tuple[RelationColumn, list[ir.Expr] | None]], query: Query | None) -> Query:
    columns = [OutputColumn(column.name, column.type, column.typmod) for column, _ in kept]
    if query is None:
        count = max((len(cells or ()) for _, cells in kept), default=1)
        rows = [[cells[at] for _, cells in kept if cells] for at in range(count)]
        return Values(columns, rows=rows) if columns else Select([])
    entry = Entry("", list(query.columns), query=query)
    targets = []
    for at, ((column, cells), output) in enumerate(zip(kept, columns, strict=True)):
        expr = cells[0] if cells else ir.Column(column.type, column.typmod, -1, entry, at)
        targets.append(Target(expr, output))
    return Select(columns, targets=targets, from_items=[entry])


def _key_targets(  # noqa: PLR0917 -- what the statement is made of
    binder: Binder,
    planner: Planner,
    relation: Relation,
    kept: list[tuple[RelationColumn, list[ir.Expr] | None]],
    drawn: list[tuple[str, str]],
    entry: Entry,
) -> tuple[dict[int, list[int | str]], list[Target]]:
    """Add the terms of the keys of the family's partitioned tables to what the source computes."""
    columns: dict[str, ir.Expr] = {
        column.name: ir.Column(column.type, column.typmod, -1, entry, at)
        for at, (column, _) in enumerate(kept)
    }
    for column in relation.columns:
        columns.setdefault(column.name, ir.Const(column.type, column.typmod, -1, None))
    targets = [
        Target(ir.Column(output.type, output.typmod, -1, entry, at), output)
        for at, output in enumerate(entry.columns)
    ]
    sequences = {name for name, _ in drawn}
    keys: dict[int, list[int | str]] = {}
    for noun in family_of(planner.catalog, relation.noun):
        if not is_partitioned(noun):
            continue
        places: list[int | str] = []
        for key in keys_of(noun):
            if key.column in sequences:
                places.append(str(key.column))
                continue
            if key.column is not None:
                expr = columns[key.column]
            else:
                if sequences:
                    raise not_supported("a partition key of an expression beside a serial column")
                item = ScopeItem(split_name(noun.name)[1], list(columns.items()), entry=entry)
                scope = Scope(items=[item], entries=[entry], clause="partition key expression")
                expr = binder.known(binder.expression(key.tree, scope))
            places.append(len(targets))
            targets.append(Target(expr, OutputColumn("key", expr.type, expr.typmod)))
        keys[noun.id] = places
    return keys, targets


def returning_of(node: Node) -> list[Node] | None:
    """Return the RETURNING list of a statement, None without."""
    listed: list[Node] | None = node.get("returningList")
    return node["returningClause"]["exprs"] if "returningClause" in node else listed


def written_out(
    relation: Relation, nodes: list[Node] | None, alias: str, others: Sequence[str] = ()
) -> list[Node] | None:
    """Write the stars of a RETURNING list out, so that partitions and descendants answer with the table's own columns."""
    if nodes is None:
        return None
    found: list[Node] = []
    own = [
        {"ResTarget": {"val": {"ColumnRef": {"fields": [_string(alias), _string(c.name)]}}}}
        for c in relation.columns
    ]
    for item in nodes:
        fields = item["ResTarget"]["val"].get("ColumnRef", {}).get("fields", [{}])
        if "A_Star" not in fields[-1]:
            found.append(item)
        elif len(fields) == 1:
            found += own
            for other in others:
                star = {"ColumnRef": {"fields": [_string(other), {"A_Star": {}}]}}
                found.append({"ResTarget": {"val": star}})
        elif fields[-2]["String"]["sval"] == alias:
            found += own
        else:
            found.append(item)
    return found


def _string(text: str) -> Node:
    return {"String": {"sval": text}}


# --- running -------------------------------------------------------------------------------


def run_routed(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Compute the rows, then insert each where it belongs."""
    routed: Routed = prepared.detail

    def work() -> Result:
        computed = session.run_part(routed.source, params, wait)
        assert computed.columns is not None
        rows: list[Any] = []
        count = 0
        for row in computed.rows:
            result = insert_row(session, routed, computed.columns, row, wait)
            count += result.row_count or 0
            rows += result.rows
        return Result(prepared.columns, rows, f"INSERT 0 {count}", count)

    kernel = session.kernel
    return kernel.mutate(work, planned_for=prepared.catalog, wait=wait)


def insert_row(
    session: Session,
    routed: Routed,
    columns: Sequence[ResultColumn],
    row: Sequence[StorageValue],
    wait: bool,
) -> Result:
    """Insert one computed row where it belongs.

    Raises:
        PostgresError: nowhere (23514).
    """
    drawn = {name: session.sequences.next(sequence, 1) for name, sequence in routed.drawn}
    leaf = _leaf(session, routed, columns, row, drawn)
    part = routed.parts.get(leaf.id)
    width = len(routed.names)
    if part is None:
        oids = (*(column.oid for column in columns[:width]), *(t.INT8 for _ in routed.drawn))
        part = routed.parts[leaf.id] = _plan_part(session, routed, leaf, oids)
    values = [
        _given(session, part, at, column, value)
        for at, (column, value) in enumerate(zip(columns[:width], row, strict=False))
    ]
    return session.run_part(part, [*values, *drawn.values()], wait)


def _plan_part(session: Session, routed: Routed, leaf: Noun, oids: tuple[int, ...]) -> Prepared:
    schema, bare = split_name(leaf.name)
    node = routed.node
    names = [*routed.names, *(name for name, _ in routed.drawn)]
    relation = {
        "schemaname": schema,
        "relname": bare,
        "relpersistence": "p",
        "alias": {"aliasname": _alias(routed.relation, node)},
    }
    made: Node = {
        "relation": relation,
        "cols": [{"ResTarget": {"name": name}} for name in names],
        "override": "OVERRIDING_SYSTEM_VALUE",
    }
    cells = [{"ParamRef": {"number": at}} for at in range(1, len(names) + 1)]
    if names:
        made["selectStmt"] = {
            "SelectStmt": {"valuesLists": [{"List": {"items": cells}}], "op": "SETOP_NONE"}
        }
    else:
        made.pop("cols")
    if "onConflictClause" in node:
        made["onConflictClause"] = node["onConflictClause"]
    if routed.returning is not None:
        made["returningList"] = routed.returning
    return session.plan_inside({"InsertStmt": made}, oids=oids, is_trusted=True)


def _given(
    session: Session, part: Prepared, at: int, column: ResultColumn, value: StorageValue
) -> StorageValue:
    """Return a computed value in the form in which a partition's statement takes it."""
    if value is None:
        return None
    own = part.codecs.get(at)
    if column.oid == t.NUMERIC:
        number = column.codec.to_python(value) if column.codec.to_python else value
        wanted = own or codec_for(session, t.NUMERIC)
        assert wanted.from_python is not None
        found: StorageValue = wanted.from_python(number)
        return found
    return value if own is None else own.from_text(column.codec.to_text(value))


def _leaf(
    session: Session,
    routed: Routed,
    columns: Sequence[ResultColumn],
    row: Sequence[StorageValue],
    drawn: dict[str, int],
) -> Noun:
    noun = routed.relation.noun
    catalog = session.kernel.catalog
    while is_partitioned(noun):
        values: list[Any] = [
            drawn[place] if isinstance(place, str) else _decimal(columns[place], row[place])
            for place in routed.keys[noun.id]
        ]
        found = find_partition(catalog, noun, values)
        if found is None:
            raise _no_partition(noun, routed, columns, row, drawn)
        noun = found
    return noun


def _decimal(column: ResultColumn, value: StorageValue) -> StorageValue | Decimal:
    if column.oid != t.NUMERIC or value is None or column.codec.to_python is None:
        return value
    number: Decimal = column.codec.to_python(value)
    return number


def _no_partition(
    noun: Noun,
    routed: Routed,
    columns: Sequence[ResultColumn],
    row: Sequence[StorageValue],
    drawn: dict[str, int],
) -> Exception:
    shown = []
    for place in routed.keys[noun.id]:
        if isinstance(place, str):
            shown.append(str(drawn[place]))
        else:
            value = row[place]
            shown.append("null" if value is None else columns[place].codec.to_text(value))
    bare = split_name(noun.name)[1]
    texts = ", ".join(key.text for key in keys_of(noun))
    detail = f"Partition key of the failing row contains ({texts}) = ({', '.join(shown)})."
    message = f'no partition of relation "{bare}" found for row'
    schema = split_name(noun.name)[0]
    return error("23514", message, detail=detail, schema=schema, table=bare)
