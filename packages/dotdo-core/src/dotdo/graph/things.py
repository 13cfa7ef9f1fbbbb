"""Things: creating, reading, finding, changing and deleting them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from dotdo.errors import InvalidQuery, InvalidValue, ThingNotFound, UnknownVerb
from dotdo.graph.context import Graph
from dotdo.graph.fields import enter_fields, unknown_fields
from dotdo.graph.hits import hits
from dotdo.graph.nouns import check_noun_name, define_documents, find_noun
from dotdo.graph.paths import Paths
from dotdo.graph.query import Filter, order_by, page
from dotdo.graph.rows import ColumnRows, DocumentRows, is_visibility, rows_of
from dotdo.graph.thing import Thing, Visibility, address
from dotdo.graph.verbs import Verbs
from dotdo.sql import ORDER, order_of
from dotdo.storage import CatalogChanged, Noun, Row, Session
from dotdo.storage.counters import sequence_counter
from dotdo.storage.names import quoted
from dotdo.storage.types import INTEGERS
from dotdo.values import Canonical, shown

T = TypeVar("T")
_VISIBLE = {
    "public": ("'public'", "'public', 'unlisted'"),
    "org": ("'public', 'org'", "'public', 'unlisted', 'org'"),
}


class Things:
    """The things of a tenant.

    Args:
        graph: Where.
        viewer: Sees what is visible to it: `user` (everything), `org` or `public`.
    """

    __slots__ = ("_graph", "_paths", "_viewer")

    def __init__(self, graph: Graph, verbs: Verbs, viewer: Visibility = "user") -> None:
        self._graph = graph
        self._paths = Paths(graph, verbs)
        self._viewer = viewer

    # --- writing -----------------------------------------------------------------------------

    def create(
        self,
        noun: str,
        id: Canonical = None,  # noqa: A002  (the field's own name)
        /,
        *,
        visibility: Visibility | None = None,
        **fields: Canonical,
    ) -> Thing:
        """Create a thing.

        Args:
            noun: Its noun; one that does not exist is defined as documents of any fields.
            id: Its identity; made when not given.
            visibility: Who may see it.
            fields: Its fields. A noun with columns keeps fields that it has no column for beside them.

        Raises:
            UniqueViolation: The id or a unique field is taken.
            InvalidValue: A field cannot hold its value.
        """
        _check_visibility(visibility)

        def create(session: Session, definition: Noun) -> Thing:
            rows = rows_of(session.catalog, definition)
            if isinstance(rows, DocumentRows):
                return self._create_document(session, rows, id, fields, visibility)
            return self._create_row(session, rows, id, fields, visibility)

        return self._run(lambda session: _with_noun(session, noun, create))

    def _create_document(
        self,
        session: Session,
        rows: DocumentRows,
        identity: object,
        fields: dict[str, Canonical],
        visibility: Visibility | None,
    ) -> Thing:
        identity = self._graph.ids() if identity is None else identity
        row = session.allocate(rows.noun)
        params = rows.insertion(row, identity, fields, visibility)
        self._write(session, rows.noun, fields, rows.insert, params)
        return Thing(rows.noun.name, identity, row, dict(fields), visibility)

    @staticmethod
    def _write(
        session: Session, noun: Noun, fields: Collection[str], sql: str, params: Sequence[Canonical]
    ) -> list[Row]:
        """Run a writing statement, entering fields that are new to the noun with it."""
        unknown = unknown_fields(session, noun, fields)
        if not unknown:
            return session.write(sql, params, planned_for=session.catalog)

        def work() -> list[Row]:
            found = session.execute(sql, params)
            if session.connection.changes():
                enter_fields(session, noun.id, unknown)
            return found

        return session.mutate(work, planned_for=session.catalog)

    def _create_row(
        self,
        session: Session,
        rows: ColumnRows,
        identity: object,
        fields: dict[str, Canonical],
        visibility: Visibility | None,
    ) -> Thing:
        noun = rows.noun
        numbered = _numbers(
            session, noun, fields if identity is None else {**fields, **_key_fields(noun)}
        )
        given = _with_key(noun, identity, numbered | fields, lambda: self._new_key(session, noun))
        row = session.allocate(noun) if noun.has_hidden_rowid else None
        text, params = rows.creation(row, given, visibility)
        return rows.thing(session.write(text, params, planned_for=session.catalog)[0])

    def _new_key(self, session: Session, noun: Noun) -> object:
        """Return a key for a thing created without one."""
        column = next(c for c in noun.columns if c.column == noun.key[0])
        if column.default is not None:
            return None
        if column.type in INTEGERS:
            key, table = quoted(column.column), quoted(noun.table)
            highest = session.read(f"select coalesce(max({key}), 0) from {table}")[0][0]
            number = session.allocate(noun)
            if number <= highest:  # keys were given by hand: go on after them
                session.allocate(noun, highest - number)
                number = session.allocate(noun)
            return number
        return self._graph.ids()

    def create_many(self, noun: str, many: Iterable[Mapping[str, Canonical]]) -> int:
        """Create things from mappings of their fields (`id` among them, or made), in one transaction.

        Returns:
            How many.
        """
        rows_given = _mappings(many)

        def create(session: Session, definition: Noun) -> int:
            rows = rows_of(session.catalog, definition)
            if isinstance(rows, DocumentRows):
                return self._create_documents(session, rows, rows_given)
            for fields in rows_given:
                self._create_row(session, rows, None, dict(fields), None)
            return len(rows_given)

        with self._graph.session() as session:
            return session.mutate(lambda: _with_noun(session, noun, create))

    def _create_documents(
        self, session: Session, rows: DocumentRows, many: Sequence[Mapping[str, Canonical]]
    ) -> int:
        names: dict[str, Canonical] = {}
        for fields in many:
            names.update(fields)
        names.pop("id", None)
        row = session.allocate(rows.noun, max(len(many), 1))
        params = []
        for number, fields in enumerate(many, row):
            rest = dict(fields)
            identity = rest.pop("id", None)
            params.append(
                rows.insertion(
                    number, self._graph.ids() if identity is None else identity, rest, None
                )
            )
        if unknown := unknown_fields(session, rows.noun, names):
            session.mutate(lambda: enter_fields(session, rows.noun.id, unknown))
        session.write_many(rows.insert, params, planned_for=session.catalog)
        return len(many)

    def update(
        self,
        thing: Thing | tuple[str, Canonical],
        *,
        visibility: Visibility | None = None,
        **fields: Canonical,
    ) -> Thing:
        """Change fields of a thing, which makes a new version of it.

        Args:
            thing: The thing, or (noun, id).
            visibility: Who may see it from now on; None leaves it.
            fields: New values; other fields stay.

        Returns:
            The thing as it is now.

        Raises:
            ThingNotFound: It does not exist.
        """
        _check_visibility(visibility)
        name, identity = address(thing)

        def work(session: Session) -> Thing:
            noun = find_noun(session, name)
            rows = rows_of(session.catalog, noun)
            text, params = rows.update(identity, fields, visibility)
            found = self._write(session, noun, fields, text, params)
            if not found:
                raise _not_found(name, identity)
            return rows.thing(found[0])

        return self._run(work)

    def delete(self, thing: Thing | tuple[str, Canonical]) -> None:
        """Delete a thing and its relationships; its history stays.

        Raises:
            ThingNotFound: It does not exist.
            ForeignKeyViolation: Rows of other nouns refer to it.
        """
        name, identity = address(thing)

        def work(session: Session) -> None:
            noun = find_noun(session, name)
            rows = rows_of(session.catalog, noun)

            if not session.write(rows.delete, rows.key(identity), planned_for=session.catalog):
                raise _not_found(name, identity)

        self._run(work)

    # --- reading -----------------------------------------------------------------------------

    def get(self, noun: str, id: Canonical) -> Thing:  # noqa: A002  (the field's own name)
        """Return the thing with that id.

        Raises:
            UnknownNoun: There is no such noun.
            ThingNotFound: There is no such thing, or the viewer may not see it.
        """

        def work(session: Session) -> Thing:
            catalog = session.catalog
            rows = rows_of(catalog, catalog.find(noun))
            found = session.read(rows.by_id, rows.key(id), planned_for=catalog)
            if not found:
                raise _not_found(noun, id)
            return rows.thing(found[0])

        thing = self._run(work)
        if self._viewer != "user" and f"'{thing.visibility}'" not in _VISIBLE[self._viewer][
            1
        ].split(", "):
            raise _not_found(noun, id)
        return thing

    def find(
        self,
        noun: str,
        where: Mapping[str, Canonical] | None = None,
        *,
        sort: Sequence[tuple[str, int]] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Thing]:
        """Return the things that match.

        Args:
            noun: Their noun.
            where: Fields with values or operators: `$eq $ne $gt $gte $lt $lte $in $nin $exists $not $startswith $contains`, joined by `$and $or $nor`.
            sort: Pairs of a field and 1 (ascending) or -1.
            limit: How many at most.
            offset: How many to leave out first.

        Raises:
            UnknownNoun: There is no such noun.
            InvalidQuery: An operator, a name or a value is not valid; `part` is the offending piece.
        """

        def work(session: Session) -> list[Thing]:
            catalog = session.catalog
            definition = catalog.find(noun)
            rows = rows_of(catalog, definition)
            condition = Filter(definition)
            text = self._visible(condition.compile({} if where is None else where))
            if condition.needs_order:
                session.ensure_function(ORDER, order_of, 1)
            count, start = page(limit, offset)
            sql = f"select {rows.columns} from {quoted(definition.table)} where {text} order by {order_by(definition, sort)} limit ? offset ?"
            found = session.read(sql, [*condition.params, count, start], planned_for=catalog)
            return [rows.thing(row) for row in found]

        return self._run(work)

    def count(self, noun: str, where: Mapping[str, Canonical] | None = None) -> int:
        """Return how many things match; see `find`."""

        def work(session: Session) -> int:
            definition = session.catalog.find(noun)
            condition = Filter(definition)
            text = self._visible(condition.compile({} if where is None else where))
            if condition.needs_order:
                session.ensure_function(ORDER, order_of, 1)
            sql = f"select count(*) from {quoted(definition.table)} where {text}"
            ((found,),) = session.read(sql, condition.params, planned_for=session.catalog)
            return found  # type: ignore[no-any-return]  # a count

        return self._run(work)

    def search(self, noun: str, text: object, *, limit: int = 20) -> list[Thing]:
        """Return the things whose searched fields hold all the words of a text, the best match first.

        Raises:
            InvalidValue: The noun is not searched.
        """
        if not isinstance(text, str):
            msg = f"what is searched for is text, not {shown(text)}"
            raise InvalidQuery(msg, text)
        words = " ".join(
            '"' + word.replace('"', '""') + '"' for word in text.replace("\0", " ").split()
        )

        def work(session: Session) -> list[Thing]:
            definition = session.catalog.find(noun)
            if not definition.search:
                msg = f"noun {definition.name!r} has no full text index"
                raise InvalidValue(msg)
            if not words:
                return []
            rows = rows_of(session.catalog, definition)
            sql = (
                f"select {rows.columns} from {quoted(definition.table)} join (select _hit, _rank from ({hits(session.catalog, definition)})"
                f" order by _rank limit ?2) on _hit = {quoted(definition.rowid)} where {self._visible('true')} order by _rank"
            )
            return [
                rows.thing(row)
                for row in session.read(
                    sql, (words, page(limit, 0)[0]), planned_for=session.catalog
                )
            ]

        return self._run(work)

    def related(
        self, thing: Thing | tuple[str, Canonical], *verbs: str, reverse: bool = False
    ) -> list[Thing]:
        """Return the things that verbs lead to, each once.

        Args:
            thing: Where to start: a thing, or (noun, id).
            verbs: One form of a verb for each hop (`placed`; `placedBy` leads back), or the name of a foreign key (`artist`);
                none: one hop along whatever leads away.
            reverse: Follow every verb backward.

        Raises:
            UnknownVerb: No verb or foreign key has that name.
        """
        _require_verbs(verbs)
        start = thing if isinstance(thing, Thing) else self.get(*address(thing))

        def work(session: Session) -> list[Thing]:
            found = self._paths.follow(session, start, verbs, reverse=reverse)
            if self._viewer == "user":
                return found
            return [
                t for t in found if f"'{t.visibility}'" in _VISIBLE[self._viewer][0].split(", ")
            ]

        return self._run(work)

    # --- common ------------------------------------------------------------------------------

    def _run(self, work: Callable[[Session], T]) -> T:
        """Run with a session, again when definitions changed meanwhile."""
        with self._graph.session() as session:
            while True:
                try:
                    return work(session)
                except CatalogChanged:
                    continue

    def _visible(self, condition: str) -> str:
        if self._viewer == "user":
            return condition
        return f"({condition}) and _visibility in ({_VISIBLE[self._viewer][0]})"


def _with_noun(session: Session, name: str, create: Callable[[Session, Noun], T]) -> T:
    """Create in a noun, defining one that does not exist; both or nothing."""
    check_noun_name(name)  # creating never takes a noun of another name
    found = session.catalog.noun(name)
    if found is not None:
        return create(session, found)

    def define_and_create() -> T:  # somebody else may have been faster
        noun = session.catalog.noun(name) or define_documents(session, name)
        return create(session, noun)

    return session.mutate(define_and_create)


def _mappings(many: object) -> list[Mapping[str, Canonical]]:
    if not isinstance(many, Iterable) or isinstance(many, (str, bytes, Mapping)):
        msg = f"give mappings of fields, not {shown(many)}"
        raise InvalidValue(msg)
    found = list(many)
    for fields in found:
        if not isinstance(fields, Mapping):
            msg = f"give mappings of fields; one is {shown(fields)}"
            raise InvalidValue(msg)
    return found


def _key_fields(noun: Noun) -> dict[str, Canonical]:
    """Return the names of the key's fields, for those who ask only whether one is given."""
    return {c.name: None for c in noun.columns if c.column in noun.key}


def _numbers(session: Session, noun: Noun, given: Mapping[str, Canonical]) -> dict[str, Canonical]:
    """Return the next numbers of columns that number their rows and are not given.

    Raises:
        InvalidValue: A column's default is computed by another door (`now()`), so a value must be given.
    """
    numbers: dict[str, Canonical] = {}
    for column in noun.columns:
        if column.name in given or column.default is not None or not column.extra:
            continue
        facts = [extra for extra in column.extra.values() if isinstance(extra, dict)]
        if any(fact.get("sequence") for fact in facts):
            numbers[column.name] = session.next_number(sequence_counter(noun.id, column.column))
        elif any(fact.get("default") for fact in facts):
            msg = f"give a value for {column.name!r}: its default is computed by SQL only"
            raise InvalidValue(msg)
    return numbers


def _with_key(
    noun: Noun, identity: object, fields: dict[str, Canonical], new_key: Callable[[], object]
) -> dict[str, Canonical]:
    """Return the fields with those of the key among them."""
    names = [next(c.name for c in noun.columns if c.column == k) for k in noun.key]
    if identity is not None:
        parts = identity if isinstance(identity, tuple) else (identity,)
        if len(parts) != len(names):
            msg = f"the key of {noun.name!r} has {len(names)} parts, not {len(parts)}"
            raise InvalidValue(msg)
        return dict(zip(names, parts, strict=True)) | fields
    if len(names) == 1 and fields.get(names[0]) is None:
        key = new_key()
        return (
            fields
            if key is None
            else {names[0]: key} | {k: v for k, v in fields.items() if k != names[0]}
        )
    return fields


def _require_verbs(verbs: tuple[object, ...]) -> None:
    for verb in verbs:
        if not isinstance(verb, str):
            msg = f"a verb is text, not {shown(verb)}"
            raise UnknownVerb(msg)


def _not_found(noun: str, identity: object) -> ThingNotFound:
    return ThingNotFound(f"there is no {noun} {shown(identity)}")


def _check_visibility(visibility: object) -> None:
    if visibility is not None and not is_visibility(visibility):
        msg = f"{shown(visibility)} is no visibility: give public, unlisted, org or user"
        raise InvalidValue(msg)
