"""Statements with data-modifying WITH: each of its queries is a stage; all of them see the tables as they were at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo.storage.names import quoted
from dotdo.storage.virtual import ComputedRows
from dotdo_postgres.engine.bind.queries import named_columns
from dotdo_postgres.engine.bind.relations import find_relation
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.updatable import written_nouns
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.objects.descent import family_of
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.query import Cte, OutputColumn
from dotdo_postgres.engine.relations import Relation
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner, PlanStatement
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]
CHANGING = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt"})


@dataclass(slots=True)
class Staged:
    """What running the stages needs.

    Args:
        stages: The queries of WITH in order.
        main: What comes after it.
        snapshots: Tables to be kept as they are at first, with the names under which stages read them.
        order: In which they run: -1 for the main query.
    """

    stages: list[Prepared]
    main: Prepared
    snapshots: dict[str, str]
    order: list[int]


def has_changes(node: Node) -> bool:
    """Tell whether a statement's own WITH changes data."""
    ctes = node.get("withClause", {}).get("ctes", [])
    return any(CHANGING & item["CommonTableExpr"]["ctequery"].keys() for item in ctes)


def plan_staged(
    planner: Planner, planners: dict[str, PlanStatement], kind: str, body: Node
) -> Prepared:
    """Plan a statement whose WITH changes data; types of parameters are found in a first round."""
    outer = planner.outer
    planner.is_trial = planner.is_staged = True
    trial = _Stages(planner, planners, {})
    trial.plan(kind, body)
    planner.is_trial = False
    planner.param_oids = tuple(planner.binder().param_types)
    planner.shared, planner.outer = None, outer
    return _Stages(planner, planners, trial.changed).plan(kind, body)


MAIN = -1


def with_snapshots(planner: Planner, main: Prepared) -> Prepared:
    """Let a statement read tables as they were before it, where it has asked to."""
    read = planner.binder_used.snapshots_read.values()
    snapshots = {relation.noun.table: relation.snapshot for relation in read}
    prepared = Prepared(main.columns, main.param_types, main.tag_kind, run_staged)
    prepared.catalog, prepared.codecs = planner.catalog, main.codecs
    prepared.detail = Staged([], main, snapshots, [MAIN])
    return prepared


class _Stages:
    """The stages while they are planned; `known` tells for each which tables it changes, once a trial has found that out."""

    def __init__(
        self, planner: Planner, planners: dict[str, PlanStatement], known: dict[int, set[str]]
    ) -> None:
        self.planner, self.planners, self.known = planner, planners, known
        self.scope = Scope(parent=planner.outer)
        self.changed: dict[int, set[str]] = {}
        self.stages: list[Prepared] = []
        self.reads: dict[int, list[int]] = {}

    def plan(self, kind: str, body: Node) -> Prepared:
        planner, clause = self.planner, body["withClause"]
        planner.outer = self.scope
        for item in clause["ctes"]:
            self._add(item["CommonTableExpr"], bool(clause.get("recursive")))
        rest = {key: value for key, value in body.items() if key != "withClause"}
        main = self._stage(kind, rest, MAIN)
        if kind in CHANGING | {"MergeStmt"}:
            self._note_target(rest, MAIN)
        snapshots = {
            relation.noun.table: relation.snapshot
            for relation in planner.binder().snapshots_read.values()
        }
        prepared = Prepared(main.columns, main.param_types, main.tag_kind, run_staged)
        prepared.catalog = planner.catalog
        prepared.detail = Staged(self.stages, main, snapshots, self._order())
        return prepared

    def _stage(self, kind: str, body: Node, number: int) -> Prepared:
        """Plan a stage: it reads what others change as it was at first."""
        planner, ctes = self.planner, list(self.scope.ctes.values())
        others = [names for at, names in self.known.items() if at != number]
        planner.contested = set().union(*others)
        planner.binder().snapshots = {name: f"_before {name}" for name in planner.contested}
        before = [cte.uses for cte in ctes]
        made = self.planners[kind](planner, body)
        self.reads[number] = [at for at, cte in enumerate(ctes) if cte.uses > before[at]]
        return made

    def _order(self) -> list[int]:
        """Return the order of running: what the main query reads, it, and then the others, the last one first."""
        found: list[int] = []

        def add(number: int) -> None:
            if number not in found:
                for at in self.reads.get(number, ()):
                    add(at)
                found.append(number)

        for number in (MAIN, *reversed(range(len(self.stages)))):
            add(number)
        return found

    def _add(self, node: Node, is_recursive: bool) -> None:
        name = node["ctename"]
        if name in self.scope.ctes:
            message = f'WITH query name "{name}" specified more than once'
            raise error("42712", message, position=node.get("location", 0))
        ((kind, body),) = node["ctequery"].items()
        number = len(self.stages)
        if kind in CHANGING:
            stage = self._stage(kind, body, number)
            self._note_target(body, number)
        else:
            stage = self._stage("SelectStmt", _reading(node, is_recursive), number)
        listed = [
            OutputColumn(c.name, c.oid, c.typmod, c.table_oid, c.column_number)
            for c in stage.columns or ()
        ]
        if kind in CHANGING:
            listed = named_columns(listed, node)
        cte = Cte(name, listed, table=f"_stage {len(self.stages)} {len(listed)}")
        cte.forms = [Sql(n.null(), c.scale, 18) for c in stage.columns or ()]
        cte.is_without_rows = stage.columns is None
        self.scope.ctes[name] = cte
        self.stages.append(stage)

    def _note_target(self, body: Node, number: int) -> None:
        binder = self.planner.binder()
        found = find_relation(binder, body["relation"])
        noun = found.noun if isinstance(found, Relation) else found
        changed = self.changed.setdefault(number, set())
        for one in written_nouns(binder, noun):
            for member in family_of(self.planner.catalog, one):
                self._note_changed(member.name, changed)

    def _note_changed(self, name: str, changed: set[str]) -> None:
        """Note a table as changed, and those that its foreign keys change with it."""
        if name in changed:
            return
        changed.add(name)
        for noun in self.planner.catalog.nouns:
            for fk in noun.foreign_keys:
                if fk.target == name and {fk.on_delete, fk.on_update} & _FOLLOWING:
                    self._note_changed(noun.name, changed)


_FOLLOWING = {"cascade", "set null", "set default"}


def _reading(node: Node, is_recursive: bool) -> Node:
    """Make a SELECT of all that a query of WITH gives."""
    star: Node = {"ColumnRef": {"fields": [{"A_Star": {}}]}}
    table = {"relname": node["ctename"], "inh": True, "relpersistence": "p"}
    return {
        "targetList": [{"ResTarget": {"val": star}}],
        "fromClause": [{"RangeVar": table}],
        "withClause": {"ctes": [{"CommonTableExpr": node}], "recursive": is_recursive},
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }


def run_staged(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run the stages one after the other as one statement."""
    staged: Staged = prepared.detail
    kernel = session.kernel

    def work() -> Result:
        for table, name in staged.snapshots.items():
            keep_rows(session, kernel.catalog.by_table[table], name)
        outer, session.triggers.touched = session.triggers.touched, (session.depth, set())
        try:
            found = [_run_stage(session, staged, number, params, wait) for number in staged.order]
        finally:
            session.triggers.touched = outer
        session.require_references()
        return found[staged.order.index(MAIN)]

    return kernel.mutate(work, planned_for=prepared.catalog, wait=wait)


def _run_stage(
    session: Session, staged: Staged, number: int, params: Sequence[StorageValue], wait: bool
) -> Result:
    if number == MAIN:
        return session.run_part(staged.main, params, wait)
    result = session.run_part(staged.stages[number], params, wait)
    width = len(result.columns or ())
    if width:
        names = [f"c{at}" for at in range(width)]
        session.stage_rows(f"_stage {number} {width}", names, ComputedRows(result.rows))
    return result


def keep_rows(session: Session, noun: Noun, name: str) -> None:
    """Let the parts of a statement read a table as it is now."""
    columns = [column.column for column in noun.columns]
    if is_documents(noun):
        columns = ["id", "data"]
    if noun.has_hidden_rowid:
        columns.append(noun.rowid)
    listed = ", ".join(map(quoted, columns))
    rows = session.kernel.execute(f"select {listed} from {quoted(noun.table)}")  # noqa: S608 -- quoted names
    session.stage_rows(name, columns, ComputedRows(rows))
