"""CREATE VIEW; the queries that views and tables are made of, kept as trees and texts that no search path changes."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from pglast import ast, parse_sql
from pglast.stream import RawStream
from pglast.visitors import Visitor

from dotdo.storage import Column, Noun, alter_noun
from dotdo.storage.names import physical_column
from dotdo_postgres.engine.bind.updatable import refusal
from dotdo_postgres.engine.catalog.dependencies import read_by
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import create_owned, with_facts
from dotdo_postgres.engine.ddl.stars import expand_stars, renamed_columns
from dotdo_postgres.engine.ddl.temporary import begin_using
from dotdo_postgres.engine.naming import definition_name
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.objects.temporary import is_temporary, schema_of
from dotdo_postgres.engine.parse import parse
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA, canonical_type
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.scalar_codecs import boolean_from_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.query import OutputColumn, Query
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def plan_create_view(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE VIEW; what is wrong with its query is found now."""
    _view_facts(planner, node)
    bind_stored(planner, node["query"], node.get("aliases"), "view")
    return Prepared(None, (), "CREATE VIEW", define(_create_view), detail=(node, planner.sql))


_CHECKS = {"LOCAL_CHECK_OPTION": "local", "CASCADED_CHECK_OPTION": "cascaded"}


def _view_facts(planner: Planner, node: Node, query: Query | None = None) -> dict[str, Any]:
    """Read the options of a view.

    Raises:
        PostgresError: one is unknown or not valid (22023), a check option for a view that cannot be written (0A000).
    """
    options = view_options(node.get("options", []))
    told = _CHECKS.get(node.get("withCheckOption", ""), options.pop("check_option", None))
    if told and query is not None and (why := refusal(query)):
        message = "WITH CHECK OPTION is supported only on automatically updatable views"
        raise error("0A000", message, hint=why)
    found: dict[str, Any] = {"check_option": told} if told else {}
    return found | ({"options": options} if options else {})


def view_options(nodes: list[Node]) -> dict[str, Any]:
    """Read WITH (...) of a view.

    Raises:
        PostgresError: an option is unknown or not valid (22023).
    """
    found: dict[str, Any] = {}
    for item in nodes:
        element = item["DefElem"]
        name, arg = element["defname"], element.get("arg", {"String": {"sval": "true"}})
        (body,) = arg.values()
        value = str(next(iter(body.values()), 0)).lower()
        if name == "check_option":
            if value not in {"local", "cascaded"}:
                detail = 'Valid values are "local" and "cascaded".'
                message = f'invalid value for enum option "check_option": {value}'
                raise error("22023", message, detail=detail)
            found[name] = value
        elif name in {"security_barrier", "security_invoker"}:
            try:
                found[name] = bool(boolean_from_text(value))
            except PostgresError:
                message = f'invalid value for boolean option "{name}": {value}'
                raise error("22023", message) from None
        else:
            raise error("22023", f'unrecognized parameter "{name}"')
    return found


def bind_stored(
    planner: Planner, query_node: Node, aliases: list[Node] | None, what: str
) -> tuple[Query, list[OutputColumn], list[str]]:
    """Bind the query of a view or table; return it, its columns and their names.

    Raises:
        PostgresError: parameters (42P02), names twice (42701), too many names (42601).
    """
    binder = planner.binder()
    query = binder.query(query_node, None)
    if binder.param_types:
        raise error("42P02", "there is no parameter $1")
    names = [column.name for column in query.columns]
    given = [item["String"]["sval"] for item in aliases or []]
    if len(given) > len(names):
        text = (
            "CREATE VIEW specifies more column names than columns"
            if what == "view"
            else "too many column names were specified"
        )
        raise error("42601", text)
    names[: len(given)] = given
    for at, name in enumerate(names):
        if name in names[:at]:
            raise error("42701", f'column "{name}" specified more than once')
        if query.columns[at].type == t.UNKNOWN:
            query.columns[at].type = t.TEXT
    return query, query.columns, names


def make_columns(
    columns: Sequence[OutputColumn], names: list[str], *, is_stored: bool
) -> tuple[Column, ...]:
    """Make a noun's columns of a query's."""
    taken: set[str] = set()
    found = []
    for number, (column, name) in enumerate(zip(columns, names, strict=True), start=1):
        physical = physical_column(name, taken)
        taken.add(physical.lower())
        try:
            kind = canonical_type(column.type, column.typmod)
        except PostgresError:
            if is_stored:
                raise
            kind = "any"
        facts = {"oid": column.type, "typmod": column.typmod, "number": number}
        found.append(Column(name, kind, physical, extra={EXTRA: facts}))
    return tuple(found)


def _create_view(session: Session, planner: Planner, detail: tuple[Node, str]) -> None:
    node, sql = detail
    key = planner.names.key_to_create(node["view"])
    query, columns, names = bind_stored(planner, node["query"], node.get("aliases"), "view")
    if not is_temporary(key[0]) and _reads_temporary(planner, query):
        session.notice("NOTICE", "00000", f'view "{key[1]}" will be a temporary view')
        key = planner.names.temporary, key[1]
    if is_temporary(key[0]):
        begin_using(session)
    tree, text = stored_query(planner, sql, query)
    listed = [list(pair) for pair in read_by(query)]
    facts = {"kind": "v", "query": tree, "text": text, "depends": listed}
    facts |= _view_facts(planner, node, query)
    made = make_columns(columns, names, is_stored=False)
    noun = Noun(0, definition_name("view", *key), "definition", "", made, extra={EXTRA: facts})
    present = planner.names.objects.relations.get(key)
    if present is None and key[1] not in planner.names.taken(key[0]):
        create_owned(session, noun)
        return
    if not node.get("replace"):
        raise error("42P07", f'relation "{key[1]}" already exists')
    if present is None or kind_of(present) != "v":
        raise error("42809", f'"{key[1]}" is not a view')
    _require_same_columns(present, made)
    kept = {
        name: value
        for name, value in facts_of(present).items()
        if name in {"comment", "owner", "acl", "triggers"}
    }
    alter_noun(
        session.kernel, msgspec.structs.replace(noun, id=present.id, extra={EXTRA: kept | facts})
    )


def _reads_temporary(planner: Planner, query: Query) -> bool:
    nouns = (planner.catalog.by_id.get(number) for number, _ in read_by(query))
    return any(noun is not None and is_temporary(schema_of(noun)) for noun in nouns)


def _require_same_columns(present: Noun, made: tuple[Column, ...]) -> None:
    if len(made) < len(present.columns):
        raise error("42P16", "cannot drop columns from view")
    for old, new in zip(present.columns, made, strict=False):
        if old.name != new.name:
            hint = "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead."
            message = f'cannot change name of view column "{old.name}" to "{new.name}"'
            raise error("42P16", message, hint=hint)
        was, now = (c.extra[EXTRA] for c in (old, new))
        if (was["oid"], was["typmod"]) != (now["oid"], now["typmod"]):
            before, after = (
                t.format_type(was["oid"], was["typmod"]),
                t.format_type(now["oid"], now["typmod"]),
            )
            raise error(
                "42P16",
                f'cannot change data type of view column "{old.name}" from {before} to {after}',
            )


class _Qualify(Visitor):
    """Writes the schema of each table that a query names, so that the search path no longer matters."""

    def __init__(self, planner: Planner) -> None:
        super().__init__()
        self._names = planner.names
        self._ctes: set[str] = set()

    def visit_CommonTableExpr(self, ancestors: Any, node: Any) -> None:  # noqa: ARG002, N802 -- pglast's names
        self._ctes.add(node.ctename)

    def visit_RangeVar(self, ancestors: Any, node: Any) -> None:  # noqa: ARG002, N802 -- pglast's names
        if node.schemaname is None and node.relname not in self._ctes:
            key = self._names.find(None, node.relname)
            if key is not None:
                node.schemaname = key[0]


class _Move(Visitor):
    """Gives a table another name wherever a query names it."""

    def __init__(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        super().__init__()
        self._old, self._new = old, new

    def visit_RangeVar(self, ancestors: Any, node: Any) -> None:  # noqa: ARG002, N802 -- pglast's names
        if (node.schemaname, node.relname) == self._old:
            if node.alias is None:
                node.alias = ast.Alias(aliasname=node.relname)
            node.schemaname, node.relname = self._new


def stored_query(planner: Planner, sql: str, bound: Query) -> tuple[Node, str]:
    """Return parse tree and text of the query inside a statement, its tables with their schemas."""
    statement: Any = parse_sql(sql)[0].stmt
    query = getattr(statement, "query", None) or statement
    if isinstance(query, ast.SelectStmt) and query.intoClause is not None:
        query.intoClause = None
    _Qualify(planner)(query)
    expand_stars(query, bound)
    return _tree_and_text(query)


def _tree_and_text(query: Any) -> tuple[Node, str]:
    text = RawStream()(query)
    tree: Node = parse(text)[0]["stmt"]
    return tree, text


def retold_views(session: Session, number: int, old: tuple[str, str], new: tuple[str, str]) -> None:
    """Let the views that read a relation go on reading it under its new name."""
    for noun in list(session.kernel.catalog.by_name.values()):
        facts = facts_of(noun)
        if any(pair[0] == number for pair in facts.get("depends", ())):
            query: Any = parse_sql(facts["text"])[0].stmt
            _Move(old, new)(query)
            tree, text = _tree_and_text(query)
            current = session.kernel.catalog.by_id[noun.id]
            alter_noun(session.kernel, with_facts(current, query=tree, text=text))


def rename_in_views(session: Session, number: int, column: int, old: str, new: str) -> None:
    """Let the views that read a column go on reading it under its new name; theirs keep the old one."""
    for noun in list(session.kernel.catalog.by_name.values()):
        facts = facts_of(noun)
        if any(list(pair) == [number, column] for pair in facts.get("depends", ())):
            bound = session.planner().binder().query(facts["query"], None)
            query: Any = parse_sql(facts["text"])[0].stmt
            renamed_columns(query, bound, number, column, (old, new))
            tree, text = _tree_and_text(query)
            current = session.kernel.catalog.by_id[noun.id]
            alter_noun(session.kernel, with_facts(current, query=tree, text=text))
