"""Relationships: creating, finding, changing and deleting what joins things."""

from dataclasses import dataclass

from dotdo.errors import InvalidValue, ThingNotFound
from dotdo.graph.context import Graph
from dotdo.graph.nouns import check_field_name, find_noun
from dotdo.graph.rows import rows_of
from dotdo.graph.thing import Thing, address
from dotdo.graph.verbs import Form, Verb, Verbs, read_verbs
from dotdo.storage import Noun, Row, Session
from dotdo.storage.kernel_nouns import RELATIONSHIPS
from dotdo.storage.names import quoted
from dotdo.values import Canonical, decode, encode, shown

End = Thing | tuple[str, Canonical]
"""A thing, or (noun, id)."""

_COLUMNS = "id, verb, src_noun, src, dst_noun, dst, json(data)"


@dataclass(slots=True)
class Relationship:
    """A verb between two things.

    Args:
        id: Its number.
        verb: The form of the verb, which tells the state: `place` (to be done), `placing` (under way), `placed` (done), `places` (holds).
        source: (noun, row number) it starts from.
        target: (noun, row number) it leads to, or None.
        data: Its own fields.
    """

    id: int
    verb: str
    source: tuple[str, int]
    target: tuple[str, int] | None
    data: dict[str, Canonical]


class Relationships:
    """The relationships of a tenant.

    Args:
        graph: Where.
        verbs: Knows the forms of verbs.
    """

    __slots__ = ("_graph", "_verbs")

    def __init__(self, graph: Graph, verbs: Verbs) -> None:
        self._graph = graph
        self._verbs = verbs

    def create(
        self, source: End, verb: str, target: End | None = None, **data: Canonical
    ) -> Relationship:
        """Join two things; several of the same verb between the same things are allowed.

        Args:
            source: Where it starts: a thing, or (noun, id).
            verb: A form of a verb; one that is not known is registered. The reverse form (`placedBy`) exchanges the two.
            target: Where it leads; None for an action without one.
            data: Its own fields.

        Raises:
            ThingNotFound: One of the things no longer exists.
            InvalidValue: The reverse form without a target.
        """
        for name in data:
            check_field_name(name)
        with self._graph.session() as session:
            return session.mutate(lambda: self._create(session, (source, verb, target), data))

    def _create(
        self,
        session: Session,
        edge: tuple[End, str, End | None],
        data: dict[str, Canonical],
    ) -> Relationship:
        source, verb, target = edge
        known, form = self._verbs.find_or_define(session, verb)
        if form is None:
            if target is None:
                msg = f"{verb!r} leads from its target back, so it needs one"
                raise InvalidValue(msg)
            source, target, form = target, source, Form.EVENT
        start = _endpoint(session, source)
        end = None if target is None else _endpoint(session, target)
        number = session.allocate(RELATIONSHIPS)
        session.write(
            "insert into _rel(id, verb, src_noun, src, dst_noun, dst, data) values (?, ?, ?, ?, ?, ?, jsonb(?))",
            (
                number,
                known.code(form),
                start[0].id,
                start[1],
                *((None, None) if end is None else (end[0].id, end[1])),
                encode(data) if data else None,
            ),
        )
        goal = None if end is None else (end[0].name, end[1])
        return Relationship(number, known.forms[form], (start[0].name, start[1]), goal, dict(data))

    def find(
        self, thing: End, verb: str | None = None, *, reverse: bool = False
    ) -> list[Relationship]:
        """Return the relationships that start at a thing, or in reverse lead to it.

        Args:
            thing: The thing, or (noun, id).
            verb: Only those of this form.
            reverse: Those that lead to it.
        """
        with self._graph.session() as session:
            codes: tuple[int, ...] = ()
            if verb is not None:
                known, form = self._verbs.find_in(session, verb)
                reverse = reverse != (form is None)
                codes = (known.code(Form.EVENT if form is None else form),)
            end = "dst" if reverse else "src"
            noun, row = _place(session, thing)
            condition = f"{end}_noun = ? and {end} = ?" + (" and verb = ?" if codes else "")
            rows = session.read(
                f"select {_COLUMNS} from _rel where {condition} order by id",
                (noun.id, row, *codes),
            )
            verbs = read_verbs(session)
            return [_relationship(session, verbs, row) for row in rows]

    def advance(self, relationship: Relationship) -> Relationship:
        """Take an action one state further: place -> placing -> placed.

        Raises:
            InvalidValue: It is done already.
            ThingNotFound: It no longer exists.
        """
        _require(relationship)
        verb, form = self._verbs.find(relationship.verb)
        if form is None or form >= Form.EVENT:
            msg = f"{relationship.verb!r} is done"
            raise InvalidValue(msg)
        following = Form(form + 1)
        with self._graph.session() as session:
            found = session.write(
                "update _rel set verb = ? where id = ? and verb = ? returning id",
                (verb.code(following), relationship.id, verb.code(form)),
            )
        if not found:
            raise _gone(relationship)
        name = verb.forms[following]
        return Relationship(
            relationship.id, name, relationship.source, relationship.target, relationship.data
        )

    def update(self, relationship: Relationship, **data: Canonical) -> Relationship:
        """Change a relationship's own fields.

        Raises:
            ThingNotFound: It no longer exists.
        """
        _require(relationship)
        merged = relationship.data | {check_field_name(name): value for name, value in data.items()}
        with self._graph.session() as session:
            found = session.write(
                "update _rel set data = jsonb(?) where id = ? returning id",
                (encode(merged), relationship.id),
            )
        if not found:
            raise _gone(relationship)
        return Relationship(
            relationship.id, relationship.verb, relationship.source, relationship.target, merged
        )

    def delete(self, relationship: Relationship) -> None:
        """Delete a relationship; its history stays.

        Raises:
            ThingNotFound: It no longer exists.
        """
        _require(relationship)
        with self._graph.session() as session:
            found = session.write("delete from _rel where id = ? returning id", (relationship.id,))
        if not found:
            raise _gone(relationship)


def _place(session: Session, thing: End) -> tuple[Noun, int]:
    """Return noun and row id of a thing, which may be gone when it is given whole."""
    if isinstance(thing, Thing):
        return find_noun(session, thing.noun), thing.row
    return _endpoint(session, thing)


def _endpoint(session: Session, thing: End) -> tuple[Noun, int]:
    """Return noun and row id of a thing, which must exist."""
    name, identity = address(thing)
    noun = find_noun(session, name)
    rows = rows_of(session.catalog, noun)
    where = rows.by_id.partition(" where ")[2]
    found = session.read(
        f"select {quoted(noun.rowid)} from {quoted(noun.table)} where {where}",
        rows.key(identity),
    )
    if not found:
        msg = f"there is no {name} {shown(identity)}"
        raise ThingNotFound(msg)
    return noun, found[0][0]


def _relationship(session: Session, verbs: dict[int, Verb], row: Row) -> Relationship:
    number, code, src_noun, src, dst_noun, dst, data = row
    verb_id, form = divmod(code, 4)
    verb = verbs[verb_id]
    nouns = session.catalog.by_id
    target = None if dst_noun is None else (nouns[dst_noun].name, dst)
    return Relationship(
        number,
        verb.forms[form],
        (nouns[src_noun].name, src),
        target,
        {} if data is None else decode(str(data)),
    )


def _require(relationship: object) -> None:
    if not isinstance(relationship, Relationship):
        msg = f"give a relationship, not {shown(relationship)}"
        raise InvalidValue(msg)


def _gone(relationship: Relationship) -> ThingNotFound:
    return ThingNotFound(f"relationship {relationship.id} no longer exists")
