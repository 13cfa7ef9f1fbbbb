"""Nouns: defining, changing and finding types of things."""

from collections.abc import Iterable, Mapping

import msgspec
import orjson

from dotdo.errors import AlreadyExists, InvalidName, InvalidValue
from dotdo.graph.context import Graph
from dotdo.storage import (
    Column,
    Index,
    Noun,
    Retention,
    Session,
    alter_noun,
    create_noun,
    drop_noun,
)
from dotdo.storage.names import literal, physical_column, physical_table, quoted
from dotdo.storage.types import INTEGERS, JSON_TYPES, is_known
from dotdo.values import shown

_MAX_NAME = 128
_MAX_PARTS = 200  # documents are not deeper
_MAX_COLUMNS = 1_900  # a table of SQLite has 2,000
_FTS_NAMES = frozenset({"rank", "rowid"})  # and its own columns


class Nouns:
    """The nouns of a tenant."""

    __slots__ = ("_graph",)

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def define(
        self,
        name: str,
        fields: Mapping[str, str] | None = None,
        *,
        key: str = "id",
        index: Iterable[str] = (),
        unique: Iterable[str] = (),
        search: Iterable[str] = (),
        retention: Retention | None = None,
    ) -> Noun:
        """Create a noun.

        Args:
            name: Its name.
            fields: Canonical types by field (layout `columns`); None for documents of any fields.
            key: The field that is the identity, when fields are given.
            index: Fields to index.
            unique: Fields whose values may not repeat.
            search: Fields in the full text index.
            retention: How much history is kept; by default all.

        Returns:
            The definition.

        Raises:
            InvalidName: A name is not allowed.
            InvalidValue: A type is not known.
            AlreadyExists: The noun exists.
        """
        check_noun_name(name)
        with self._graph.session() as session:
            table = physical_table(name, {n.table.lower() for n in session.catalog.nouns})
            noun = _documents(name, table) if fields is None else _columns(name, table, fields, key)
            noun = _indexed(noun, _names("index", index), is_unique=False)
            noun = _indexed(noun, _names("unique", unique), is_unique=True)
            noun = msgspec.structs.replace(
                noun,
                search=_search(_names("search", search)),
                retention=Retention() if retention is None else _kept(retention),
            )
            return create_noun(session, noun)

    def get(self, name: str) -> Noun:
        """Return the noun of that name, or the one that is its variant.

        Raises:
            UnknownNoun: There is none.
            AmbiguousName: Several nouns are variants of the name.
        """
        with self._graph.session() as session:
            return find_noun(session, name)

    __getitem__ = get

    def __contains__(self, name: object) -> bool:
        with self._graph.session() as session:
            return isinstance(name, str) and session.catalog.noun(name) is not None

    def all(self) -> list[Noun]:
        """Return every noun, by name."""
        with self._graph.session() as session:
            return sorted(session.catalog.nouns, key=lambda noun: noun.name)

    def add_index(self, name: str, *fields: str, unique: bool = False) -> Noun:
        """Index fields of a noun, each by itself.

        Raises:
            UniqueViolation: `unique`, and values repeat.
            AlreadyExists: A field has an index of the other kind.
        """
        with self._graph.session() as session:
            noun = find_noun(session, name)
            return alter_noun(session, _indexed(noun, fields, is_unique=unique))

    def set_retention(self, name: str, retention: Retention) -> Noun:
        """Change how much history a noun keeps; what is over is dropped by the next `prune` or `compact`."""
        with self._graph.session() as session:
            return alter_noun(
                session,
                msgspec.structs.replace(find_noun(session, name), retention=_kept(retention)),
            )

    def set_search(self, name: str, *fields: str) -> Noun:
        """Change which fields the full text index holds; none takes it away."""
        with self._graph.session() as session:
            noun = find_noun(session, name)
            return alter_noun(session, msgspec.structs.replace(noun, search=_search(fields)))

    def drop(self, name: str) -> None:
        """Drop a noun with its things and their relationships."""
        with self._graph.session() as session:
            drop_noun(session, find_noun(session, name))


def define_documents(session: Session, name: str) -> Noun:
    """Create a noun of documents of any fields.

    Raises:
        InvalidName: The name is not allowed.
    """
    check_noun_name(name)
    taken = {noun.table.lower() for noun in session.catalog.nouns}
    return create_noun(session, _documents(name, physical_table(name, taken)))


def find_noun(session: Session, name: object) -> Noun:
    """Return the noun of that name, or its one variant, as the session sees it.

    Raises:
        UnknownNoun: There is none.
    """
    return session.catalog.find(name)


def check_noun_name(name: object) -> str:
    """Return the name when it is allowed: text of 1 to 128 characters without control characters, not beginning with `$`.

    Raises:
        InvalidName: It is not.
    """
    if (
        not isinstance(name, str)
        or not name
        or len(name) > _MAX_NAME
        or name.startswith("$")
        or not name.isprintable()
    ):
        msg = f"{shown(name)} is not allowed as the name of a noun"
        raise InvalidName(msg)
    return name


def check_field_name(name: object) -> str:
    """Return the name when it is allowed: text of 1 to 128 printable characters.

    Raises:
        InvalidName: It is not.
    """
    if (
        not isinstance(name, str)
        or not name
        or len(name) > _MAX_NAME
        or not name.isprintable()
        or name.startswith("$")
    ):
        msg = f"{shown(name)} is not allowed as the name of a field"
        raise InvalidName(msg)
    return name


def field_expression(noun: Noun, field: str) -> str:
    """Return the SQLite expression of a field's value: a column, or a member of the document (dots lead inward)."""
    column = noun.column(field)
    if column is not None:
        return quoted(column.column)
    container, path = member_of(noun, field)
    return f"{container} ->> {literal(field if field.isidentifier() else path)}"


def member_of(noun: Noun, field: str) -> tuple[str, str]:
    """Return where a member is and its JSON path there: in the document, in a column of JSON, or beside the columns."""
    if noun.layout == "document":
        return "data", json_path(field)
    head, _, rest = field.partition(".")
    column = noun.column(head) if rest else None
    if column is not None and column.type in JSON_TYPES:
        return quoted(column.column), json_path(rest)
    return "_extra", json_path(field)


def json_path(field: str) -> str:
    """Return the JSON path of a field with dots."""
    return "$" + "".join(
        f"[{part}]" if part.isascii() and part.isdigit() else f".{_label(part)}"
        for part in check_path(field).split(".")
    )


def member_path(name: str) -> str:
    """Return the JSON path of a top-level member of any name.

    Raises:
        InvalidName: The name is not allowed.
    """
    return f"$.{_label(check_field_name(name))}"


def _label(name: str) -> str:
    """Return a member's name as JSON paths write it: as JSON does."""
    return orjson.dumps(name).decode()


def check_path(field: object) -> str:
    """Return a field's name or path when it is allowed.

    Raises:
        InvalidName: It is not.
    """
    if not isinstance(field, str):
        msg = f"{shown(field)} is not allowed as a path"
        raise InvalidName(msg)
    parts = field.split(".")
    if len(parts) > _MAX_PARTS:
        msg = f"a path has more than {_MAX_PARTS} parts"
        raise InvalidName(msg)
    for part in parts:
        try:
            check_field_name(part)
        except InvalidName:
            msg = f"{shown(field)} is not allowed as a path"
            raise InvalidName(msg) from None
    return field


def _names(what: str, fields: object) -> tuple[str, ...]:
    """Return the names given for an option, which are checked where they are used."""
    if isinstance(fields, (str, bytes)) or not isinstance(fields, Iterable):
        msg = f"{what} needs a list of fields, not {shown(fields)}"
        raise InvalidValue(msg)
    return tuple(fields)


def _search(fields: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of a full text index when they are allowed: different names that JSON writes as they are.

    Raises:
        InvalidName: One is not.
    """
    taken = set(_FTS_NAMES)
    for field in fields:
        if _label(check_field_name(field)) != f'"{field}"' or field.lower() in taken:
            msg = f"{shown(field)} is not allowed as a field of a full text index"
            raise InvalidName(msg)
        taken.add(field.lower())
    return tuple(fields)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and value >= 0


def _kept(retention: object) -> Retention:
    if isinstance(retention, Retention) and all(
        n is None or _is_count(n) for n in (retention.versions, retention.days)
    ):
        return retention
    msg = f"{shown(retention)} is no Retention of versions or days, each None or from 0"
    raise InvalidValue(msg)


def _documents(name: str, table: str) -> Noun:
    return Noun(
        0,
        name,
        "document",
        table,
        columns=(Column("id", "any", "id", is_nullable=False),),
        key=("id",),
    )


def _columns(name: str, table: str, fields: object, key: str) -> Noun:
    if not isinstance(fields, Mapping) or len(fields) > _MAX_COLUMNS:
        msg = f"fields are a mapping of names to types, {_MAX_COLUMNS} at most; more can be stored beside them"
        raise InvalidValue(msg)
    taken: set[str] = set()
    columns = []
    for field, type_name in ({key: "text"} | dict(fields)).items():
        if not is_known(type_name):
            msg = f"field {field!r}: {shown(type_name)} is no type"
            raise InvalidValue(msg)
        physical = physical_column(check_field_name(field), taken)
        taken.add(physical.lower())
        columns.append(Column(field, type_name, physical, is_nullable=field != key))
    key_column = next(c for c in columns if c.name == key)
    rowid = key_column.column if key_column.type in INTEGERS else "_id"
    return Noun(
        0,
        name,
        "columns",
        table,
        columns=tuple(columns),
        key=(key_column.column,),
        rowid=rowid,
        key_name=f"{name}_pkey",
    )


def _indexed(noun: Noun, fields: Iterable[str], *, is_unique: bool) -> Noun:
    """Return the definition with an index for each of the fields; those that it has already are left."""
    known = {index.name: index for index in noun.indexes}
    for field in fields:
        index = Index(check_path(field), (field_expression(noun, field),), is_unique=is_unique)
        if known.setdefault(index.name, index) != index:
            msg = f"an index {field!r} exists"
            raise AlreadyExists(msg)
    return msgspec.structs.replace(noun, indexes=tuple(known.values()))
