"""Definitions of nouns as tables: columns, keys, constraints, indexes. Plain immutable data, kept as JSON in `_noun` and `_schema`."""

from typing import Any, Literal

import msgspec

Extra = dict[str, Any]  # type: ignore[explicit-any]  # JSON of a package's own
Layout = Literal["columns", "document", "definition"]
Action = Literal["no action", "restrict", "cascade", "set null", "set default"]


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """One column of a noun.

    Args:
        name: As users write it.
        type: Canonical type name, see `dotdo.sql.types` (`integer`, `numeric(10,2)`, `timestamp`, ...).
        column: Physical column name (SQLite ignores case, users may not).
        is_nullable: NULL is allowed.
        default: SQLite expression text, or None.
        generated: SQLite expression text of a stored generated column, or None.
        extra: What a package needs to know beyond this (type OIDs, typmods, the default as the user wrote it), under the package's key.
    """

    name: str
    type: str
    column: str
    is_nullable: bool = True
    default: str | None = None
    generated: str | None = None
    extra: Extra = {}


class Unique(msgspec.Struct, frozen=True, omit_defaults=True):
    """A UNIQUE constraint: name and physical columns."""

    name: str
    columns: tuple[str, ...]


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """A CHECK constraint: name, SQLite expression text, and the text as the user wrote it.

    Of a noun of documents the expression is over `new.id` and `new.data`, may ask other rows, and is asked of what is written
    without `bson`: the engine that keeps this cache has looked for itself.

    Args:
        is_unique: What it refuses is a key that is taken.
    """

    name: str
    sql: str
    source: str = ""
    is_unique: bool = False


class ForeignKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reference to another noun: name, physical columns here and there, what follows a change there.

    Args:
        verb: Name under which the relationship is seen (`artist` for a column `artist_id`).
    """

    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    verb: str = ""
    on_delete: Action = "no action"
    on_update: Action = "no action"
    is_deferrable: bool = False
    is_deferred: bool = False


class Index(msgspec.Struct, frozen=True, omit_defaults=True):
    """A secondary index.

    Args:
        terms: SQLite expression text of each term, direction included (`"city"`, `lower("name") desc`).
        where: SQLite expression text of a partial index.
        extra: A package's own facts.
    """

    name: str
    terms: tuple[str, ...]
    is_unique: bool = False
    where: str | None = None
    extra: Extra = {}


class Retention(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much history a noun keeps: everything (no limit given), so many versions of each thing, so many days, or none (0 versions)."""

    versions: int | None = None
    days: int | None = None


class Noun(msgspec.Struct, frozen=True, omit_defaults=True):
    """A type of things and the table that holds them.

    Args:
        id: Number in `_noun` and `_log`; 0 before it is created.
        name: As users write it (`album`, `app.users`, `Customer`).
        layout: `columns`: a row of typed columns; `document`: key and JSONB;
            `definition`: no table and no things, only what a package keeps in `extra` (a view, a sequence); its name begins with `$`.
        table: Physical name of the table, empty when there is none.
        columns: Visible columns in order; of a document noun the key column `id` only.
        key: Physical columns of the primary key; empty when there is none.
        rowid: Physical name of the INTEGER PRIMARY KEY: the key itself, or the hidden `_id`.
        key_name: Name of the primary key constraint.
        search: Fields in the full text index.
        extra: What a package needs to know beyond this, under the package's key.
        owner: Name of the engine that keeps the newest rows itself, see `dotdo.storage.owners`; empty for none.
    """

    id: int
    name: str
    layout: Layout
    table: str
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    rowid: str = "_id"
    key_name: str = ""
    uniques: tuple[Unique, ...] = ()
    checks: tuple[Check, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    search: tuple[str, ...] = ()
    retention: Retention = Retention()
    extra: Extra = {}
    owner: str = ""

    def column(self, name: str) -> Column | None:
        """Return the column of that user-visible name, or None."""
        for column in self.columns:
            if column.name == name:
                return column
        return None

    @property
    def has_table(self) -> bool:
        """Things of it are kept in a table."""
        return self.layout != "definition"

    @property
    def has_hidden_rowid(self) -> bool:
        """The row id is not a column that users see."""
        return self.rowid == "_id"


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Noun)


def encode_noun(noun: Noun) -> str:
    """Return the definition as JSON text."""
    return _ENCODER.encode(noun).decode()


def decode_noun(text: str | bytes) -> Noun:
    """Read a definition back."""
    return _DECODER.decode(text)
