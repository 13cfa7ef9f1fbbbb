"""Following verbs from a thing: each hop a join over relationships or over a foreign key."""

from dataclasses import dataclass
from typing import NamedTuple, cast

from dotdo.errors import InvalidQuery, UnknownVerb
from dotdo.graph.context import Graph
from dotdo.graph.rows import Rows, rows_of
from dotdo.graph.thing import Thing
from dotdo.graph.verbs import Form, Verbs
from dotdo.storage import ForeignKey, Noun, Session
from dotdo.storage.names import quoted
from dotdo.values import shown

_MAX_JOINS = 60  # SQLite joins 64 tables
_MAX_ROUTES = 1_000

_TARGETS = """
with recursive d(n) as (
 select min({there}) from _rel where verb = ?1
 union all select (select min({there}) from _rel where verb = ?1 and {there} > n) from d where n is not null)
select n from d where n is not null"""
_CODES = """
with recursive d(n) as (
 select min(verb) from _rel
 union all select (select min(verb) from _rel where verb > n) from d where n is not null)
select n from d where n is not null"""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step from a noun's rows to another's, `{here}` standing for the row id stood on and `{i}` for the step's number.

    Args:
        joins: Pairs of a FROM term and its condition.
        row: Expression of the row id arrived at.
        noun: Arrived at.
    """

    joins: tuple[tuple[str, str], ...]
    row: str
    noun: Noun


class Query(NamedTuple):
    """One route as a join; `?1` is the row id it starts from.

    Args:
        sql: Gives the last noun's rows, once each.
        rows: Makes things of them.
    """

    sql: str
    rows: Rows


class Paths:
    """Traversal of a tenant's relationships.

    Args:
        graph: Where.
        verbs: Knows the forms of verbs.
    """

    __slots__ = ("_graph", "_verbs")

    def __init__(self, graph: Graph, verbs: Verbs) -> None:
        self._graph = graph
        self._verbs = verbs

    def follow(
        self, session: Session, start: Thing, verbs: tuple[str, ...], *, reverse: bool
    ) -> list[Thing]:
        """Return the things at the end of the path, each once, in order of their row ids.

        The queries are made once for each state of the log: when that moves, verbs may lead to other nouns.
        """
        if session.in_transaction:
            return _run(session, start, self._queries(session, start.noun, verbs, reverse=reverse))
        plans, key = session.catalog.derived, (start.noun, verbs, reverse)
        known = cast("tuple[int, list[Query]] | None", plans.get(key))
        while True:
            if known is not None:
                found = _run(session, start, known[1])
                if session.position == known[0]:
                    return found
            position = session.position
            queries = self._queries(session, start.noun, verbs, reverse=reverse)
            if not queries:
                return []  # nothing would tell that the log has moved
            known = plans[key] = (position, queries)

    def _queries(
        self, session: Session, noun: str, verbs: tuple[str, ...], *, reverse: bool
    ) -> list[Query]:
        start = session.catalog.find(noun)
        if not verbs:
            return [_query(session, [hop]) for hop in _all_hops(session, start, reverse=reverse)]
        routes: list[list[Hop]] = [[]]
        for verb in verbs:
            routes = [
                [*route, hop]
                for route in routes
                for hop in self._hops(
                    session, route[-1].noun if route else start, verb, reverse=reverse
                )
            ]
            if len(routes) > _MAX_ROUTES:
                msg = f"a path leads more than {_MAX_ROUTES} ways"
                raise InvalidQuery(msg)
        return [_query(session, route) for route in routes if route]

    def _hops(self, session: Session, noun: Noun, name: str, *, reverse: bool) -> list[Hop]:
        keys = _foreign_key_hops(session, noun, name, reverse=reverse)
        if keys:
            return keys
        try:
            verb, form = self._verbs.find_in(session, name)
        except UnknownVerb:
            msg = f"no verb has the form {shown(name)}, and {noun.name!r} has no foreign key of that name"
            raise UnknownVerb(msg) from None
        is_back = reverse != (form is None)
        code = verb.code(Form.EVENT if form is None else form)
        return _relationship_hops(session, noun, code, is_back=is_back)


def _run(session: Session, start: Thing, queries: list[Query]) -> list[Thing]:
    found: list[Thing] = []
    for query in queries:
        rows = session.read(query.sql, (start.row,), planned_for=session.catalog)
        found += map(query.rows.thing, rows)
    return found if len(queries) < 2 else list(dict.fromkeys(found))


def _query(session: Session, route: list[Hop]) -> Query:
    target = route[-1].noun
    rows = rows_of(session.catalog, target)
    terms, conditions, here = [], [], "?1"
    for i, hop in enumerate(route):
        terms += [term.format(i=i) for term, _ in hop.joins]
        conditions += [condition.format(i=i, here=here) for _, condition in hop.joins]
        here = hop.row.format(i=i)
    if len(terms) > _MAX_JOINS:
        msg = f"a path of {len(route)} steps needs more than {_MAX_JOINS} joins"
        raise InvalidQuery(msg)
    rowid = quoted(target.rowid)
    sql = (
        f"select {rows.columns} from {quoted(target.table)} where {rowid} in"
        f" (select {here} from {', '.join(terms)} where {' and '.join(conditions)}) order by {rowid}"
    )
    return Query(sql, rows)


def _all_hops(session: Session, noun: Noun, *, reverse: bool) -> list[Hop]:
    """Return the steps along whatever there is: every verb in use, every foreign key."""
    hops = [
        hop
        for (code,) in session.read(_CODES)
        for hop in _relationship_hops(session, noun, code, is_back=reverse)
    ]
    owners = session.catalog.nouns if reverse else [noun]
    for name in dict.fromkeys(fk.verb for owner in owners for fk in owner.foreign_keys):
        hops += _foreign_key_hops(session, noun, name, reverse=reverse)
    return hops


def _relationship_hops(session: Session, noun: Noun, code: int, *, is_back: bool) -> list[Hop]:
    """Return the steps along one form of a verb, one for each noun that it leads to."""
    here, there = ("dst", "src") if is_back else ("src", "dst")
    targets = session.read(_TARGETS.format(there=f"{there}_noun"), (code,))
    known = session.catalog.by_id
    return [
        _relationship_hop(noun, known[number], code, here, there)
        for (number,) in targets
        if number in known
    ]


def _relationship_hop(noun: Noun, target: Noun, code: int, here: str, there: str) -> Hop:
    condition = (
        f"r{{i}}.verb = {code} and r{{i}}.{here}_noun = {noun.id} and r{{i}}.{here} = {{here}}"
        f" and r{{i}}.{there}_noun = {target.id}"
    )
    return Hop((("_rel r{i}", condition),), f"r{{i}}.{there}", target)


def _foreign_key_hops(session: Session, noun: Noun, name: str, *, reverse: bool) -> list[Hop]:
    """Return the steps along foreign keys of that name: from the noun, or in reverse to it."""
    if not reverse:
        return [
            _foreign_key_hop(noun, fk, session.catalog.find(fk.target), is_back=False)
            for fk in noun.foreign_keys
            if fk.verb == name
        ]
    return [
        _foreign_key_hop(child, fk, noun, is_back=True)
        for child in session.catalog.nouns
        for fk in child.foreign_keys
        if fk.verb == name and fk.target == noun.name
    ]


def _foreign_key_hop(child: Noun, fk: ForeignKey, parent: Noun, *, is_back: bool) -> Hop:
    pairs = zip(fk.columns, fk.target_columns, strict=True)
    keys = " and ".join(
        f"p{{i}}.{_braced(there)} = c{{i}}.{_braced(here)}" for here, there in pairs
    )
    child_term, parent_term = f"{_braced(child.table)} c{{i}}", f"{_braced(parent.table)} p{{i}}"
    child_row, parent_row = f"c{{i}}.{_braced(child.rowid)}", f"p{{i}}.{_braced(parent.rowid)}"
    if is_back:
        return Hop(
            ((parent_term, f"{parent_row} = {{here}}"), (child_term, keys)), child_row, child
        )
    return Hop(((child_term, f"{child_row} = {{here}}"), (parent_term, keys)), parent_row, parent)


def _braced(name: str) -> str:
    """Return the quoted name, safe inside a format string."""
    return quoted(name).replace("{", "{{").replace("}", "}}")
