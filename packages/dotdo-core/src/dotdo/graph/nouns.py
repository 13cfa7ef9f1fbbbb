"""Nouns: defining, changing and finding types of things."""

from collections.abc import Iterable, Mapping

import msgspec
import orjson

from dotdo.errors import InvalidName, InvalidValue, UnknownNoun
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
from dotdo.storage.types import INTEGERS, is_known

_MAX_NAME = 128


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
            noun = msgspec.structs.replace(
                noun,
                indexes=(
                    *_indexes(noun, index, is_unique=False),
                    *_indexes(noun, unique, is_unique=True),
                ),
                search=_search(tuple(search)),
                retention=retention or Retention(),
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

    def __contains__(self, name: str) -> bool:
        with self._graph.session() as session:
            return session.catalog.noun(name) is not None

    def all(self) -> list[Noun]:
        """Return every noun, by name."""
        with self._graph.session() as session:
            return sorted(session.catalog.nouns, key=lambda noun: noun.name)

    def add_index(self, name: str, *fields: str, unique: bool = False) -> Noun:
        """Index fields of a noun, each by itself.

        Raises:
            UniqueViolation: `unique`, and values repeat.
        """
        with self._graph.session() as session:
            noun = find_noun(session, name)
            added = _indexes(noun, fields, is_unique=unique)
            return alter_noun(
                session, msgspec.structs.replace(noun, indexes=(*noun.indexes, *added))
            )

    def set_retention(self, name: str, retention: Retention) -> Noun:
        """Change how much history a noun keeps; what is over is dropped by the next `prune` or `compact`."""
        with self._graph.session() as session:
            return alter_noun(
                session, msgspec.structs.replace(find_noun(session, name), retention=retention)
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
    if not isinstance(name, str):
        msg = f"a noun is named by text, not by {type(name).__name__}"
        raise UnknownNoun(msg)
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
        msg = f"{name!r} is not allowed as the name of a noun"
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
        msg = f"{name!r} is not allowed as the name of a field"
        raise InvalidName(msg)
    return name


def field_expression(noun: Noun, field: str) -> str:
    """Return the SQLite expression of a field's value: a column, or a member of the document (dots lead inward)."""
    column = noun.column(field)
    if column is not None:
        return quoted(column.column)
    container = "data" if noun.layout == "document" else "_extra"
    is_plain = field.isidentifier()
    return f"{container} ->> {literal(field if is_plain else json_path(field))}"


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


def check_path(field: str) -> str:
    """Return a field's name or path when it is allowed.

    Raises:
        InvalidName: It is not.
    """
    for part in field.split("."):
        try:
            check_field_name(part)
        except InvalidName:
            msg = f"{field!r} is not allowed as a path"
            raise InvalidName(msg) from None
    return field


def _search(fields: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of a full text index when they are allowed: names that JSON writes as they are.

    Raises:
        InvalidName: One is not.
    """
    for field in fields:
        if _label(check_field_name(field)) != f'"{field}"':
            msg = f"{field!r} is not allowed as a field of a full text index"
            raise InvalidName(msg)
    return tuple(fields)


def _documents(name: str, table: str) -> Noun:
    return Noun(
        0,
        name,
        "document",
        table,
        columns=(Column("id", "any", "id", is_nullable=False),),
        key=("id",),
    )


def _columns(name: str, table: str, fields: Mapping[str, str], key: str) -> Noun:
    taken: set[str] = set()
    columns = []
    for field, type_name in ({key: "text"} | dict(fields)).items():
        if not is_known(type_name):
            msg = f"field {field!r}: {type_name!r} is no type"
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


def _indexes(noun: Noun, fields: Iterable[str], *, is_unique: bool) -> tuple[Index, ...]:
    return tuple(
        Index(check_path(field), (field_expression(noun, field),), is_unique=is_unique)
        for field in fields
    )
